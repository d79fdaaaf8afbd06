"""From a configuration, a prior or real spend to datasets."""
