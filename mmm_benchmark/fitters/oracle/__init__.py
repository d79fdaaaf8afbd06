"""The reference that knows the generating family and its prior, and never a drawn value."""
