"""What mkdocs does not know: pages outside ``docs/``, and links to files of the repository.

The generator's pages, the guide for contributors and the changelog stay where they are and are
part of the site. A link to anything else of the repository (a script, a table) becomes its path as
text: the site may be read from disk or anywhere, where those files are not.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
GENERATOR = ROOT / "mmm_data_generator"
OPTIONS = "[[options of a run]]"
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def outside() -> dict[Path, str]:
    """File of the repository -> its path in the site."""
    pages = {
        ROOT / "CONTRIBUTING.md": "contributing.md",
        ROOT / "CHANGELOG.md": "changelog.md",
        GENERATOR / "README.md": "generator/README.md",
    }
    beside = [*GENERATOR.glob("docs/*.md"), *GENERATOR.glob("docs/pictures/*")]
    return pages | {path: f"generator/{path.relative_to(GENERATOR)}" for path in beside}


def options() -> str:
    """The options of a run as a table, read from where command line and Python read them."""
    from mmm_benchmark.plan.options import entries

    rows = ["| keyword | default | |", "|---|---|---|"]
    for each in entries():
        help = each.help.replace("|", "\\|")
        shown = each.default if isinstance(each.default, Path) else repr(each.default)
        rows.append(f"| `{each.name}` | `{shown}` | {help} |")
    return "\n".join(rows)


def on_files(files: Files, *, config: Any) -> Files:
    for path, uri in outside().items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    if OPTIONS in markdown:
        markdown = markdown.replace(OPTIONS, options())
    source = Path(page.file.abs_src_path)
    if source.suffix != ".md":
        return markdown
    places = {path.resolve(): uri for path, uri in outside().items()}
    places |= {
        Path(file.abs_src_path).resolve(): file.src_uri
        for file in files
        if file.generated_by is None and file.abs_src_path
    }

    def lead(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        path, _, anchor = target.partition("#")
        if not path or re.match(r"[a-z]+:", target):
            return match[0]
        there = (source.parent / path).resolve()
        if there in places:
            near = os.path.relpath(places[there], Path(page.file.src_uri).parent)
            return f"{picture}[{text}]({near}{'#' + anchor if anchor else ''})"
        if not there.exists():
            return match[0]  # strict: the build stops at it
        where = there.relative_to(ROOT).as_posix()
        return text if where in text else f"{text} (`{where}`)"

    return LINK.sub(lead, markdown)


def on_post_page(output: str, *, page: Any, config: Any) -> str:
    """No page holds a formula: the script that would fetch MathJax from elsewhere goes."""
    return re.sub(r"<script data-mkdocs-jupyter-mathjax=.*?</script>", "", output, flags=re.DOTALL)
