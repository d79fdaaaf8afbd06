"""The suite: a frozen, versioned list of tasks, each known by the fingerprint of its data."""
