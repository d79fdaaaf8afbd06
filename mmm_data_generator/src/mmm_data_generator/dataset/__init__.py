"""What comes out: observed data and truth, their labels, tables and files."""
