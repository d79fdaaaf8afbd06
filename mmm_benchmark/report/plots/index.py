"""One page that shows the pictures of a folder, so that nobody has to open a hundred files."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from urllib.parse import quote

PLOTS = "plots"  # the folder of a dataset's pictures
INDEX = "index.html"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pictures: {title}</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem;
        padding: 0 1rem; }}
nav a {{ margin-right: 1rem; }}
figure {{ margin: 1rem 0 2rem; }}
img {{ max-width: 100%; height: auto; border: 1px solid #ddd; background: #fff; }}
</style></head><body>
<h1>Pictures: {title}</h1>
<nav>{links}</nav>
{sections}
</body></html>
"""


def write_index(folder: Path) -> Path:
    """Write ``index.html`` of all pictures in a folder ``<name>/plots`` and the folders below it.

    Pictures stand in groups of one kind, together ones first, each linked to its vector file.
    """
    found = sorted(folder.rglob("*.png"), key=lambda path: (path.parent != folder, path.as_posix()))
    groups: dict[str, list[Path]] = {}
    for path in found:
        kind = "all fitters" if path.parent == folder else path.parent.name
        groups.setdefault(kind, []).append(path)
    links = " ".join(
        f'<a href="#{quote(kind)}">{escape(kind)} ({len(paths)})</a>'
        for kind, paths in groups.items()
    )
    sections = "\n".join(
        f'<h2 id="{escape(kind)}">{escape(kind)}</h2>\n'
        + "\n".join(_figure(path, folder) for path in paths)
        for kind, paths in groups.items()
    )
    page = _PAGE.format(title=escape(folder.parent.name), links=links, sections=sections)
    path = folder / INDEX
    fresh = folder / f".{INDEX}.{os.getpid()}"
    fresh.write_text(page, encoding="utf-8")
    fresh.replace(path)
    return path


def _figure(path: Path, folder: Path) -> str:
    picture = quote(path.relative_to(folder).as_posix())
    vector = quote(path.with_suffix(".svg").relative_to(folder).as_posix())
    name = escape(path.stem.replace("_", " "))
    return (
        f'<figure><figcaption><a href="{vector}">{name}</a></figcaption>'
        f'<img src="{picture}" alt="{name}" loading="lazy"></figure>'
    )
