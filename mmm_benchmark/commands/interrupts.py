"""Ctrl-C before there is anything to stop, and after: the process ends without a word.

The command line imports this first. While its modules are imported, and once its answer is given,
Python would meet an interrupt with a traceback.
"""

from __future__ import annotations

import signal
import threading


def ends_quietly() -> bool:
    """Let an interrupt end the process; False where that is not ours to decide."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return False
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return True


def is_an_exception() -> None:
    """Let an interrupt be a ``KeyboardInterrupt`` again, as Python has it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


importing = ends_quietly()
