"""From a checkpoint and a dataset to posterior draws in the estimands all fitters share."""
