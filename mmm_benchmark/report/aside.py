"""Work done aside, on another core, by a copy of this process: pictures while the page is written.

A fork costs milliseconds where a fresh interpreter would import for seconds. What is handed back is
JSON. Where no copy can be made, or one comes to grief, the work is done here instead, and whatever
was wrong is then said here.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors.local import cores


def aside(task: Callable[[], Any]) -> Callable[[], Any]:
    """Begin ``task`` in a copy of this process; calling the answer waits for its result.

    ``task`` may write files; its result must be plain data. With other threads about, with one
    core, or off Linux it is done here when its result is asked for.
    """
    if sys.platform != "linux" or cores() < 2 or threading.active_count() > 1:
        return task
    ours, theirs = os.pipe()
    gc.freeze()  # or the copy's first collection would copy every page
    with warnings.catch_warnings():
        # threads of libraries (BLAS, memory) see to forks themselves
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(ours)
        _do(task, theirs)
    gc.unfreeze()
    os.close(theirs)

    def result() -> Any:
        try:
            with os.fdopen(ours, "rb") as told:
                said = told.read()
        except BaseException:
            os.kill(child, signal.SIGKILL)
            raise
        finally:
            _, status = os.waitpid(child, 0)
        return json.loads(said) if status == 0 else task()

    return result


def _do(task: Callable[[], Any], line: int) -> None:
    """The life of the copy: it leaves without a word of its own, whatever happens."""
    code = 1
    with contextlib.suppress(Exception, UserError, KeyboardInterrupt):
        said = json.dumps(task()).encode()
        with os.fdopen(line, "wb") as file:
            file.write(said)
        code = 0
    os._exit(code)
