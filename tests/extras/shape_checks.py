"""Shapes are checked where tests run: jaxtyping's import hook, and the fields of named tuples."""

from __future__ import annotations

import sys
import typing
from functools import cache
from typing import Any, NamedTuple

from jaxtyping import install_import_hook, jaxtyped


def check_shapes(*modules: str) -> None:
    """Check arguments, answers and dataclasses of these modules; call it before they are loaded."""
    late = [name for name in modules if name in sys.modules]
    assert not late, f"loaded before their shapes could be checked: {late}"
    install_import_hook(list(modules), "beartype.beartype")


@jaxtyped(typechecker=None)
def check_fields(values: NamedTuple) -> None:
    """Check a named tuple's fields, an axis of one name having one length among them."""
    _check(values)


_hints = cache(typing.get_type_hints)


def _check(values: Any) -> None:
    for name, hint in _hints(type(values)).items():
        value = getattr(values, name)
        if isinstance(hint, type) and issubclass(hint, tuple):
            _check(value)
        else:  # a union asks for subclasses, which shapes are not
            kinds = typing.get_args(hint) or (hint,)
            fits = any(isinstance(value, kind) for kind in kinds)
            assert fits, f"{type(values).__name__}.{name}: {getattr(value, 'shape', value)}"
