"""Amortised marketing-mix inference: a two-stage diffusion model around a Wiener solve.

Read in this order: ``state`` (what is diffused), ``schedule``, ``wiener`` (the physics),
``network``, ``losses``, ``training``, ``samplers``, ``projection``, ``inference``.
"""
