"""Faults of a run, tried on the command line itself in processes of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from random import Random

import psutil

from mmm_benchmark.store.fits import Store
from tests.faults.driver import LOOK, Driver, alive, usual_time
from tests.faults.tally import Fault, Wrong

PACKAGE = "mmm_benchmark/"
#: Of the killed runs; the others are met while they import, too.
WARM_SHARE = 0.8
A_WHILE = 0.1  # seconds between two looks for a victim: workers live for about two tenths
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def finished(results: Path) -> dict[str, str]:
    """Key -> when it was finished, of all fits that went well."""
    return {fit.key: fit.record["finished_at"] for fit in Store(results) if fit.ok}


def complaints(driver: Driver, code: int, said: str) -> Iterator[Wrong]:
    """What no run may do, whatever happens to it."""
    if "Traceback" in said and PACKAGE in said:  # Python's own start is not ours to mend
        yield Wrong("traceback", said.strip().splitlines()[-1])
    if "HUNG" in said:
        yield Wrong("blocked", "the run did not end")
    if code in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS):
        yield Wrong("traceback", f"the run crashed with {code}")
    if left := driver.left():
        yield Wrong("left", f"processes {left}")


def recovery(place: Path, before: dict[str, str], *more: str) -> Iterator[Wrong]:
    """Run once more, undisturbed: all must be there, and what was finished must be as it was."""
    driver = Driver(place, "good", *more)
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    after = finished(driver.results)
    if code != 0 or len(after) != 3:
        yield Wrong("blocked", f"exit code {code}, {len(after)} of 3 fits: {said[-300:]}")
    yield from (Wrong("lost", key) for key, when in before.items() if after.get(key) != when)


def killed(rng: Random, place: Path, victim: str) -> Iterator[Wrong]:
    """End one process of a run at a random moment; a run that ends before is tried again."""
    warm = rng.random() < WARM_SHARE
    imports = "shared" if victim == "server" else rng.choice(["shared", "shared", "own"])
    latest, hit = usual_time(warm), False
    while not hit:
        attempt = Path(tempfile.mkdtemp(dir=place))
        begun = time.monotonic()
        driver = Driver(attempt, "good", "--imports", imports, warm=warm)
        hit = strike(rng, driver, victim, begun + rng.uniform(0.0, latest))
        latest = min(latest, time.monotonic() - begun)
        code, said = driver.wait()
        yield from complaints(driver, code, said)
    yield from recovery(attempt, finished(driver.results))


def strike(rng: Random, driver: Driver, victim: str, moment: float) -> bool:
    """End a victim at the moment, or a random while after the next has come; False: none came."""
    while not driver.over:
        driver.look()
        time.sleep(LOOK)
        if time.monotonic() < moment:
            continue
        if victim == "parent":
            with contextlib.suppress(ProcessLookupError):
                os.kill(driver.process.pid, rng.choice(SIGNALS))
                return True
        if chosen := [each for each in driver.look() if role(each) == victim]:
            with contextlib.suppress(psutil.Error):
                rng.choice(chosen).kill()
                return True
        time.sleep(rng.uniform(0.0, A_WHILE))
    return False


def role(process: psutil.Process) -> str:
    """What a process of a run is: server, keeper, worker, or something else."""
    try:
        command, parent = process.cmdline(), process.parent()
        if not any(name in " ".join(command) for name in ("run.fork_server", "run.worker")):
            return "other"
        above = " ".join(parent.cmdline()) if parent is not None else ""
        if "run.worker" in command[2:3][0] or "run.worker" in " ".join(command):
            return "worker" if "run.worker" in above else "keeper"
        if "run.fork_server" not in above:
            return "server"
        grand = parent.parent() if parent is not None else None
        over = " ".join(grand.cmdline()) if grand is not None else ""
        return "worker" if "run.fork_server" in over else "keeper"
    except (psutil.Error, IndexError):
        return "other"


def no_room(rng: Random, place: Path) -> Iterator[Wrong]:
    """No file may grow beyond a size that some file of the run needs: as on a full disk."""
    driver = Driver(place, limit=rng.choice([0, 100, 500, 2_000, 4_000, 8_000, 12_000, 20_000]))
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    yield from recovery(place, finished(driver.results))


def full_disk(rng: Random, place: Path) -> Iterator[Wrong]:
    """Results on a file system of their own that is too small, then grown: a tmpfs."""
    size = rng.choice([16, 40, 80, 120, 200, 400, 800])  # kB
    disk = place / "results"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk))
    try:
        driver = Driver(place)
        code, said = driver.wait()
        yield from complaints(driver, code, said)
        before = finished(driver.results)
        if code == 0 and len(before) != 3:
            yield Wrong("lost", f"exit code 0 with {len(before)} fits")
        mount("-o", "remount,size=64m", str(disk))
        yield from recovery(place, before)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False, capture_output=True)


def mount(*words: str) -> None:
    """Mount, as root alone may."""
    subprocess.run(["mount", *words], check=True, capture_output=True)


@cache
def may_mount() -> bool:
    """Whether this machine lets us have a file system of our own."""
    with tempfile.TemporaryDirectory() as place:
        try:
            mount("-t", "tmpfs", "-o", "size=16k", "tmpfs", place)
        except (OSError, subprocess.CalledProcessError):
            return False
        subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        return True


def results_gone(rng: Random, place: Path) -> Iterator[Wrong]:
    """The results directory is removed while the run goes."""
    driver = Driver(place)
    moment = time.monotonic() + rng.uniform(0.0, usual_time())
    driver.watch(moment)
    shutil.rmtree(driver.results, ignore_errors=True)
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    shutil.rmtree(driver.results, ignore_errors=True)
    yield from recovery(place, {})


def unwritable(rng: Random, place: Path) -> Iterator[Wrong]:
    """The results directory, or a folder in it, is a file or a link to nowhere."""
    results = place / "results"
    blocked = rng.choice([results, results / "fits", results / "datasets", results / "summary",
                          results / ".staging", results / ".locks"])  # fmt: skip
    blocked.parent.mkdir(parents=True, exist_ok=True)
    if rng.random() < 0.5:
        blocked.write_text("in the way")
    else:
        blocked.symlink_to("/proc/nowhere")
    driver = Driver(place)
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    if code == 0 and len(finished(results)) != 3:
        yield Wrong("lost", f"exit code 0 with {len(finished(results))} fits")
    blocked.unlink(missing_ok=True)
    yield from recovery(place, finished(results))


def several_drivers(rng: Random, place: Path) -> Iterator[Wrong]:
    """Two or three runs on one store at once: each job is fitted once, all end well."""
    drivers = []
    for _ in range(rng.choice([2, 3])):
        drivers.append(Driver(place))
        time.sleep(rng.uniform(0.0, 1.0))
    fresh = 0
    for driver in drivers:
        code, said = driver.wait()
        yield from complaints(driver, code, said)
        if code != 0:
            yield Wrong("blocked", f"exit code {code}: {said[-200:]}")
        fresh += said.count(": ok (") - said.count(": ok (cached")
    if fresh != 3 or len(finished(drivers[0].results)) != 3:
        yield Wrong("lost", f"{fresh} fits made, 3 were needed")


#: Fitters that misbehave -> the status their fit must have.
MISBEHAVING = {
    "crashing": "error", "leaving": "error", "forging": "error", "hungry": "memory",
    "endless": "timeout", "sleeping": "timeout", "vandal": "error", "segfault": "error",
    "daemon": "error", "keeper_killing": "killed", "broken": "error",
}  # fmt: skip


def misbehaving(rng: Random, place: Path, name: str) -> Iterator[Wrong]:
    """A fitter that crashes, lies, hangs, prints for ever, or leaves processes behind."""
    os.environ["MMM_TEST_PIDS"] = str(place / "pids")
    limits = ("--timeout", "6") if MISBEHAVING[name] == "timeout" else ()
    driver = Driver(place, name, "--memory-limit", "600", *limits)
    code, said = driver.wait()
    yield from complaints(driver, code, said)
    if code != 1:
        yield Wrong("accepted", f"exit code {code} of a run whose fits all fail")
    for fit in Store(driver.results):
        if fit.status != MISBEHAVING[name]:
            yield Wrong("accepted", f"{name} is stored as {fit.status}: {fit.record['reason']}")
    with contextlib.suppress(OSError, ValueError):
        for pid in (place / "pids").read_text().split():
            if psutil.pid_exists(int(pid)) and alive(psutil.Process(int(pid))):
                yield Wrong("left", f"process {pid}")
    with contextlib.suppress(OSError):
        size = sum(path.stat().st_size for path in driver.results.rglob("log.txt"))
        if size > 3 * 200_000:
            yield Wrong("accepted", f"logs of {size} bytes were kept")


#: Of these, ``a full disk`` needs the right to mount.
FAULTS: dict[str, Fault] = {
    **{
        f"{victim} killed": partial(killed, victim=victim)
        for victim in ("parent", "worker", "keeper", "server")
    },
    "no room on the disk": no_room,
    "a full disk": full_disk,
    "results directory gone": results_gone,
    "results not writable": unwritable,
    "two and three drivers": several_drivers,
    **{f"fitter: {name}": partial(misbehaving, name=name) for name in MISBEHAVING},
}
