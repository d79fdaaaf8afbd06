"""Which interpreter a fitter runs in. Standard library only (``packaging`` when first needed).

In order: the one named by ``MMM_BENCHMARK_PYTHON_<EXTRA>``; the running one, if it meets the
extra's requirements; ``.venvs/<extra>``, made by uv on first use; otherwise an error that holds
the one command to type.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_benchmark.errors import EnvironmentMissingError, UserError
from mmm_benchmark.store.locks import FileLock

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "mmm-benchmark"
RUNNING = "the running interpreter"

PROBE = """
import importlib.metadata, json, sys
found = {"python": sys.version.split()[0]}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an environment must hold: an extra of this project, or the list in a file's header."""

    name: str  # names the folder under .venvs, and the extra when there is one
    requirements: tuple[str, ...]  # as in a project file
    extra: str | None = None

    @property
    def variable(self) -> str:
        """The environment variable that names an interpreter for it."""
        return "MMM_BENCHMARK_PYTHON_" + re.sub(r"\W", "_", self.name).upper()


@dataclass(frozen=True)
class Environment:
    """An interpreter that meets what was needed, and how it was found."""

    python: Path
    origin: str


def extra_needs(extra: str | None) -> Needs:
    """The needs of an extra (None: the base installation), read from the installed metadata."""
    if extra is None:
        return Needs(name="base", requirements=())
    from packaging.requirements import Requirement

    metadata = importlib.metadata.metadata(DISTRIBUTION)
    known = metadata.get_all("Provides-Extra") or []
    if extra not in known:
        raise UserError(f"{DISTRIBUTION} has no extra '{extra}'; extras: {', '.join(known)}")
    chosen = []
    for line in metadata.get_all("Requires-Dist") or []:
        marker = Requirement(line).marker
        if (
            marker is not None
            and marker.evaluate({"extra": extra})
            and not marker.evaluate({"extra": ""})
        ):
            chosen.append(line.partition(";")[0].strip())
    return Needs(name=extra, requirements=tuple(chosen), extra=extra)


def file_needs(path: Path) -> Needs:
    """The needs named by a file's PEP 723 header; none when it has no header."""
    if not path.is_file():
        raise UserError(f"fitter file '{path}' does not exist")
    try:
        header = script_header(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UserError(f"fitter file '{path}' is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"fitter file '{path}' cannot be read ({error.strerror})") from None
    except UserError as error:
        raise UserError(f"fitter file '{path}': {error}") from None
    requirements = tuple(sorted(header.get("dependencies", ())))
    if not requirements:
        return Needs(name="base", requirements=())
    short = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:10]
    return Needs(name=f"file-{short}", requirements=requirements)


def script_header(text: str) -> dict[str, list[str]]:
    """The ``script`` block of a Python file's inline metadata (PEP 723), as a mapping."""
    block = re.search(r"(?m)^# /// script$\s(?P<body>(^#(| .*)$\s)+)^# ///$", text)
    if block is None:
        return {}
    body = "".join(
        line[2:] if line.startswith("# ") else line[1:]
        for line in block["body"].splitlines(keepends=True)
    )
    try:
        header = tomllib.loads(body)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UserError(f"the script header is not valid TOML: {error}") from None
    _check_requirements(header.get("dependencies", []))
    return header


def _check_requirements(listed: object) -> None:
    """Raise unless these are requirements as text, such as ``["numpy>=2"]``."""
    from packaging.requirements import InvalidRequirement, Requirement

    if not isinstance(listed, list) or not all(isinstance(line, str) for line in listed):
        raise UserError(f"the script header's dependencies are {listed!r}; e.g. ['numpy>=2']")
    for line in listed:
        try:
            Requirement(line)
        except InvalidRequirement as error:
            said = " ".join(str(error).split())
            raise UserError(f"the script header's dependency '{line}' is none: {said}") from None


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


@lru_cache(maxsize=64)
def probe(python: Path, packages: tuple[str, ...]) -> Mapping[str, str]:
    """Versions of ``packages`` (and of Python) in another interpreter, asked once per run.

    Raises
    ------
    UserError
        When that interpreter cannot be run.
    """
    try:
        done = subprocess.run(
            [str(python), "-c", PROBE, *packages], capture_output=True, text=True, check=True
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
    own = f"{DISTRIBUTION}=={_here(DISTRIBUTION)}"
    same = found.get(DISTRIBUTION) == _here(DISTRIBUTION)
    return ([] if same else [own]) + unmet(needs, found.get)


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
    if not needs.requirements or not unmet(needs, _here):
        return Environment(Path(sys.executable), RUNNING)
    python = venv_python(venvs() / needs.name)
    if python.exists() and not flaws(needs, python):
        return Environment(python, str(python.parent.parent))
    return None


def commands(needs: Needs) -> list[list[str]]:
    """The commands that make the environment of ``needs``, to be run in the project's root."""
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    folder = str(venvs() / needs.name)
    root = project_root()
    if root is not None and needs.extra is not None:
        return [[uv, "sync", "--no-dev", "--inexact", "--extra", needs.extra]]
    install = [uv, "pip", "install", "--python", str(venv_python(Path(folder)))]
    if root is not None:
        install += ["--editable", str(root / "mmm_data_generator"), "--editable", str(root)]
        install += needs.requirements
    elif needs.extra is not None:
        install += [f"{DISTRIBUTION}[{needs.extra}]=={_here(DISTRIBUTION)}"]
    else:
        install += [f"{DISTRIBUTION}=={_here(DISTRIBUTION)}", *needs.requirements]
    return [[uv, "venv", "--allow-existing", "--python", sys.executable, folder], install]


def recipe(needs: Needs) -> str:
    """The same as one line that a person can paste."""
    prefix = ""
    if project_root() is not None and needs.extra is not None:
        prefix = f"UV_PROJECT_ENVIRONMENT={venvs() / needs.name} "
    lines = (" ".join(map(_quoted, command)) for command in commands(needs))
    return prefix + " && ".join(lines)


def _quoted(word: str) -> str:
    return f"'{word}'" if re.search(r"[\s<>\[\]!;*]", word) else word


def make(needs: Needs, tell: Callable[[str], None], *, quiet: bool = False) -> Environment:
    """Make the environment of ``needs`` with uv, telling what is done.

    Raises
    ------
    EnvironmentMissingError
        When uv is not there or fails; the message holds the command to type.
    """
    folder = venvs() / needs.name
    lock = FileLock(folder.with_name(f".{needs.name}.lock"))
    lock.acquire()
    try:
        ready = find(needs)  # another run may have made it while this one waited
        if ready is not None:
            return ready
        tell(f"making {folder} for {', '.join(needs.requirements)} (once; it is kept)")
        environ = {
            **os.environ,
            "UV_PROJECT_ENVIRONMENT": str(folder),
            "UV_COMPILE_BYTECODE": "1",  # or the first fit would pay for parsing the libraries
        }
        environ.pop("VIRTUAL_ENV", None)
        for command in commands(needs):
            _run(command, environ, needs, quiet)
    finally:
        lock.release()
    probe.cache_clear()
    ready = find(needs)
    if ready is None:
        raise EnvironmentMissingError(f"{folder} was made but lacks its packages; {_try(needs)}")
    return ready


def _run(command: Iterable[str], environ: Mapping[str, str], needs: Needs, quiet: bool) -> None:
    try:
        done = subprocess.run(
            list(command),
            cwd=project_root(),
            env=dict(environ),
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise EnvironmentMissingError(
            f"'{needs.name}' needs an environment and uv to make it: pip install uv && "
            + recipe(needs)
        ) from error
    if done.returncode != 0:
        said = (done.stdout or "").strip().splitlines()[-1:]
        why = f" ({said[0].strip()})" if said else ""
        raise EnvironmentMissingError(f"uv could not make '{needs.name}'{why}; {_try(needs)}")


def _try(needs: Needs) -> str:
    return f"try: {recipe(needs)}"


def ensure(needs: Needs, tell: Callable[[str], None], *, quiet: bool = False) -> Environment:
    """Find the interpreter for ``needs``, making its environment on first use."""
    return find(needs) or make(needs, tell, quiet=quiet)
