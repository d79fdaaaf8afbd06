"""The joint law of the ``published`` worlds: the reference's, and a prior that anyone may state."""
