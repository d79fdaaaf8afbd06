"""Doing it: skip what is stored, have the rest fitted in processes of their own.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
