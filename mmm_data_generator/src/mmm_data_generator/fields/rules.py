"""What a field of a configuration may hold, and the decorator that checks every field.

A rule takes a value and returns it in its normal form (a float where a number is meant, a tuple
where a list is meant), or raises :class:`Broken` with the words that follow the field's name.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import wraps
from inspect import signature
from typing import Any, dataclass_transform

from mmm_data_generator.errors import ConfigError, suggest

Rule = Callable[[Any], Any]

#: Beyond these sizes products of fields leave what a float can hold.
LARGEST, SMALLEST = 1e15, 1e-50
MOST = 1_000_000  # periods, geos, weeks, ...: more than any machine holds
LONGEST_NAME = 120  # characters; names become columns and parts of file names


class Broken(Exception):  # noqa: N818
    """A rule is broken; the message is what follows the field's name in the error."""


def _is_real(value: Any) -> bool:
    # numpy numbers register with these abstract types
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def number(
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    optional: bool = False,
) -> Rule:
    """Allow a finite number within bounds; the normal form is a float."""
    limits: list[tuple[str, float | None, Callable[[float, float], bool]]] = [
        (">", above, operator.gt),
        (">=", at_least, operator.ge),
        ("<", below, operator.lt),
        ("<=", at_most, operator.le),
    ]
    bounds = [(sign, limit, test) for sign, limit, test in limits if limit is not None]
    text = " and ".join(f"{sign} {limit}" for sign, limit, _ in bounds)

    def rule(value: Any) -> float | None:
        if value is None and optional:
            return None
        if not _is_real(value):
            raise Broken(f" = {value!r}: must be a number{' ' + text if text else ''}")
        if not math.isfinite(value):
            raise Broken(f" = {value}: must be finite")
        if not all(test(value, limit) for _, limit, test in bounds):
            raise Broken(f" = {value}: must be {text}")
        if abs(value) > LARGEST:
            raise Broken(f" = {value}: must be between {-LARGEST:g} and {LARGEST:g}")
        if above == 0 and value < SMALLEST:
            raise Broken(f" = {value}: must be at least {SMALLEST:g}")
        return float(value)

    return rule


def integer(*, at_least: int, at_most: int = MOST, optional: bool = False) -> Rule:
    """Allow a whole number within bounds; the normal form is an int."""
    text = f">= {at_least} and <= {at_most}" if at_most != MOST else f">= {at_least}"

    def rule(value: Any) -> int | None:
        if value is None and optional:
            return None
        whole = _is_whole(value)
        if whole and value > MOST == at_most:
            raise Broken(f" = {value}: must be <= {MOST}")
        if not whole or not at_least <= value <= at_most:
            raise Broken(
                f" = {value!r}: must be a whole number {text}{' or None' if optional else ''}"
            )
        return int(value)

    return rule


def one_of(values: Sequence[str]) -> Rule:
    """Allow one of the given words."""

    def rule(value: Any) -> str:
        if value not in values:
            near = suggest(value, values) if isinstance(value, str) else ""
            raise Broken(f" = {value!r}: must be one of {', '.join(values)}{near}")
        return str(value)

    return rule


def text(value: Any) -> str:
    """Allow a name: text that is not empty, on one line, without spaces at its ends."""
    if not isinstance(value, str) or not value.strip() or value != value.strip():
        raise Broken(f" = {value!r}: must be a name (text, not empty, no spaces at its ends)")
    if not value.isprintable():
        raise Broken(f" = {value!r}: must be a name, without line breaks or control characters")
    if len(value) > LONGEST_NAME:
        start = value[:20]
        raise Broken(f" = '{start}...': must be a name of at most {LONGEST_NAME} characters")
    return str(value)


def flag(value: Any) -> bool:
    """Allow True or False."""
    if not isinstance(value, bool):
        raise Broken(f" = {value!r}: must be True or False")
    return value


def names(value: Any) -> tuple[str, ...]:
    """Allow a list of different names."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise Broken(f" = {value!r}: must be a list of names")
    for i, name in enumerate(value):
        try:
            text(name)
        except Broken as broken:
            raise Broken(f"[{i}]{broken}") from None
    twice = sorted({name for name in value if list(value).count(name) > 1})
    if twice:
        raise Broken(f": {twice[0]!r} is there twice; names must differ")
    return tuple(value)


def child(kind: type, *, optional: bool = False) -> Rule:
    """Allow an object of a configuration class, or a mapping of its fields."""

    def rule(value: Any) -> Any:
        if value is None and optional:
            return None
        if isinstance(value, dict):
            return kind(**value)
        if not isinstance(value, kind):
            raise Broken(f" = {value!r}: must be a {kind.__name__} or a mapping of its fields")
        return value

    return rule


def children(kind: type) -> Rule:
    """Allow a list of configuration objects; the normal form is a tuple."""
    one = child(kind)

    def rule(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, dict)) or not isinstance(value, Sequence):
            raise Broken(f": must be a list of {kind.__name__}")
        made = []
        for i, item in enumerate(value):
            try:
                made.append(one(item))
            except ConfigError as error:
                raise error.under(f"[{i}]") from None
            except Broken as broken:
                raise Broken(f"[{i}]{broken}") from None
        return tuple(made)

    return rule


@dataclass_transform(frozen_default=True)
def checked[C](cls: type[C]) -> type[C]:
    """Make a frozen dataclass that refuses unknown keywords and suggests the nearest field.

    Its ``__post_init__`` calls :func:`check_fields`, which applies ``cls.RULES``.
    """
    made: Any = dataclass(frozen=True)(cls)
    construct = made.__init__
    known = [name for name in signature(construct).parameters if name != "self"]
    needed = [f.name for f in fields(made) if f.default is MISSING and f.default_factory is MISSING]

    @wraps(construct)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        for name in kwargs:
            if name not in known:
                raise ConfigError(
                    name,
                    f": unknown field{suggest(name, known)}; fields: {', '.join(known)}",
                    cls.__name__,
                )
        for name in needed[len(args) :]:
            if name not in kwargs:
                raise ConfigError(name, ": missing; it must be given", cls.__name__)
        construct(self, *args, **kwargs)

    made.__init__ = __init__
    return made


def check_fields(config: Any) -> None:
    """Apply every rule of ``config.RULES`` and store the normal forms."""
    for name, rule in config.RULES.items():
        try:
            object.__setattr__(config, name, rule(getattr(config, name)))
        except Broken as broken:
            raise ConfigError(name, str(broken), type(config).__name__) from None
        except ConfigError as error:
            joined = f"{name}{error.path}" if error.path[:1] == "[" else f"{name}.{error.path}"
            raise ConfigError(joined, error.problem) from None


def fail(config: Any, name: str, problem: str) -> ConfigError:
    """Return the error of a rule that involves several fields."""
    return ConfigError(name, problem, type(config).__name__)
