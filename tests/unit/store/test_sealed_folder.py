"""Sealed directories, staging folders and locks."""

from __future__ import annotations

import os
from collections.abc import Callable
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
    assert len(sweep(tmp_path)) == 1
    assert os.listdir(tmp_path) == [living.path.name]
    living.close()
    assert os.listdir(tmp_path) == []


def swapped(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


@pytest.mark.parametrize(
    ("wreck", "said"),
    [
        (lambda d: (d / "more.txt").write_text("x"), "more.txt is in it and not in its manifest"),
        (lambda d: swapped(d / "one.txt", lambda p: p.symlink_to("/dev/zero")), "not a plain file"),
        (lambda d: swapped(d / "one.txt", os.mkfifo), "not a plain file"),
        (lambda d: swapped(d / MANIFEST, lambda p: p.symlink_to("/dev/zero")), "cannot be read"),
        (lambda d: swapped(d / MANIFEST, os.mkfifo), "cannot be read"),
        (lambda d: (d / "deep2").symlink_to(d / "deep"), "deep2 is in it"),
    ],
)
def test_what_is_added_linked_or_a_device_is_a_flaw(
    sealed: Path, wreck: Callable[[Path], object], said: str
) -> None:
    wreck(sealed)
    assert said in (flaw(sealed) or "")


@pytest.mark.parametrize(
    "content",
    [
        *(
            "[]",
            "null",
            "3",
            "{}",
            "[" * 100_000,
            "\x00",
            '{"files": []}',
            '{"files": {"one.txt": 3}}',
        ),
        '{"files": {"one.txt": {"bytes": "3", "sha256": "x"}}}',
        '{"files": {"../one.txt": {"bytes": 3, "sha256": "x"}}}',
    ],
)
def test_a_manifest_of_another_shape_is_a_flaw(sealed: Path, content: str) -> None:
    (sealed / MANIFEST).write_text(content)
    assert "manifest.json cannot be read" in (flaw(sealed) or "")


def test_a_linked_folder_is_a_flaw_and_is_replaced(sealed: Path, tmp_path: Path) -> None:
    link = sealed.with_name("link")
    link.symlink_to(sealed)
    assert flaw(link) == "it is a link to another folder"
    staged = tmp_path / "newer"
    staged.mkdir()
    publish(staged, link)
    assert not link.is_symlink()
    assert flaw(link) is None
    assert flaw(sealed) is None
