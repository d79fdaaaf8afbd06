"""The order of a package's stations, read off its imports.

A package is a road: its modules and folders stand in rows, and what stands in one row may import
from its own folder and from earlier rows, never from a later one. Imports count wherever they
stand: at the top of a module, inside a function, or for types alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Rows of a package's root, from the first to the last; a name is a folder or a module.
Rows = Sequence[Sequence[str]]

DOOR = "__init__"  # the package itself


@dataclass(frozen=True)
class Road:
    """The modules of one package and what each imports of it."""

    package: str
    arrows: Mapping[str, frozenset[str]]  # module -> modules, by dotted name below the package

    @classmethod
    def of(cls, root: Path, doors: Sequence[str] = ()) -> Road:
        """Read the package in a folder, without the doors: old paths that only re-export."""
        files = {_name(path, root): path for path in sorted(root.rglob("*.py"))}
        for door in doors:
            del files[door]
        return cls(
            root.name,
            {
                name: frozenset(_imports(name, path, root.name, files))
                for name, path in files.items()
            },
        )

    def within(self, folder: str) -> Road:
        """Return the road of one folder, read as a package of its own."""
        inside = {m for m in self.arrows if m == folder or m.startswith(f"{folder}.")}

        def short(module: str) -> str:
            return DOOR if module == folder else module.removeprefix(f"{folder}.")

        arrows = {short(m): frozenset(map(short, self.arrows[m] & inside)) for m in inside}
        return Road(f"{self.package}.{folder}", arrows)

    def stations(self) -> set[str]:
        """Return the names that stand at the root."""
        return {_station(module) for module in self.arrows}

    def circles(self) -> list[list[str]]:
        """Return the groups of modules that import one another (Tarjan 1972)."""
        return [sorted(group) for group in _components(self.arrows) if len(group) > 1]

    def without_row(self, rows: Rows) -> list[str]:
        """Return the stations that stand in no row, or in two."""
        placed = [station for row in rows for station in row]
        return sorted((self.stations() ^ set(placed)) | {s for s in placed if placed.count(s) > 1})

    def upward(self, rows: Rows) -> list[str]:
        """Return the arrows to the same row or a later one, as ``module -> module``."""
        row = {station: i for i, stations in enumerate(rows) for station in stations}
        return [
            f"{module} -> {target}"
            for module, targets in self.arrows.items()
            for target in sorted(targets)
            if _station(module) != _station(target)
            and row[_station(target)] >= row[_station(module)]
        ]


def _name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == DOOR and len(parts) > 1 else parts)


def _station(module: str) -> str:
    return module.split(".")[0]


def _imports(module: str, path: Path, package: str, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of the package that a file imports, itself left out."""
    here = ([] if module == DOOR else module.split(".")) + ([DOOR] * (path.name == f"{DOOR}.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for name in _targets(node, package, here):
            target = name if name in known else name.rpartition(".")[0]
            if (target := target or DOOR) != module:
                yield target


def _targets(node: ast.AST, package: str, here: Sequence[str]) -> Iterator[str]:
    """Yield dotted names below the package; the last part may be no module but a name in one."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == package:
                yield alias.name.partition(".")[2]
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            base = [*here[: len(here) - node.level], *(node.module or "").split(".")]
        elif (node.module or "").split(".")[0] == package:
            base = (node.module or "").split(".")[1:]
        else:
            return
        for alias in node.names:
            yield ".".join(part for part in (*base, alias.name) if part)


def _components(arrows: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Return strongly connected components."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    out: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in arrows.get(node, ()):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            out.append(group)

    for node in arrows:
        if node not in index:
            visit(node)
    return out
