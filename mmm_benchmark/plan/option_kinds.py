"""What an option of a run can be: its type, default, range and help, said once.

An entry of :class:`mmm_benchmark.plan.options.Options` is one of these. It checks and converts
what it is set to, and says how the command line takes it (``word``: the type of one typed value).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, SupportsFloat

from mmm_benchmark.errors import UserError
from mmm_benchmark.store.place import place_of


@dataclass(kw_only=True, eq=False)
class Option[Given, Held]:
    """A field of ``Options``: set to what a user gives, read as what the run needs.

    Attributes
    ----------
    default
        What it is when nothing is given.
    help
        One sentence, for ``--help`` and for Python's ``help`` alike.
    word
        Type of one word on the command line; None keeps the option to Python.
    read
        Turns the typed word into what Python would be given; for options that name a file.
    many
        Whether the command line takes several words.
    flag
        Its spelling on the command line, where that is not ``--name``.
    to_fitters
        Whether it is handed to those fitters whose constructor takes it, and to them alone.
    convert
        ``convert(name, given)`` checks, and returns what is held.
    """

    default: Held
    help: str
    word: type | None
    convert: Callable[[str, Given], Held]
    read: Callable[[Any], Given] | None = None
    many: bool = False
    flag: str | None = None
    to_fitters: bool = False
    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name it is declared under."""
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Held:
        """What is held; the default where it is asked of the class (``dataclass`` does)."""
        return self.default if instance is None else instance.__dict__[self.name]

    def __set__(self, instance: object, value: Given) -> None:
        """Check and hold; a UserError names the option and what would be right."""
        instance.__dict__[self.name] = self.convert(self.name, value)


def several(
    help: str, *, word: type | None = str, each: Callable[[Any], Any] | None = None
) -> Option[Any, tuple[Any, ...]]:
    """One value or many."""

    def convert(name: str, given: Any) -> tuple[Any, ...]:
        values = as_tuple(given)
        return values if each is None else tuple(each(value) for value in values)

    return Option(default=(), help=help, word=word, many=True, convert=convert)


def whole(default: int, help: str, *, least: int = 0) -> Option[int, int]:
    """A whole number."""
    return Option(
        default=default,
        help=help,
        word=int,
        convert=lambda name, given: check_whole(name, given, least),
    )


def share(default: float, help: str) -> Option[float, float]:
    """A number between 0 and 1, both excluded."""

    def convert(name: str, given: Any) -> float:
        if not isinstance(given, SupportsFloat) or not 0 < float(given) < 1:
            raise UserError(f"{name} = {given}: must lie between 0 and 1")
        return float(given)

    return Option(default=default, help=help, word=float, convert=convert)


def limit(help: str) -> Option[float | None, float | None]:
    """A number above 0, or none."""

    def convert(name: str, given: Any) -> float | None:
        if given is None:
            return None
        if not isinstance(given, SupportsFloat) or not 0 < float(given) < math.inf:
            raise UserError(f"{name} = {given}: must be a number above 0")
        return float(given)

    return Option(default=None, help=help, word=float, convert=convert)


def switch(default: bool, help: str, flag: str) -> Option[bool, bool]:
    """Yes or no; ``flag`` such as ``--quiet`` or ``--plots/--no-plots``."""
    return Option(
        default=default, help=help, word=bool, flag=flag, convert=lambda name, given: bool(given)
    )


def choice[T: (str, str | None)](
    default: T, allowed: tuple[str, ...], help: str, *, to_fitters: bool = False
) -> Option[T, T]:
    """One of the names in ``allowed``."""

    def convert(name: str, given: T) -> T:
        if given is not None and given not in allowed:
            raise UserError(f"{name} = '{given}': must be one of {', '.join(allowed)}")
        return given

    return Option(default=default, help=help, word=str, to_fitters=to_fitters, convert=convert)


def place(default: str, help: str) -> Option[str | Path, Path]:
    """Where results are kept: a folder or a URL."""
    return Option(
        default=Path(default), help=help, word=str, convert=lambda name, given: place_of(given)
    )


def anything(
    help: str, *, word: type | None = str, read: Callable[[Any], Any] | None = None,
    to_fitters: bool = False,
) -> Option[Any, Any]:  # fmt: skip
    """Whatever is given, or none; whoever uses it checks it. A file may be given by its name."""
    return Option(
        default=None,
        help=help,
        word=word,
        read=read,
        to_fitters=to_fitters,
        convert=lambda name, given: given if read is None or given is None else read(given),
    )


def check_whole(name: str, given: Any, least: int) -> int:
    """``given`` as a whole number, ``least`` or more.

    Raises
    ------
    UserError
        When it is none, or a smaller one.
    """
    if isinstance(given, bool) or not isinstance(given, Integral) or given < least:
        raise UserError(f"{name} = {given!r}: must be a whole number, {least} or more")
    return int(given)


def as_tuple(value: Any) -> tuple[Any, ...]:
    """One value or many, as a tuple; None is none.

    Only plain collections are many: a dataset can be iterated over too, and is one.
    """
    if value is None:
        return ()
    if isinstance(value, list | tuple | set | frozenset | range | Iterator):
        return tuple(value)
    return (value,)
