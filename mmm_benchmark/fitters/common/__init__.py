"""What several fitters share."""
