"""Attention, and the block of attention and MLP that diffusion time modulates."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention


class Attention(nn.Module):  # type: ignore[misc]
    """Multi-head attention over the second-last axis; ``mask`` is True where a key counts."""

    def __init__(self, width: int, heads: int, context: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(context or width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        lead = x.shape[:-2]

        def split(u: Tensor) -> Tensor:  # all leading axes as one: torch's fast kernels want four
            return u.flatten(0, -3).unflatten(-1, (self.heads, -1)).transpose(1, 2)

        k, v = self.key_value(context).chunk(2, -1)
        where = None if mask is None else mask.expand(*lead, -1).flatten(0, -2)[:, None, None]
        y = scaled_dot_product_attention(split(self.query(x)), split(k), split(v), attn_mask=where)
        return self.out(y.transpose(1, 2).flatten(-2).unflatten(0, lead))


class Block(nn.Module):  # type: ignore[misc]
    """Attention over weeks, over channels (stage 2 only), then an MLP; each modulated by FiLM."""

    def __init__(self, width: int, heads: int, axial: bool) -> None:
        super().__init__()
        self.time = Attention(width, heads)
        self.across = Attention(width, heads) if axial else None
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width)
        )
        self.norms = nn.ModuleList(
            nn.LayerNorm(width, elementwise_affine=False) for _ in range(3 if axial else 2)
        )
        self.film = nn.Linear(width, 3 * len(self.norms) * width)
        nn.init.zeros_(self.film.weight)
        nn.init.zeros_(self.film.bias)

    def forward(self, x: Tensor, when: Tensor, active: Tensor | None = None) -> Tensor:
        parts = self.film(when).chunk(3 * len(self.norms), -1)
        parts = [p[(...,) + (None,) * (x.dim() - 2) + (slice(None),)] for p in parts]

        def modulated(i: int) -> Tensor:
            return self.norms[i](x) * (1 + parts[3 * i]) + parts[3 * i + 1]

        h = modulated(0)
        x = x + (1 + parts[2]) * self.time(h, h)
        if self.across is not None:
            h = modulated(1).transpose(1, 2)  # (B, tokens, C, width)
            x = x + (1 + parts[5]) * self.across(h, h, active).transpose(1, 2)
        h = modulated(len(self.norms) - 1)
        return x + (1 + parts[-1]) * self.mlp(h)


def patches(x: Tensor, size: int) -> Tensor:
    """Cut weeks (last axis) into patches: (..., T) -> (..., ceil(T/size), size)."""
    return pad(x, (0, -x.shape[-1] % size)).unflatten(-1, (-1, size))
