"""The leaderboard: one table of scores for each entrant, and what they say together.

Private: what is promised stands at the root of ``mmm_benchmark``.
"""
