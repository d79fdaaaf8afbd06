"""The site is built strictly, its notebooks are run, and every page works without a network."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
#: What a page may fetch by itself, as it is opened.
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}

pytestmark = pytest.mark.external


class Page(HTMLParser):
    """What a page is made of: the names in it, where it leads and what it fetches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.names: set[str] = set()
        self.leads: list[str] = []
        self.fetches: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.leads.append(given["href"])
        if tag in FETCHED and FETCHED[tag] in given and given.get("rel") != "canonical":
            self.fetches.append(given[FETCHED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    environment = dict(
        os.environ, UV_PROJECT_ENVIRONMENT=str(ROOT / ".venvs" / "docs"), NO_MKDOCS_2_WARNING="1"
    )
    environment.pop("VIRTUAL_ENV", None)
    command = ["uv", "run", "--no-dev", "--group", "docs", "mkdocs", "build", "--strict"]
    done = subprocess.run(
        [*command, "--site-dir", str(out)],
        cwd=ROOT, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def outside(link: str) -> bool:
    return link.startswith(("http:", "https:", "//", "mailto:", "data:", "javascript:"))


def broken(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for link in [*page.leads, *page.fetches]:
        target, _, name = unquote(link).partition("#")
        target = target.partition("?")[0]
        if outside(link) or page.path.name == "404.html":  # that one is served from anywhere
            continue
        there = (page.path.parent / target).resolve() if target else page.path
        there = there / "index.html" if there.is_dir() else there
        if not there.exists() or (name and there in pages and name not in pages[there].names):
            yield f"{page.path.name}: {link}"


def test_the_first_page_has_three_doors(pages: dict[Path, Page], site: Path) -> None:
    first = pages[site / "index.html"]
    assert {"have_data.html", "have_estimator.html", "need_worlds.html"} <= set(first.leads)
    assert len(pages) > 35


def test_every_link_leads_somewhere(pages: dict[Path, Page]) -> None:
    assert [line for page in pages.values() for line in broken(page, pages)] == []


def test_nothing_is_fetched_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    assert [
        (page.path.name, each)
        for page in pages.values()
        for each in page.fetches
        if outside(each) and not each.startswith("data:")
    ] == []
    assert not [page for page in pages if "jsdelivr" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("name", "figures", "words"),
    [
        ("generator", 2, ["MMMDataset(", "true ROAS", "ConfigError: preset"]),
        ("compare_libraries", 4, ["is nearest to the truth", "ess_bulk", "UserError: unknown"]),
        ("own_data", 1, ["read as: decimal comma", "models credit media with"]),
    ],
)
def test_notebooks_ran_and_show_what_they_made(
    site: Path, name: str, figures: int, words: list[str]
) -> None:
    text = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img[^>]+src="?data:image/png;base64', text)) == figures
    assert "Traceback" not in text  # a mistake made on purpose is one line
    assert [word for word in words if word not in text] == []
    assert text.count("settled") <= 1  # progress is one line
