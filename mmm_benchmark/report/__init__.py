"""What is said of stored fits: tables, pictures."""
