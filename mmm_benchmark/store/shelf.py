"""What a store stands on: sealed folders by room and name, on a disk or in an object store.

Everything that reads or writes a stored fit or dataset goes through the verbs of :class:`Shelf`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

LOCKS = ".locks"
STAGING = ".staging"


class DamagedError(Exception):
    """A sealed folder is there and is not what its manifest says; the message says why."""


class Lock(Protocol):
    """Keeps two runs from making the same thing twice."""

    def acquire(
        self,
        *,
        wait: bool = True,
        waiting: Callable[[], None] | None = None,
        poll: float = 0.1,
    ) -> bool:
        """Take it; False when it is held elsewhere and ``wait`` is False."""

    def release(self) -> None:
        """Give it back; harmless when it is not held."""


class Shelf(Protocol):
    """Sealed folders by room (``fits``, ``datasets``) and name: each complete or absent."""

    def names(self, room: str) -> list[str]:
        """What is there, sorted; each may still prove damaged."""

    def holds(self, room: str, name: str) -> bool:
        """Whether something is there; it may still prove damaged."""

    def fetch(self, room: str, name: str) -> Path | None:
        """A local folder whose every byte is as it was sealed; None when there is none.

        Raises
        ------
        DamagedError
            When it is there and was altered.
        """

    def publish(self, room: str, name: str, staged: Path) -> Path:
        """Seal ``staged`` and give it its place, instead of what is there; its local folder."""

    def lock(self, name: str) -> Lock:
        """The lock of that name, for all runs on the same store."""

    def check(self) -> None:
        """Raise a UserError unless it can be written to; finish what a dead run left half done."""

    def sweep(self, *, remove: bool) -> list[str]:
        """What no fit or dataset needs any more, by name; removed when ``remove``."""

    def share(self) -> None:
        """Put tables, pictures and page where the store is, if they were made elsewhere."""
