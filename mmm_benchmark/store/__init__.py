"""What is kept: folders that are complete or absent, checked when read."""
