"""Shapes of numpy code are checked where tests run, at no cost to anybody else.

Modules import their aliases for types alone, so that neither package needs jaxtyping to run.
Here the names are handed to each module before its body runs; jaxtyping's import hook then
checks arguments, answers and dataclasses with beartype.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from jaxtyping import install_import_hook


class _Named(MetaPathFinder):
    """Finds what the finders after it find, and gives the modules names before they run."""

    def __init__(self, modules: Sequence[str], names: Mapping[str, object]) -> None:
        self.modules = tuple(modules)
        self.names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(fullname == m or fullname.startswith(f"{m}.") for m in self.modules):
            return None
        later = sys.meta_path[sys.meta_path.index(self) + 1 :]
        specs = (finder.find_spec(fullname, path, target) for finder in later)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                vars(module).update(self.names)
                run(module)

            spec.loader.exec_module = exec_module
        return spec


def check_shapes(aliases: str, *modules: str) -> None:
    """Check these modules and all below them by the aliases of a module; before any is loaded."""
    late = [m for m in sys.modules if any(m == n or m.startswith(f"{n}.") for n in modules)]
    assert not late, f"loaded before their shapes could be checked: {late}"
    install_import_hook(list(modules), "beartype.beartype")
    names = vars(importlib.import_module(aliases))
    public = {name: value for name, value in names.items() if name[0].isupper() and len(name) > 1}
    public["Self"] = object  # beartype knows it only in classes that it decorates whole
    sys.meta_path.insert(0, _Named(modules, public))
