"""Worlds known by name."""
