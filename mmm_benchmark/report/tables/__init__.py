"""Stored fits -> the CSV tables of ``results/summary`` and the screen.

Everything here is a pure function of what is stored: no fitting library is imported.
"""

from mmm_benchmark.report.tables.build import read_tables, write_tables
from mmm_benchmark.report.tables.screen import print_tables

__all__ = ["print_tables", "read_tables", "write_tables"]
