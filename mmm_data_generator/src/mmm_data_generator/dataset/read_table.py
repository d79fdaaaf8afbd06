"""Tables from files, and frames of other libraries."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from mmm_data_generator.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def as_pandas(frame: Any, what: str) -> pd.DataFrame:
    """Return a pandas, polars or other frame that can become one as pandas."""
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    if type(frame).__module__.split(".")[0] == "polars":
        # column by column, which needs no pyarrow
        return pd.DataFrame({name: frame[name].to_numpy() for name in frame.columns})
    if not hasattr(frame, "to_pandas"):
        kind = type(frame).__name__
        raise DataError(f"{what}: must be a pandas or polars DataFrame, not {kind}")
    found: pd.DataFrame = frame.to_pandas()
    return found


def read_table(source: Any, text: Sequence[str] = ()) -> Any:
    """Return the frame of a CSV, Parquet or Excel file; a frame is returned as it is.

    Parameters
    ----------
    source
        The file, or a frame.
    text
        Columns whose cells are names, not numbers: geo 007 stays 007.
    """
    import pandas as pd

    if not isinstance(source, (str, Path)):
        return source
    path = Path(source)
    texts: dict[int | str, Callable[[Any], Any]] = dict.fromkeys(text, str)
    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda path: _csv(path, text),
        ".parquet": pd.read_parquet,
        ".xlsx": lambda path: pd.read_excel(path, converters=texts),
        ".xls": lambda path: pd.read_excel(path, converters=texts),
    }
    if path.suffix.lower() not in readers:
        raise DataError(f"{path}: must end in one of {', '.join(readers)}")
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        return readers[path.suffix.lower()](path)
    except ImportError:
        needs = {".parquet": "pyarrow", ".xls": "xlrd"}.get(path.suffix.lower(), "openpyxl")
        raise DataError(f"{path}: reading it needs {needs}: pip install {needs}") from None
    except (OSError, ValueError, UnicodeError, KeyError, BadZipFile) as error:
        if path.suffix.lower() in (".xlsx", ".xls"):
            raise DataError(f"{path}: cannot be read: no workbook that Excel would open") from None
        raise DataError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None


def _csv(path: Path, text: Sequence[str]) -> Any:
    """Return a CSV file's frame with the column names that it has, be one there twice."""
    import pandas as pd

    header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).iloc[0]
    with warnings.catch_warnings():
        # rows longer than the header: which column is which nobody can say
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(path, index_col=False)
        except pd.errors.ParserWarning:
            raise ValueError("its rows have more cells than its header") from None
    for name in text:
        if name in frame:  # read by itself: a geo called NA is not a missing one
            alone = pd.read_csv(path, usecols=[name], dtype=str, keep_default_na=False)
            frame[name] = alone[name]
    frame.columns = pd.Index(header)
    return frame
