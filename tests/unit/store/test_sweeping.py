"""What nothing needs goes, what something needs or may need soon stays; on every kind of store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mmm_benchmark.cli import main
from mmm_benchmark.store.object_shelf import ObjectShelf
from mmm_benchmark.store.sealed_folder import Staging
from mmm_benchmark.store.shelves import shelf_of
from mmm_benchmark.store.sweeping import leftovers
from tests.unit.store.shelves import place, s3_server
from tests.unit.store.test_shelves import ROOM, put

__all__ = ["place", "s3_server"]
Place = Callable[[str], Path]
remote = pytest.mark.parametrize("place", ["memory", "s3"], indirect=True)
LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def shelf(place: Place) -> ObjectShelf:
    found = shelf_of(place("one"))
    assert isinstance(found, ObjectShelf)
    return found


@remote
def test_replaced_files_go_after_a_day_and_the_fit_stays(
    shelf: ObjectShelf, tmp_path: Path
) -> None:
    put(shelf, tmp_path / "a", one="1", two="2")
    put(shelf, tmp_path / "b", one="another")
    objects = shelf._objects
    assert shelf.sweep(remove=True) == []  # young
    found = leftovers(objects, shelf.lock, remove=False, now=LATER)
    assert [name.rpartition("/")[2] for name in found] in (["one", "two"], ["two", "one"])
    assert leftovers(objects, shelf.lock, remove=True, now=LATER) == found
    assert leftovers(objects, shelf.lock, remove=True, now=LATER) == []
    kept = shelf.fetch(ROOM, "key")
    assert kept is not None
    assert (kept / "one").read_text() == "another"


@remote
def test_what_a_run_is_about_to_name_is_left_to_it(shelf: ObjectShelf) -> None:
    objects = shelf._objects
    objects.put("fits/half/sum/fit.nc", b"sent, and no manifest yet")
    claim = shelf.lock("half")
    assert claim.acquire(wait=False)
    assert "fits/half/sum/fit.nc" not in leftovers(objects, shelf.lock, remove=True, now=LATER)
    claim.release()
    assert leftovers(objects, shelf.lock, remove=True, now=LATER) == ["fits/half/sum/fit.nc"]


@remote
def test_a_fit_whose_manifest_is_damaged_is_not_touched(shelf: ObjectShelf) -> None:
    objects = shelf._objects
    objects.put("fits/damaged/sum/fit.nc", b"draws")
    objects.put("fits/damaged/manifest.json", b"[]")
    assert leftovers(objects, shelf.lock, remove=True, now=LATER) == []


@remote
def test_signs_of_life_of_the_dead_and_trials_go(shelf: ObjectShelf) -> None:
    objects = shelf._objects
    objects.put(".locks/key/0", b"dead")
    objects.put(".writable-abc", b"")
    found = leftovers(objects, shelf.lock, remove=True, now=LATER)
    assert found == [".locks/key/0", ".writable-abc"]
    assert objects.below("") == []


def test_a_folder_is_swept_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alive = Staging(tmp_path / ".staging")
    dead = tmp_path / ".staging" / "run-dead"
    dead.mkdir()
    (dead / "owner").touch()
    (tmp_path / ".locks").mkdir()
    (tmp_path / ".locks" / "key").touch()
    for words, said in ((["--dry-run"], "would be removed"), ([], "removed")):
        assert main(["sweep", "--results", str(tmp_path), *words]) == 0
        assert f"2 leftovers {said} from {tmp_path}" in capsys.readouterr().out
    assert not dead.exists()
    assert alive.path.exists()
    assert not list((tmp_path / ".locks").iterdir())
    alive.close()
