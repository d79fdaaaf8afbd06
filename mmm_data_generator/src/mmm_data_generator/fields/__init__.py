"""What one field of a configuration may hold: rules, calendar, parts, transforms."""
