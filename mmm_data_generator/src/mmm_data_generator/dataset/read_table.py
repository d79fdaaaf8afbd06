"""Tables from files, and frames of other libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def read_table(source: Any) -> Any:
    """Return the frame of a CSV, Parquet or Excel file; a frame is returned as it is."""
    import pandas as pd

    if not isinstance(source, (str, Path)):
        return source
    path = Path(source)
    readers: dict[str, Callable[[Path], Any]] = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".xlsx": pd.read_excel,
        ".xls": pd.read_excel,
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
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {str(error).splitlines()[0]}") from None
