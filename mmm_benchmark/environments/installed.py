"""What an interpreter has installed: versions, and the very code of this project.

Standard library only, and nothing of this package: other interpreters run this file by its path.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path

#: The packages of this project, by the distribution that holds each.
OWN = {"mmm-benchmark": "mmm_benchmark", "mmm-data-generator": "mmm_data_generator"}
CODE = "code"  # of the answer: a hash of all modules and data files of OWN


def installed(distributions: Iterable[str]) -> dict[str, str | None]:
    """Version of each distribution in the running environment; None when it is not there."""
    found: dict[str, str | None] = {}
    for name in distributions:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def own_files(package: str) -> dict[str, Path]:
    """Every file of an importable package, by its path in a wheel; none when it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {}
    folder = Path(next(iter(spec.submodule_search_locations)))
    return {
        f"{package}/{path.relative_to(folder).as_posix()}": path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def own_code() -> str:
    """A hash of this project's code as the running interpreter would import it."""
    total = hashlib.sha256()
    for package in OWN.values():
        for name, path in own_files(package).items():
            total.update(f"{name}\n".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:24]


if __name__ == "__main__":
    answer = {"python": sys.version.split()[0], CODE: own_code(), **installed(sys.argv[1:])}
    print(json.dumps(answer))
