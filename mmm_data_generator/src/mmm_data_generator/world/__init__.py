"""What happens in a world: spend, transforms, effects, baseline, and the truth they imply."""
