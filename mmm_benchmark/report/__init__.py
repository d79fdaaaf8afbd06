"""What is said of stored fits: tables, pictures.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
