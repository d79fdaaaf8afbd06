"""What to do: which datasets, which fitters, and the grid of jobs they make."""
