"""Hill/adstock least squares: variable projection, exact gradients, many starts."""
