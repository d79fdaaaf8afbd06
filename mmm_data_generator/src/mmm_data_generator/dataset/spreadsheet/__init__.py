"""What spreadsheets write, read as clean tables; what is unclear is asked, never guessed."""

from mmm_data_generator.dataset.spreadsheet.read import Reading, read_spreadsheet

__all__ = ["Reading", "read_spreadsheet"]
