"""The suite: a frozen, versioned list of tasks, each known by the fingerprint of its data.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
