"""Stored fits made again from what they say of themselves, and compared.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
