"""Diffusion model and physics as fitters; the torch package is ``mmm_benchmark.diffusion``."""
