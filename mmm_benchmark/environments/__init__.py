"""Which interpreter a fitter runs in, and what a fitter says of itself there."""
