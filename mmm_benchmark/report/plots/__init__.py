"""Stored fits + truth -> PNG and SVG. No fitting library is imported here.

:func:`draw_all` plans all pictures first, so that an up-to-date one costs nothing: matplotlib and
seaborn load only when something has to be drawn.
"""

from mmm_benchmark.report.plots.draw import draw_all, planned

__all__ = ["draw_all", "planned"]
