"""Sealed directories, staging folders and locks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmm_benchmark.store.locks import FileLock
from mmm_benchmark.store.sealed_folder import MANIFEST, Staging, flaw, publish, sweep


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    staged, final = tmp_path / "staged", tmp_path / "store" / "final"
    (staged / "deep").mkdir(parents=True)
    (staged / "one.txt").write_text("one")
    (staged / "deep" / "two.txt").write_text("two")
    publish(staged, final)
    return final


def test_sealed_directory_is_sound(sealed: Path) -> None:
    assert flaw(sealed) is None
    assert (sealed / "deep" / "two.txt").read_text() == "two"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("one.txt", "on", "one.txt holds 2 bytes, not 3"),
        ("one.txt", "eno", "one.txt was altered"),
        ("deep/two.txt", None, "deep/two.txt is missing"),
        (MANIFEST, None, "its manifest.json cannot be read"),
        (MANIFEST, '{"files"', "its manifest.json cannot be read"),
    ],
)
def test_every_damage_is_seen(sealed: Path, name: str, content: str | None, said: str) -> None:
    if content is None:
        (sealed / name).unlink()
    else:
        (sealed / name).write_text(content)
    assert said in (flaw(sealed) or "")


def test_publishing_replaces_what_was_there(sealed: Path, tmp_path: Path) -> None:
    staged = tmp_path / "newer"
    staged.mkdir()
    (staged / "three.txt").write_text("three")
    publish(staged, sealed)
    assert sorted(os.listdir(sealed)) == [MANIFEST, "three.txt"]
    assert sorted(os.listdir(tmp_path)) == ["store"]


def test_lock_keeps_others_out_until_released(tmp_path: Path) -> None:
    mine, theirs = FileLock(tmp_path / "key"), FileLock(tmp_path / "key")
    assert mine.acquire(wait=False)
    assert not theirs.acquire(wait=False)
    mine.release()
    assert theirs.acquire(wait=False)
    theirs.release()
    assert not (tmp_path / "key").exists()


def test_waiting_for_a_lock_can_be_given_up(tmp_path: Path) -> None:
    mine, theirs = FileLock(tmp_path / "key"), FileLock(tmp_path / "key")
    mine.acquire()

    def give_up() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        theirs.acquire(waiting=give_up)
    mine.release()


def test_leftovers_of_the_dead_are_swept_and_the_living_left_alone(tmp_path: Path) -> None:
    living, dead = Staging(tmp_path), Staging(tmp_path)
    living.folder("job")
    dead.folder("job")
    dead._lock.release()  # what the kernel does when a process dies
    (dead.path / "owner").touch()
    assert sweep(tmp_path) == 1
    assert os.listdir(tmp_path) == [living.path.name]
    living.close()
    assert os.listdir(tmp_path) == []
