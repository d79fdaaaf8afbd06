"""Making the environment of an extra, or of a fitter file, with uv: once, and kept."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mmm_benchmark.environments.find import (
    Environment,
    find,
    probe,
    project_root,
    unfinished,
    venv_python,
    venvs,
)
from mmm_benchmark.environments.needs import DISTRIBUTION, Needs
from mmm_benchmark.environments.own_wheels import wheel_paths, write_wheels
from mmm_benchmark.errors import EnvironmentMissingError
from mmm_benchmark.store.locks import FileLock

WHEELS = ".wheels"  # under the folder of environments


def commands(needs: Needs) -> list[list[str]]:
    """The commands that make the environment of ``needs``, to be run in the project's root."""
    folder = str(venvs() / needs.name)
    root = project_root()
    if root is not None and needs.extra is not None:
        other = ["--python", needs.python] if needs.python else []
        return [[uv(), "sync", "--no-dev", "--inexact", *other, "--extra", needs.extra]]
    install = [uv(), "pip", "install", "--python", str(venv_python(Path(folder)))]
    if root is not None:
        install += ["--editable", str(root / "mmm_data_generator"), "--editable", str(root)]
    else:
        for name, wheel in wheel_paths(venvs() / WHEELS).items():
            extra = f"[{needs.extra}]" if name == DISTRIBUTION and needs.extra else ""
            install += ["--reinstall-package", name, f"{name}{extra} @ {wheel.as_uri()}"]
    if needs.extra is None:
        install += needs.requirements
    python = needs.python or sys.executable
    return [[uv(), "venv", "--allow-existing", "--python", python, folder], install]


def uv() -> str:
    """The uv to call: the one that runs us, one installed beside Python, or one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return os.environ.get("UV") or (str(beside) if beside.is_file() else shutil.which("uv") or "uv")


def recipe(needs: Needs) -> str:
    """The same as one line that a person can paste."""
    if needs.extra is not None and project_root() is None:
        return f"{DISTRIBUTION} envs --make {needs.extra}"
    prefix = ""
    if needs.extra is not None:
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
        if unfinished(needs).exists():  # a process or machine stopped in the midst of it
            shutil.rmtree(folder, ignore_errors=True)
        unfinished(needs).touch()
        if project_root() is None:
            write_wheels(venvs() / WHEELS)
        for command in commands(needs):
            _run(command, environ, needs, quiet)
        unfinished(needs).unlink()
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
