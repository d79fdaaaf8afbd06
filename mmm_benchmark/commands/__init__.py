"""The sub-commands, one module to a family. They import what they need when they run.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
