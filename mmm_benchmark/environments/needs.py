"""What an environment must hold: an extra of this project, or the list in a file's header."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mmm_benchmark.errors import UserError

DISTRIBUTION = "mmm-benchmark"

#: The newest Python of those extras that do not run on every one this project runs on.
NEWEST_PYTHON = {"meridian": (3, 13)}  # google-meridian 2 wants a TensorFlow without 3.14


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an environment must hold: an extra of this project, or the list in a file's header."""

    name: str  # names the folder under .venvs, and the extra when there is one
    requirements: tuple[str, ...]  # as in a project file
    extra: str | None = None

    @property
    def python(self) -> str | None:
        """The version of Python to make it with, where the running one is too new."""
        newest = NEWEST_PYTHON.get(self.extra or "")
        if newest is None or sys.version_info[:2] <= newest:
            return None
        return ".".join(map(str, newest))

    @property
    def variable(self) -> str:
        """The environment variable that names an interpreter for it."""
        return "MMM_BENCHMARK_PYTHON_" + re.sub(r"\W", "_", self.name).upper()


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
