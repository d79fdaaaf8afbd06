"""The problem in tensors: state, observed series, beliefs, noise schedule."""
