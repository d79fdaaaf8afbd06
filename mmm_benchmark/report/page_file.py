"""Where the page is, and whether it can be written there: asked before anything is fitted."""

from __future__ import annotations

from pathlib import Path

from mmm_benchmark.errors import UserError

PAGE = "report.html"


def check_page(results: Path) -> None:
    """Raise a UserError where the page of these results could not be written after the fits."""
    if (results / PAGE).is_dir():
        raise UserError(f"cannot write the page '{results / PAGE}': it is a folder; move it away")
