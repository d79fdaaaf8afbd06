"""What a fitter says of itself, asked in the environment it runs in.

``python -m mmm_benchmark.environments.interview`` reads a question as JSON and prints the answer
as JSON: the fitter's version and settings, and the versions of the packages that its key
depends on.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from mmm_benchmark.environments.claims import stated
from mmm_benchmark.environments.installed import installed
from mmm_benchmark.environments.load import arguments_for, load_class, make_fitter
from mmm_benchmark.errors import UserError

MARK = "mmm-benchmark-answer:"
PATIENCE = 120.0  # seconds: more than importing anything takes
MOST_OUTPUT = 100 * 2**20  # bytes a fitter may print while it is asked
MOST_READ = 2**20  # bytes at the end of it, where the answer stands
MOST_CHARACTERS = 200


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
        "claims": getattr(fitter, "claims", None),
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
    command = [str(python), "-P", "-m", "mmm_benchmark.environments.interview"]
    code, said, complained = asked(command, question, PATIENCE)
    if code is None:
        raise UserError(
            f"fitter '{target}' cannot be loaded: it did not come to an end within {PATIENCE:g} s "
            f"and {MOST_OUTPUT >> 20} MB of output; work belongs into fit, not into the module"
        )
    for line in reversed(said.splitlines()):
        if line.startswith(MARK):
            try:
                return checked(json.loads(line.removeprefix(MARK)))
            except (ValueError, RecursionError) as error:
                raise UserError(f"fitter '{target}' cannot be used: {error}") from None
    complaint = (complained.strip().splitlines() or [f"exit code {code}"])[-1]
    raise UserError(f"fitter '{target}' cannot be loaded: {complaint[:MOST_CHARACTERS]}")


def asked(command: Sequence[str], question: str, patience: float) -> tuple[int | None, str, str]:
    """Exit code (None: it took longer than ``patience`` seconds) and the ends of what was said.

    The command and whatever it started in its process group are gone when this returns, and what
    it printed is kept in files: endless output costs neither memory nor the answer.
    """
    with (
        tempfile.TemporaryFile() as asks,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        asks.write(question.encode())
        asks.seek(0)
        child = subprocess.Popen(
            command, stdin=asks, stdout=out, stderr=err, start_new_session=True
        )
        code: int | None = None
        until = time.monotonic() + patience
        try:
            while code is None and time.monotonic() < until:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = child.wait(timeout=0.2)
                if os.fstat(out.fileno()).st_size + os.fstat(err.fileno()).st_size > MOST_OUTPUT:
                    break
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        return code, _end(out), _end(err)


def _end(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MOST_READ))
    return file.read().decode(errors="replace")


def checked(answer: object) -> dict[str, Any]:
    """The answer of an interview, if every part has the type it must have.

    Raises
    ------
    ValueError
        With a sentence about the first part that has not.
    """
    if not isinstance(answer, dict):
        raise ValueError("it answered no object")
    name = answer.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > MOST_CHARACTERS:
        raise ValueError(f"its name is {name!r:.80}; it must be a short text")
    if not name.isprintable() or "/" in name:
        raise ValueError(f"its name is {name!r:.80}; it must be printable, without '/'")
    if not isinstance(answer.get("version"), str | int | float):
        raise ValueError(f"its version is {answer.get('version')!r:.80}; it must be text")
    for part in ("arguments", "settings", "versions"):
        if not isinstance(answer.get(part), dict):
            raise ValueError(f"its {part} are {answer.get(part)!r:.80}; they must be a mapping")
    if answer.get("claims") is not None:
        stated(answer["claims"])
    return answer


def end_alone(seconds: int) -> None:
    """Have the kernel end this process then, whatever it does: who asked may have been killed."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


if __name__ == "__main__":
    end_alone(int(PATIENCE) + 10)
    answer = describe(*json.loads(sys.stdin.read()))
    print("\n" + MARK + json.dumps(answer))
