"""Wheels of this project made of its own installed files.

An environment that is made away from a checkout gets exactly the code that makes it, whatever
that was installed from: a wheel, a git address, an index. No index is asked for a version that
it may not have, or may have otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import os
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mmm_benchmark.environments.installed import OWN, own_code, own_files
from mmm_benchmark.errors import EnvironmentMissingError

WHEEL = """\
Wheel-Version: 1.0
Generator: mmm-benchmark
Root-Is-Purelib: true
Tag: py3-none-any
"""
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same wheel


@cache
def running_code() -> str:
    """:func:`own_code` of this process, as it was when first asked."""
    return own_code()


def wheel_paths(folder: Path) -> dict[str, Path]:
    """Distribution -> where its wheel lies, or would lie, under ``folder``."""
    place = folder / running_code()
    return {
        name: place / f"{package}-{importlib.metadata.version(name)}-py3-none-any.whl"
        for name, package in OWN.items()
    }


def write_wheels(folder: Path) -> dict[str, Path]:
    """Make the wheels that are not there yet; see :func:`wheel_paths`."""
    paths = wheel_paths(folder)
    for name, path in paths.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{os.getpid()}.part")
            _write_wheel(name, part)
            part.replace(path)
    return paths


def _write_wheel(name: str, path: Path) -> None:
    package = OWN[name]
    about = importlib.metadata.distribution(name)
    metadata = about.read_text("METADATA")
    files = {arc: file.read_bytes() for arc, file in own_files(package).items()}
    if metadata is None or not files:
        raise EnvironmentMissingError(f"'{name}' is installed without its files: install it anew")
    info = f"{package}-{about.version}.dist-info"
    texts = {
        "METADATA": metadata,
        "WHEEL": WHEEL,
        "entry_points.txt": about.read_text("entry_points.txt"),
    }
    files |= {f"{info}/{each}": text.encode() for each, text in texts.items() if text is not None}
    record = f"{info}/RECORD"
    files[record] = _record(files, record).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for arc, content in files.items():
            wheel.writestr(zipfile.ZipInfo(arc, LONG_AGO), content)


def _record(files: Mapping[str, bytes], itself: str) -> str:
    """The list of files that a wheel must carry, with the hash and size of each."""
    lines = []
    for arc, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{arc},sha256={digest},{len(content)}\n")
    return "".join([*lines, f"{itself},,\n"])
