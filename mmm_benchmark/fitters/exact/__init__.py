"""Independent weighted draws of a posterior whose density is known, checked by k-hat."""
