"""Starts two processes that try to outlive it, and sleeps until it is ended."""

import os
import subprocess
import sys
import time


def daemon() -> int:
    """A grandchild whose parent has gone, as daemons are made."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.setsid()
        pid = os.fork()
        if pid == 0:
            os.execvp("sleep", ["sleep", "600"])
        os.write(write, str(pid).encode())
        os._exit(0)
    os.wait()
    return int(os.read(read, 20))


class Daemon:
    name = "daemon_sleeping"
    extra = None
    version = "1"

    def skip(self, observed):
        return None

    def settings(self):
        return {}

    def fit(self, observed, budget, seed):
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        session = subprocess.Popen(command, start_new_session=True)
        with open(os.environ["MMM_TEST_PIDS"], "w") as file:
            file.write(f"{daemon()} {session.pid}")
        return self.afterwards()

    def afterwards(self):
        time.sleep(600)
