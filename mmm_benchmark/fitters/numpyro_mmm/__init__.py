"""The native NumPyro MMM: the published PyMC-Marketing model, written for speed."""
