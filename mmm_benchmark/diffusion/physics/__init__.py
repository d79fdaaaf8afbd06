"""What is known without training: kernels, the smoothing solve, its posterior."""
