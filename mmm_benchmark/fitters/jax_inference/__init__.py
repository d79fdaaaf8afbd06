"""Inference for densities written in JAX: chains, curvature, linear terms integrated out."""
