"""What a store promises, on every kind of place it may live in."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.store.claims import Claim
from mmm_benchmark.store.datasets import keep, load_dataset
from mmm_benchmark.store.disk_shelf import DiskShelf
from mmm_benchmark.store.fits import Store, check_writable
from mmm_benchmark.store.object_shelf import ObjectShelf
from mmm_benchmark.store.objects import Objects, objects_at
from mmm_benchmark.store.place import Mirror, place_of
from mmm_benchmark.store.sealed_folder import MANIFEST
from mmm_benchmark.store.shelf import DamagedError, Shelf
from mmm_benchmark.store.shelves import shelf_of
from tests.factories import tiny_dataset
from tests.unit.run.test_runner import JOB, TIMED_OUT, Executor, settle
from tests.unit.store.shelves import place, s3_server

__all__ = ["place", "s3_server"]
Place = Callable[[str], Path]
ROOM = "fits"


def put(shelf: Shelf, staging: Path, **files: str) -> None:
    folder = staging / "staged"
    (folder / "deep").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content)
    (folder / "deep" / "file").write_text("deep")
    shelf.publish(ROOM, "key", folder)


def wreck(shelf: Shelf, file: str, change: Callable[[bytes], bytes | None]) -> None:
    """Alter what is stored under a file's name; None removes it."""
    if isinstance(shelf, DiskShelf):
        path = shelf.root / ROOM / "key" / file
        content = change(path.read_bytes())
        path.unlink() if content is None else path.write_bytes(content)
        return
    assert isinstance(shelf, ObjectShelf)
    at = f"{ROOM}/key/{file}"
    if file != MANIFEST:
        listed = json.loads(shelf._objects.read(f"{ROOM}/key/{MANIFEST}") or b"")["files"]
        at = f"{ROOM}/key/{listed[file]['sha256']}/{file}"
    content = change(shelf._objects.read(at) or b"")
    shelf._objects.remove(at) if content is None else shelf._objects.put(at, content)


def test_a_folder_is_absent_then_whole_then_replaced(place: Place, tmp_path: Path) -> None:
    here, there = shelf_of(place("one")), shelf_of(place("two"))
    assert there.names(ROOM) == []
    assert there.fetch(ROOM, "key") is None
    put(here, tmp_path / "a", one="1", two="2")
    found = there.fetch(ROOM, "key")
    assert found is not None
    assert ((found / "one").read_text(), (found / "deep" / "file").read_text()) == ("1", "deep")
    assert there.names(ROOM) == ["key"]
    put(there, tmp_path / "b", one="another")
    again = here.fetch(ROOM, "key")
    assert again is not None
    assert (again / "one").read_text() == "another"
    assert not (again / "two").exists()


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("one", lambda content: content[:-1], "holds 2 bytes, not 3"),
        ("one", lambda content: b"eno", "one was altered"),
        ("deep/file", lambda content: None, "deep/file is missing"),
        (MANIFEST, lambda content: content[:9], "manifest.json cannot be read"),
        (MANIFEST, lambda content: b'{"files": []}', "manifest.json cannot be read"),
        (
            MANIFEST,
            lambda content: b'{"files": {"../../x": {"bytes": 1, "sha256": "x"}}}',
            "manifest.json cannot be read",
        ),
    ],
)
def test_every_damage_is_seen_from_elsewhere(
    place: Place,
    tmp_path: Path,
    file: str,
    change: Callable[[bytes], bytes | None],
    said: str,
) -> None:
    here, there = shelf_of(place("one")), shelf_of(place("two"))
    put(here, tmp_path, one="one")
    wreck(here, file, change)
    with pytest.raises(DamagedError, match=said):
        there.fetch(ROOM, "key")


def test_a_lock_keeps_other_runs_out_until_given_back(place: Place) -> None:
    mine, theirs = shelf_of(place("one")).lock("key"), shelf_of(place("two")).lock("key")
    assert mine.acquire(wait=False)
    assert not theirs.acquire(wait=False)
    mine.release()
    assert theirs.acquire(wait=False)
    theirs.release()
    theirs.release()
    assert mine.acquire(wait=False)
    mine.release()


def test_fits_and_datasets_are_found_from_elsewhere(place: Place) -> None:
    jobs = [replace(JOB, seed=seed) for seed in range(2)]
    executor = Executor()
    made = settle(place("one"), *jobs, executor=executor)
    found = settle(place("two"), *jobs, executor=executor)
    assert [each.fresh for each in [*made, *found]] == [True, True, False, False]
    assert [each.fit.record for each in made] == [each.fit.record for each in found]
    with found[0].fit.tree() as tree:
        assert "roas" in tree["posterior"]

    dataset = tiny_dataset()
    ref = reference_to(dataset)
    store = Store(place("one"))
    staging = store.staging()
    keep(dataset, ref.id, store.root, staging)
    staging.close()
    assert load_dataset(place("two"), ref.id).observed.equals(dataset.observed)
    with pytest.raises(UserError, match="run its fits once more"):
        load_dataset(place("two"), "another-0")


def test_a_damaged_fit_is_said_once_and_made_again(place: Place) -> None:
    (made,) = settle(place("one"), JOB, executor=Executor())
    shelf = shelf_of(place("one"))
    if isinstance(shelf, DiskShelf):
        (made.fit.path / "fit.json").write_text("{}")
    else:
        assert isinstance(shelf, ObjectShelf)
        shelf._objects.put(f"fits/{JOB.key}/{MANIFEST}", b"[]")
    said: list[str] = []
    store = Store(place("two"), said.append)
    assert store.get(JOB.key) is None
    assert store.get(JOB.key) is None
    assert len(said) == 1
    assert "is damaged and does not count" in said[0]
    (again,) = settle(place("two"), JOB, executor=Executor())
    assert again.fresh
    assert Store(place("one")).get(JOB.key) is not None


def test_a_failure_never_replaces_a_good_fit(place: Place) -> None:
    from mmm_benchmark.run.tasks import Policy

    settle(place("one"), JOB, executor=Executor())
    executor = Executor(ending=TIMED_OUT)
    (lost,) = settle(place("two"), JOB, executor=executor, policy=Policy(force=True))
    assert lost.failed
    stored = Store(place("three")).get(JOB.key)
    assert stored is not None
    assert stored.ok


def test_a_place_is_checked_by_writing(place: Place) -> None:
    check_writable(place("one"))
    assert shelf_of(place("one")).names(ROOM) == []


# what only object stores do


class Unreachable(Objects):
    """Objects of a store whose network fails after some writes."""

    writes = 2

    def put(self, name: str, content: bytes) -> None:
        self._fail()
        super().put(name, content)

    def put_all(self, contents: object) -> None:
        self._fail()
        super().put_all(contents)  # type: ignore[arg-type]

    def _fail(self) -> None:
        if self.writes == 0:
            raise UserError("'memory://x' failed: gone")
        self.writes -= 1


def cut_off(mirror: Path, writes: int) -> ObjectShelf:
    assert isinstance(mirror, Mirror)
    good = objects_at(mirror.url)
    objects = Unreachable(good.url, good._files, good._base)
    objects.writes = writes
    return ObjectShelf(objects, mirror)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror", url=f"memory://cut/{os.urandom(6).hex()}")


@pytest.mark.parametrize("writes", [0, 1])
def test_cut_off_at_any_write_nothing_appears_and_the_next_run_sends_it(
    mirror: Mirror, tmp_path: Path, writes: int
) -> None:
    shelf = cut_off(mirror, writes)
    with pytest.raises(UserError, match=r"is kept in .* and sent by the next run"):
        put(shelf, tmp_path, one="one")
    elsewhere = shelf_of(Mirror(tmp_path / "elsewhere", url=mirror.url))
    assert elsewhere.fetch(ROOM, "key") is None
    check_writable(mirror)
    found = elsewhere.fetch(ROOM, "key")
    assert found is not None
    assert (found / "one").read_text() == "one"


def test_a_replacement_cut_off_leaves_what_was_there(mirror: Mirror, tmp_path: Path) -> None:
    put(shelf_of(mirror), tmp_path / "a", one="one")
    with pytest.raises(UserError):
        put(cut_off(mirror, 1), tmp_path / "b", one="two")
    found = shelf_of(Mirror(tmp_path / "elsewhere", url=mirror.url)).fetch(ROOM, "key")
    assert found is not None
    assert (found / "one").read_text() == "one"


def test_a_silent_holder_is_replaced_by_one_of_those_who_wait(mirror: Mirror) -> None:
    objects, now = objects_at(mirror.url), [0.0]

    def claim(**more: float) -> Claim:
        return Claim(objects, ".locks/key", silent=60.0, clock=lambda: now[0], **more)

    dead, one, two = claim(beat=1e6), claim(), claim()
    assert dead.acquire(wait=False)
    assert not one.acquire(wait=False)
    assert not two.acquire(wait=False)
    now[0] = 59.0
    assert not one.acquire(wait=False)
    now[0] = 61.0
    assert [one.acquire(wait=False), two.acquire(wait=False)] == [True, False]
    dead.release()  # it was only slow: what it gives back is no longer its own
    assert not two.acquire(wait=False)
    one.release()
    assert two.acquire(wait=False)
    two.release()


def test_a_holder_that_gives_signs_of_life_is_waited_for(mirror: Mirror) -> None:
    objects, now = objects_at(mirror.url), [0.0]
    holder = Claim(objects, ".locks/key", beat=0.001)
    waiting = Claim(objects, ".locks/key", silent=60.0, clock=lambda: now[0])
    assert holder.acquire()
    assert not waiting.acquire(wait=False)
    first = waiting._seen
    while waiting._seen == first:  # until the next sign of life is seen
        assert not waiting.acquire(wait=False)
    now[0] = 59.0
    assert not waiting.acquire(wait=False)
    holder.release()
    assert waiting.acquire(wait=False)
    waiting.release()


def test_tables_are_sent_once_and_again_when_they_change(mirror: Mirror, tmp_path: Path) -> None:
    from mmm_benchmark.store.sealed_folder import digest

    table, stamp = mirror / "summary" / "one.csv", mirror / "summary" / ".stamp.json"
    table.parent.mkdir(parents=True)

    def share(text: str, writes: int) -> bytes | None:
        table.write_text(text)
        stamp.write_text(json.dumps({"files": {"summary/one.csv": digest(table)}}))
        cut_off(mirror, writes).share()
        return objects_at(mirror.url).read("summary/one.csv")

    assert share("a", 2) == b"a"
    assert share("a", 0) == b"a"  # nothing is written
    assert share("b", 2) == b"b"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("s3://", "bucket and a prefix"),
        ("s3://bucket/../other", "bucket and a prefix"),
        (Path("s3://bucket/prefix"), "as text"),
    ],
)
def test_urls_that_name_no_place_are_refused(given: str | Path, said: str) -> None:
    with pytest.raises(UserError, match=said):
        place_of(given)


def test_places_are_paths_and_mirrors_survive_copies() -> None:
    found = place_of("S3://bucket//some/prefix/")
    assert isinstance(found, Mirror)
    assert (str(found), found.url) == ("results/s3/bucket/some/prefix", "s3://bucket/some/prefix")
    assert place_of(found) is found
    assert not isinstance(found / "fits", Mirror)
    assert pickle.loads(pickle.dumps(found)).url == found.url
    assert place_of("file:///tmp/x") == Path("/tmp/x")
    assert type(place_of("results")) is type(Path("results"))


def test_a_store_that_nobody_knows_or_reaches_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nosuch"):
        shelf_of(place_of("nosuch://bucket/prefix"))


def test_a_missing_bucket_is_said_before_any_fit(s3_server: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"results cannot be written: 's3://no-such/x'.*bucket"):
        check_writable(Mirror(tmp_path, url="s3://no-such/x"))
