"""Results as a notebook or a prompt shows them: the verdict, the key table, what else there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

from mmm_benchmark.report.tables.key_table import key_tables
from mmm_benchmark.report.verdict import verdict
from mmm_benchmark.scoring import marks

if TYPE_CHECKING:
    import pandas as pd

type Tables = Mapping[str, pd.DataFrame]


def text(headline: str, tables: Tables) -> str:
    """Plain text, for a prompt."""
    parts = [headline, *_sentences(tables)]
    parts += ["\n" + frame.to_string() for frame in key_tables(tables)]
    return "\n".join([*parts, *_signs(tables)])


def html(headline: str, tables: Tables) -> str:
    """HTML without a style of its own: the notebook's holds, light or dark."""
    parts = [f"<p><code>{escape(headline)}</code></p>"]
    parts += [f"<p>{escape(line)}</p>" for line in _sentences(tables)]
    parts += [frame.to_html(escape=True) for frame in key_tables(tables)]
    signs = "<br>".join(escape(line) for line in _signs(tables))
    names = ", ".join(f"<code>{escape(name)}</code>" for name in tables)
    return "".join([*parts, f"<p><small>{signs}</small></p>" if signs else "",
                    f"<p><small>In <code>.tables</code>: {names}.</small></p>"])  # fmt: skip


def _sentences(tables: Tables) -> Iterator[str]:
    for name, sentences in verdict(tables).items():
        yield f"{name}: {' '.join(sentences)}"


def _signs(tables: Tables) -> Iterator[str]:
    for sign, meaning in marks.meanings(tables["runtime_comparison"]["mark"]):
        yield f"{sign} {meaning}"
