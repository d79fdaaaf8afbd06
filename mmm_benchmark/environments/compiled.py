"""Where compiled programs of JAX and PyTensor are kept, and whether a fit may use them again.

Compiling is most of many a fit, and fits of one shape compile the same programs. Under
``--reuse-compiled`` workers find those of earlier fits; without it none does, whatever the user's
own settings are, so that every runtime holds the compilation it needed.

What lies there is loaded as machine code. So it is kept in the user's cache directory, private to
the user, never beside results, which may come from somebody else.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from mmm_benchmark.environments.needs import DISTRIBUTION
from mmm_benchmark.errors import UserError

JAX = "JAX_COMPILATION_CACHE_DIR"
PYTENSOR = "PYTENSOR_FLAGS"
ALL_PROGRAMS = {  # small ones too: a fit has dozens of them
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}


def place() -> Path:
    """The folder of this user's programs for processors like this one."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / DISTRIBUTION / "compiled" / _processor()


def _processor() -> str:
    """A short name of what machine code for this processor may use: one home, many machines."""
    said = platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        said += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:  # no Linux
        pass
    return f"{platform.machine()}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def made_ready() -> None:
    """Make the folder, private to the user.

    Raises
    ------
    UserError
        When it cannot be made, or others may write there.
    """
    folder = place()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        state = folder.stat()
    except OSError as error:
        raise UserError(f"--reuse-compiled: '{folder}' cannot be used: {error.strerror}") from error
    if state.st_uid != os.geteuid():
        raise UserError(f"--reuse-compiled: '{folder}' belongs to somebody else")


def variables(reuse: bool, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a worker, made of ``environ``: with compiled programs to use, or none."""
    kept = {name: value for name, value in environ.items() if name != JAX}
    flags = [environ[PYTENSOR]] if environ.get(PYTENSOR) else []
    if reuse:
        folder = place()
        kept |= {JAX: str(folder / "jax"), **ALL_PROGRAMS}
        flags += [f"base_compiledir={folder / 'pytensor'}", "numba__cache=True"]
    else:
        flags.append("numba__cache=False")
    return kept | {PYTENSOR: ",".join(flags)}
