"""Files that hold a fitter, or something else: one line says what is wrong, and nothing hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mmm_benchmark.environments import interview
from mmm_benchmark.environments.interview import describe_in
from mmm_benchmark.environments.needs import file_needs
from mmm_benchmark.errors import UserError

FITTER = """
class Mine:
    name, extra, version = {name!r}, None, {version!r}
    def skip(self, observed): ...
    def fit(self, observed, budget, seed): ...
    def settings(self): return {settings!r}
"""


def ask(path: Path) -> dict[str, object]:
    return describe_in(Path(sys.executable), str(path), {}, {}, [])


def written(folder: Path, **parts: object) -> Path:
    path = folder / "mine.py"
    path.write_text(FITTER.format(**{"name": "mine", "version": "1", "settings": {}, **parts}))
    return path


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('dependencies = "numpy"', r"dependencies are 'numpy'; e\.g\. \['numpy>=2'\]"),
        ("dependencies = [1, 2]", "dependencies are"),
        ("dependencies = {a = 1}", "dependencies are"),
        ('dependencies = ["!!"]', "dependency '!!' is none"),
        ("dependencies = [", "not valid TOML"),
    ],
)
def test_a_header_of_the_wrong_types_is_one_line(tmp_path: Path, header: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f"# /// script\n# {header}\n# ///\n")
    with pytest.raises(UserError, match=said) as caught:
        file_needs(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        file_needs(path)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"name": 7}, "its name is 7"),
        ({"name": ""}, "its name is ''"),
        ({"name": "a/b"}, "without '/'"),
        ({"name": "a\nb"}, "printable"),
        ({"name": "x" * 300}, "short text"),
        ({"version": None}, "its version is None"),
        ({"settings": [1]}, "its settings are"),
    ],
)
def test_a_fitter_that_says_nonsense_of_itself_is_one_line(
    tmp_path: Path, parts: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        ask(written(tmp_path, **parts))


def test_only_the_last_word_counts(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(f"print('{interview.MARK}[1]')\n" + path.read_text())
    assert ask(path)["name"] == "mine"


@pytest.mark.parametrize("work", ["while True: pass", "while True: print('x' * 10_000)"])
def test_a_file_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    monkeypatch.setattr(interview, "PATIENCE", 1.0)
    path = tmp_path / "mine.py"
    path.write_text(work)
    before = set(psutil.Process().children())
    with pytest.raises(UserError, match="did not come to an end"):
        ask(path)
    assert set(psutil.Process().children()) <= before


def test_an_interview_whose_asker_was_killed_ends_alone() -> None:
    endless = (
        "from mmm_benchmark.environments import interview as i; i.end_alone(1)\nwhile True: pass"
    )
    ended = subprocess.run([sys.executable, "-c", endless], check=False, timeout=60)
    assert ended.returncode == -signal.SIGALRM
