"""Doing it: skip what is stored, have the rest fitted in processes of their own."""
