"""Amortised marketing-mix inference: a two-stage diffusion model around a Wiener solve.

Read in this order: ``problem`` (what is diffused, what is seen), ``physics`` (the Wiener solve),
``network`` (the denoiser that corrects it), ``inference``, ``training``.

Threads sleep while they wait for one another. By default OpenMP's spin: a solve is thousands of
small factorisations, and on a busy machine each waits for a thread that has lost its core while the
other burns its own (``benchmarks/busy_machine.py``). OpenMP reads its policy when torch is loaded,
so it is said here, before any module of the package can load it.

Private but for ``stated``: what is promised stands at the root of ``mmm_benchmark``.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
