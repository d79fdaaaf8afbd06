"""Two threads at most, and the folder's helpers by name."""

import sys
from pathlib import Path

import torch

torch.set_num_threads(2)
sys.path.insert(0, str(Path(__file__).parent))
