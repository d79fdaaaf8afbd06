"""The MMM with Hill curves and effects that stay, under any prior that a person can state."""
