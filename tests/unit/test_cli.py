"""The command line: several values, errors in one line, exit codes, nothing heavy for help."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmm_benchmark import cli
from mmm_benchmark.environments import make
from mmm_benchmark.environments.find import Environment
from mmm_benchmark.plan.choose import registered
from tests.factories import tiny_dataset

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("run --datasets a b c", "run --datasets a --datasets b --datasets c"),
        ("run --datasets a,b c", "run --datasets a --datasets b --datasets c"),
        ("run --datasets=a,b", "run --datasets a --datasets b"),
        ("run --datasets a --datasets b", "run --datasets a --datasets b"),
        ("run --seeds 0 1 --quiet", "run --seeds 0 --seeds 1 --quiet"),
        ("run --samplers x --chains 2", "run --samplers x --chains 2"),
        ("run --force-rerun --datasets a", "run --force-rerun --datasets a"),
        ("show abc --why", "show abc --why"),
        ("import f.csv --channels tv radio --out d",
         "import f.csv --channels tv --channels radio --out d"),
    ],
)  # fmt: skip
def test_several_values_by_spaces_commas_or_repetition(typed: str, meant: str) -> None:
    assert cli.expand(typed.split()) == meant.split()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("run --datasets smal_business", "did you mean 'small_business'?"),
        ("run --datasets small_business@x", "must be a whole number, 0 or more"),
        ("run --datasets no/such/place", "is not there"),
        ("run --samplers scippy", "unknown sampler 'scippy'; did you mean 'scipy'?"),
        ("run --libraries scippy", "unknown library 'scippy'; did you mean 'scipy'?"),
        ("run --samplers scipy --libraries pymc", "which --libraries (pymc) leaves out"),
        ("run --chains 0", "chains = 0: must be a whole number, 1 or more"),
        ("run --chains two", "--chains"),
        ("run --target-accept 1", "target_accept = 1.0: must lie between 0 and 1"),
        ("run --timeout 0", "timeout = 0.0: must be a number above 0"),
        ("run --seed 1 --seeds 2", "give seed or seeds, not both"),
        ("run --seeds 2 2", "each may be given once"),
        ("run --seed -1", "must be a whole number, 0 or more"),
        ("run --priors strong", "must be one of neutral, spend-share"),
        ("run --samplers scipy --device cuda", "none of the chosen fitters (scipy) takes it"),
        ("run --samplers wiener --beliefs tv.json", "--beliefs tv.json: no such file"),
        ("run --samplers wiener --beliefs list.json", "must hold an object such as"),
        ("run --samplers wiener --beliefs half.json", "half.json: not JSON"),
        ("run --fitter nowhere.py", "fitter file 'nowhere.py' does not exist"),
        ("run --fitter notes.txt", "must be a Python file"),
        ("run --nonsense", "--nonsense"),
        ("run --plots-only --no-plots", "no stored fit in 'results' matches"),
        ("run --plots-only", "no stored fit in 'results' matches"),
        ("show abc", "no stored fit has a key starting with 'abc'"),
        ("generate small_business@1 --seed 2 --out d", "give the seed once"),
        ("import nowhere.csv --channels tv --out d", "'nowhere.csv' does not exist"),
        ("calibrate scippy", "unknown sampler 'scippy'; did you mean 'scipy'?"),
        ("calibrate scipy --law publishd", "did you mean 'published'?"),
        ("calibrate scipy --datasets 3", "at least 10 worlds"),
        ("reproduce nowhere", "no stored fit in 'nowhere'"),
        ("reproduce nowhere --fits 0", "at least one fit must be made again"),
        ("nonsense", "nonsense"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(
    typed: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.json").write_text("[1, 2]")
    Path("half.json").write_text('{"TV": ')
    assert cli.main(typed.split()) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert not list((tmp_path / "results").glob("fits/*"))


def test_results_directory_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert cli.main(["run", "--results", str(tmp_path / "file" / "results")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run --samplers scipy", "recoverability t.csv --channels TV"])
def test_a_page_that_cannot_be_written_is_said_before_any_fit(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    weeks = [f"2023-{month:02}-01,{10 + month % 5}" for month in range(1, 13)]
    Path("t.csv").write_text("\n".join(["date,TV", *weeks]))
    Path("results/report.html").mkdir(parents=True)
    assert cli.main(command.split()) == 2
    error = capsys.readouterr().err
    assert "cannot write the page 'results/report.html': it is a folder" in error
    assert error.count("\n") == 1
    assert [path.name for path in Path("results").iterdir()] == ["report.html"]


def test_half_written_dataset_is_refused_before_any_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_dataset().save(tmp_path / "data")
    (tmp_path / "data" / "dataset.json").unlink()
    assert cli.main(["run", "--datasets", "data"]) == 2
    assert "half written" in capsys.readouterr().err


def test_dry_run_tells_the_plan_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_dataset().save(tmp_path / "data")
    assert (
        cli.main(["run", "--datasets", "data", "basic@3", "--samplers", "scipy", "--dry-run"]) == 0
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[:2]] == [
        ["fit", "tiny@0", "scipy"],
        ["fit", "basic@3", "scipy"],
    ]
    assert lines[2] == "0 cached, 2 to fit"
    assert not (tmp_path / "results").exists()


def test_generated_dataset_is_saved_and_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "d")
    assert cli.main(["generate", "basic", "--seed", "5", "--out", out]) == 0
    assert cli.main(["generate", "basic", "--seed", "5", "--out", out]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert cli.main(["run", "--datasets", out, "--samplers", "scipy", "--dry-run",
                     "--results", str(tmp_path / "r")]) == 0  # fmt: skip
    assert "basic@5" in capsys.readouterr().out


def test_csv_becomes_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv, out = tmp_path / "data.csv", tmp_path / "d"
    frame = tiny_dataset(n_geos=2).to_frame()
    frame.to_csv(csv, index=False)
    channels = [str(column) for column in frame if str(column).startswith("x")]
    command = ["import", str(csv), "--geo", "geo", "--channels", *channels, "--out", str(out)]
    assert cli.main(command) == 0
    assert cli.main(["run", "--datasets", str(out), "--dry-run", "--samplers", "scipy"]) == 0
    csv.write_text("")
    assert cli.main([*command[:-1], str(tmp_path / "e")]) == 2
    assert "is empty" in capsys.readouterr().err


def test_further_commands_run_in_their_own_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nexit 3\n')
    python.chmod(0o755)
    there = Environment(python, "somewhere else")
    monkeypatch.setattr(make, "ensure", lambda needs, tell: there)
    assert cli.main(["train", "diffusion", "--config", "v1"]) == 3
    called = (tmp_path / "called").read_text().strip()
    assert called == "-m mmm_benchmark.cli train diffusion --config v1"
    assert cli.main(["calibrate", "diffusion", "--law", "training"]) == 3
    called = (tmp_path / "called").read_text().strip()
    assert called == "-m mmm_benchmark.cli calibrate diffusion --law training"


def test_list_names_every_fitter(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["list", "--results", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in registered())


@pytest.mark.parametrize("program", [["run_benchmark.py"], ["-m", "mmm_benchmark.cli"]])
def test_help_imports_nothing_heavy(program: list[str]) -> None:
    code = (
        "import runpy, sys\n"
        "sys.argv = sys.argv[1:]\n"
        "run = runpy.run_module if sys.argv[0] == '-m' else runpy.run_path\n"
        "name = sys.argv.pop(0) if sys.argv[0] != '-m' else (sys.argv.pop(0), sys.argv.pop(0))[1]\n"
        "sys.argv.insert(0, name)\n"
        "try:\n"
        "    run(name, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print('HEAVY', {'numpy', 'pandas', 'xarray', 'jax', 'torch', 'pymc'} & set(sys.modules))\n"
    )
    command = [sys.executable, "-c", code, *program, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert done.stdout.endswith("HEAVY set()\n")


@pytest.mark.parametrize("typed", ["list", "envs", "run --samplers scipy"])
def test_windows_gets_one_sentence(typed: str, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['fcntl'] = sys.modules['resource'] = None  # as it is there\n"
        "from mmm_benchmark.cli import main\n"
        f"sys.exit(main({typed.split()!r}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "on Windows run it in WSL" in done.stderr
    assert done.stderr.count("\n") == 1


def test_windows_gets_that_sentence_from_python_too() -> None:
    code = (
        "import sys\n"
        "sys.modules['fcntl'] = sys.modules['resource'] = None\n"
        "import mmm_benchmark, mmm_data_generator\n"
        "mmm_data_generator.generate_mmm_dataset('basic', seed=1)  # runs there\n"
        "try:\n    from mmm_benchmark import run_benchmark\n"
        "except mmm_benchmark.UserError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.startswith("mmm-benchmark runs on Linux and macOS; on Windows run it in WSL")
    assert done.stderr == ""


def test_an_interrupt_while_modules_are_imported_ends_without_a_word() -> None:
    program = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs\n"
        "class Interrupt:\n"
        "    def find_spec(name, *rest):\n"
        "        if name == 'typer': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt)\n"
        "import mmm_benchmark.cli\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert ended.returncode == -signal.SIGINT
    assert not ended.stderr
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_DFL  # after our own import


def test_a_study_says_before_its_fits_that_its_figures_have_no_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("in the way")
    words = ["calibrate", "scipy-bootstrap", "--datasets", "10", "--out", "taken"]
    assert cli.main(words) == 2
    assert "'taken': File exists" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
