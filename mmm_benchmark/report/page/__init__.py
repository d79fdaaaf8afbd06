"""``report.html``: one file that opens from disk and says what a run found."""

from mmm_benchmark.report.page.write import write_page

__all__ = ["write_page"]
