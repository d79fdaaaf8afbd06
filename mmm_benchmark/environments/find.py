"""Which interpreter a fitter runs in.

In order: the one named by ``MMM_BENCHMARK_PYTHON_<EXTRA>``; the running one, if it meets the
extra's requirements; ``.venvs/<extra>``, made by uv on first use (``make.py``); otherwise an error
that holds the one command to type.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_benchmark.environments import installed
from mmm_benchmark.environments.needs import DISTRIBUTION, Needs
from mmm_benchmark.environments.own_wheels import running_code
from mmm_benchmark.errors import UserError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

RUNNING = "the running interpreter"


@dataclass(frozen=True)
class Environment:
    """An interpreter that meets what was needed, and how it was found."""

    python: Path
    origin: str


def project_root() -> Path | None:
    """The checkout this package runs from, or None when it is installed elsewhere."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else None


def venvs() -> Path:
    """Where environments are kept: the checkout's ``.venvs``, else the user's data directory."""
    root = project_root()
    if root is not None:
        return root / ".venvs"
    data = os.environ.get("XDG_DATA_HOME", "~/.local/share")
    return Path(data).expanduser() / DISTRIBUTION / "venvs"


def venv_python(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"


def unfinished(needs: Needs) -> Path:
    """A mark that stands beside an environment while it is made, and after a failure."""
    return venvs() / f".{needs.name}.unfinished"


@lru_cache(maxsize=64)
def probe(python: Path, packages: tuple[str, ...]) -> Mapping[str, str | None]:
    """Versions of ``packages`` (and of Python) in another interpreter, asked once per run.

    Under ``installed.CODE`` the hash of this project's code as it would be imported there.

    Raises
    ------
    UserError
        When that interpreter cannot be run.
    """
    try:
        done = subprocess.run(
            [str(python), "-P", installed.__file__, *packages],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(f"interpreter '{python}' cannot be run: {error}") from error
    return json.loads(done.stdout)


def unmet(needs: Needs, found: Callable[[str], str | None]) -> list[str]:
    """The requirements that the versions given by ``found`` do not meet."""
    from packaging.requirements import Requirement

    def met(line: str) -> bool:
        requirement: Requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate():
            return True
        version = found(requirement.name)
        return version is not None and requirement.specifier.contains(version, prereleases=True)

    return [line for line in needs.requirements if not met(line)]


def _here(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def flaws(needs: Needs, python: Path) -> list[str]:
    """What another interpreter lacks to be used for ``needs``; empty when it will do."""
    from packaging.requirements import Requirement

    names = [Requirement(line).name for line in needs.requirements]
    found = probe(python, (DISTRIBUTION, *names))
    lacking = unmet(needs, found.get)
    if found.get(DISTRIBUTION) != _here(DISTRIBUTION):
        lacking.insert(0, f"{DISTRIBUTION}=={_here(DISTRIBUTION)}")
    elif project_root() is None and found.get(installed.CODE) != running_code():
        # in a checkout every environment imports the same files; elsewhere each has its own
        lacking.insert(0, f"the code of {DISTRIBUTION} that runs here")
    return lacking


def find(needs: Needs) -> Environment | None:
    """An interpreter that is ready for ``needs``, or None when one must be made first.

    Raises
    ------
    UserError
        When the interpreter named by the environment variable will not do.
    """
    named = os.environ.get(needs.variable)
    if named:
        lacking = flaws(needs, Path(named))
        if lacking:
            raise UserError(f"{needs.variable}={named} lacks {', '.join(lacking)}")
        return Environment(Path(named), needs.variable)
    if needs.python is None and not unmet(needs, _here):
        return Environment(Path(sys.executable), RUNNING)
    python = venv_python(venvs() / needs.name)
    if python.exists() and not unfinished(needs).exists() and not flaws(needs, python):
        return Environment(python, str(python.parent.parent))
    return None
