"""Bytes of a text table: which encoding, which separator."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", ";", "\t", "|")
NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decoded(data: bytes, path: Path) -> tuple[str, str]:
    """The text and the name of its encoding: a byte-order mark's, UTF-8, or else cp1252.

    Raises
    ------
    DataError
        When the bytes are no text in any of these.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    if b"\0" in data:
        raise DataError(
            f"{path}: is no text in UTF-8 or cp1252; save it as 'CSV UTF-8', .xlsx or Parquet"
        )
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DataError(f"{path}: is no text in UTF-8 or cp1252; save it as 'CSV UTF-8' or .xlsx")


def separator_of(text: str, wanted: list[str]) -> str:
    """The separator under which the first line names most of the columns asked for.

    Ties go to the one that the first lines hold most often (``csv.Sniffer`` settles nothing that
    this does not, and takes letters for separators).
    """
    first = next((line for line in text.splitlines() if line.strip()), "")

    def names(separator: str) -> list[str]:
        return [cell.strip() for cell in next(csv.reader([first], delimiter=separator), [])]

    return max(SEPARATORS, key=lambda each: (len(set(wanted) & set(names(each))), len(names(each))))


def text_table(path: Path, wanted: list[str]) -> tuple[pd.DataFrame, str, str]:
    """Every cell as the text that stands in the file; also its encoding and separator."""
    import pandas as pd

    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    text, encoding = decoded(data, path)
    if not text.strip():
        raise DataError(f"{path}: is empty; a header and a row for each date are needed")
    separator = separator_of(text, wanted)
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
            header=None,
            skip_blank_lines=True,
        )
    except ValueError as error:
        raise DataError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
    header = [str(name).strip() for name in frame.iloc[0]]
    body = frame.iloc[1:].fillna("").reset_index(drop=True)
    body.columns = pd.Index(header)
    return body, encoding, separator
