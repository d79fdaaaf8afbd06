"""``diffusion``: draws of the network and of its physics, in the proportion that was learnt.

On worlds of the laws it was trained on the network is the better of the two; on others its physics
often are, and nothing that is seen before the truth says which (``docs/appendix/gate.md``). So the
proportion is one number, that of least CRPS on simulated worlds (stacking: Yao et al. 2023,
arXiv:2310.17009).
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, ClassVar

from mmm_benchmark.fitters.diffusion.fitter import Diffusion

if TYPE_CHECKING:
    from mmm_benchmark.diffusion.problem.observed import Observed
    from mmm_benchmark.diffusion.problem.state import State
    from mmm_benchmark.fitters.diffusion.fitter import Draw, Mixed

#: Share of draws that are the network's: ``benchmarks/gate.py learn``, *one weight*, 107 worlds.
OF_NETWORK = 0.785


class Gated(Diffusion):
    """The diffusion model beside its physics; parameters as :class:`Diffusion` takes them."""

    version: ClassVar[str] = "3"  # 3: draws of the physics among those of the network

    def _drawn(self, of_network: Draw, whole: Observed, seed: int) -> Mixed:
        from mmm_benchmark.fitters.diffusion.wiener import solved

        count = round(OF_NETWORK * self.draws)
        physics = solved(whole, self.draws - count, seed)
        figures = {f"physics_{name}": value for name, value in physics.diagnostics.items()}
        said = f"{self.draws - count} of {self.draws} draws are of its physics alone (wiener)"
        return shuffled(of_network(count), physics.state, seed), figures, (said,)


def shuffled(first: State, second: State, seed: int) -> State:
    """All draws of both, in random order."""
    import torch

    from mmm_benchmark.diffusion.problem.state import State

    joined = [torch.cat([getattr(s, f.name) for s in (first, second)]) for f in fields(State)]
    order = torch.randperm(len(joined[0]), generator=torch.Generator().manual_seed(seed))
    return State(*(part[order] for part in joined))
