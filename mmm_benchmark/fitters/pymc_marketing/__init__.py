"""PyMC-Marketing's MMM with four samplers: model, sampling, and the answer in our estimands."""
