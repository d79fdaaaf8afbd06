"""The steps of the least-squares fitter: design, projection, search, pooling, bootstrap."""
