"""From a target such as ``module:Class`` or ``path/to/file.py:Class`` to a fitter object."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mmm_benchmark.errors import ContractError, UserError
from mmm_benchmark.fit import Fitter

MEMBERS = ("name", "extra", "version", "skip", "fit", "settings")


def split_file_target(target: str) -> tuple[Path, str | None]:
    """Take ``file.py`` or ``file.py:Class`` apart."""
    path, colon, name = target.rpartition(":")
    if colon and path.endswith(".py"):
        return Path(path), name
    return Path(target), None


def is_file_target(target: str) -> bool:
    """Whether a target names a Python file rather than an importable module."""
    return split_file_target(target)[0].suffix == ".py"


def load_class(target: str) -> type:
    """The fitter class behind a target.

    Raises
    ------
    UserError
        When a file does not exist, or holds no fitter, or several without one being named.
    ContractError
        When the class lacks a member of ``mmm_benchmark.fit.Fitter``.
    """
    if is_file_target(target):
        return _from_file(*split_file_target(target))
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _from_file(path: Path, name: str | None) -> type:
    module = _import_file(path)
    classes = {
        each.__name__: each
        for each in vars(module).values()
        if inspect.isclass(each) and each.__module__ == module.__name__ and hasattr(each, "fit")
    }
    if name is not None and name not in classes:
        held = ", ".join(classes) or "none"
        raise UserError(f"{path} holds no fitter class '{name}'; classes with a fit method: {held}")
    if name is None and len(classes) != 1:
        what = f"several ({', '.join(classes)})" if classes else "none"
        raise UserError(f"{path}: expected one fitter class, found {what}; write FILE.py:CLASS")
    return classes[name] if name is not None else next(iter(classes.values()))


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"fitter file '{path}' does not exist")
    name = "fitter_file_" + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"fitter file '{path}' cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def arguments_for(
    cls: type, settings: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """The constructor's keywords: the entry's settings, and those options the class takes."""
    taken = inspect.signature(cls).parameters
    return {**settings, **{name: value for name, value in options.items() if name in taken}}


def make_fitter(target: str, arguments: Mapping[str, Any]) -> Fitter:
    """An instance of the class behind ``target``, checked to be a fitter."""
    cls = load_class(target)
    fitter = cls(**arguments)
    missing = [member for member in MEMBERS if not hasattr(fitter, member)]
    if missing:
        raise ContractError(f"{cls.__name__} is not a fitter: it lacks {', '.join(missing)}")
    return fitter
