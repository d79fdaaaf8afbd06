"""Faults tried on purpose: ``python -m tests.faults``; figures in ``docs/faults.md``."""
