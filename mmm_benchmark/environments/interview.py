"""What a fitter says of itself, asked in the environment it runs in.

``python -m mmm_benchmark.environments.interview`` reads a question as JSON and prints the answer
as JSON: the fitter's version and settings, and the versions of the packages that its key
depends on.
"""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmm_benchmark.environments.load import arguments_for, load_class, make_fitter
from mmm_benchmark.errors import UserError

MARK = "mmm-benchmark-answer:"


def installed(packages: Iterable[str]) -> dict[str, str | None]:
    """Version of each distribution in the running environment; None when it is not there."""
    found: dict[str, str | None] = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def describe(
    target: str, settings: Mapping[str, Any], options: Mapping[str, Any], packages: Iterable[str]
) -> dict[str, Any]:
    """Load the fitter here and say: name, version, settings, arguments, package versions."""
    arguments = arguments_for(load_class(target), settings, options)
    fitter = make_fitter(target, arguments)
    return {
        "name": fitter.name,
        "version": fitter.version,
        "arguments": arguments,
        "settings": fitter.settings(),
        "versions": installed(packages),
    }


def describe_in(
    python: Path,
    target: str,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    packages: Iterable[str],
) -> dict[str, Any]:
    """The same, asked of another interpreter.

    Raises
    ------
    UserError
        When the fitter cannot be loaded there; the message holds the last line of its complaint.
    """
    question = json.dumps([target, dict(settings), dict(options), list(packages)])
    command = [str(python), "-m", "mmm_benchmark.environments.interview"]
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            return json.loads(line.removeprefix(MARK))
    complaint = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    raise UserError(f"fitter '{target}' cannot be loaded: {complaint}")


if __name__ == "__main__":
    answer = describe(*json.loads(sys.stdin.read()))
    print("\n" + MARK + json.dumps(answer))
