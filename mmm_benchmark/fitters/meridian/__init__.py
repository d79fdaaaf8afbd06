"""Google's Meridian on its JAX backend: model, sampling, and the answer in our estimands."""
