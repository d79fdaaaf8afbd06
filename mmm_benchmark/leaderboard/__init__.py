"""The leaderboard: one table of scores for each entrant, and what they say together."""
