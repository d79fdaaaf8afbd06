"""What is expected of a company before its data are seen, as an object every fitter can take."""
