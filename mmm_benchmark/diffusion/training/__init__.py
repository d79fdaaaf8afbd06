"""Simulated worlds, losses, the training loop, and calibration."""
