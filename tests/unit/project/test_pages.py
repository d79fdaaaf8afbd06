"""Pages are short, start with the answer, and lead where they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
GENERATOR = ROOT / "mmm_data_generator"
PAGES = sorted([*DOCS.rglob("*.md"), *GENERATOR.glob("docs/*.md"), GENERATOR / "README.md"])
READ = [*PAGES, *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "llms.txt"))]
MOST = 1200
LINK = re.compile(r"\]\(([^)\s]+)\)")


def words(text: str) -> int:
    """Words hold a letter or a digit: the rules of a table are none."""
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in its address."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", head).strip().lower() for head in heads]
    return {re.sub(r"[\s-]+", "-", head) for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_is_longer_than_a_person_reads(page: Path) -> None:
    assert words(page.read_text()) <= MOST


@pytest.mark.parametrize("name", ["fairness", "model_card", "metrics"])
def test_the_pages_read_most_begin_with_ten_plain_lines(name: str) -> None:
    text = (DOCS / f"{name}.md").read_text()
    begin = re.match(r"# [^\n]+\n\nIn ten lines:\n\n((?:\d+\. [^\n]+\n)+)\n", text)
    assert begin
    lines = begin[1].splitlines()
    assert [line.split(".")[0] for line in lines] == [str(n) for n in range(1, 11)]
    assert max(map(words, lines)) < 75


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page}: {target}"
        made_by_the_site = anchor.startswith("mmm_")  # of docstrings; its own test follows them
        if anchor and there.suffix == ".md" and not made_by_the_site:
            assert anchor in anchors(there), f"{page}: {target}"
