"""Beliefs are read and checked before any fit, and without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mmm_benchmark import cli
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.options import Options
from mmm_benchmark.priors.beliefs import check_beliefs, from_on_off_tests, read_beliefs
from mmm_data_generator import generate_mmm_dataset, on_off_test
from mmm_data_generator.adapters.lift_tests import NEEDED

CHANNELS = ("Email", "TV")


@pytest.mark.parametrize(
    ("beliefs", "words"),
    [
        ({"Emial": {"roas": (1, 0.1)}}, "did you mean 'Email'"),
        ({"Email": {"roi": (1, 0.1)}}, "unknown quantity of beliefs 'roi'"),
        ({"Email": {"roas": (1, 0)}}, "must be a value and its standard error"),
        ({"Email": {"slope": (-1, 0.1)}}, "must be a positive value and its standard error"),
        ({"*": {"adstock_decay": (1.2, 0.1)}}, "a value between 0 and 1"),
        ({"Email": [1, 2]}, "must be an object such as"),
        ("robyn", "the one set with a name is 'pymc-marketing curves'"),
        ([1], "must be an object such as"),
    ],
)
def test_what_cannot_be_believed_is_one_line(beliefs, words) -> None:
    with pytest.raises(UserError) as refusal:
        check_beliefs(beliefs, CHANNELS)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_can_be_believed_passes() -> None:
    check_beliefs({"TV": {"roas": [-1.0, 0.5]}, "*": {"slope": [1.0, 0.1]}}, CHANNELS)
    check_beliefs("pymc-marketing curves", CHANNELS)


def test_a_path_works_from_python(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text('{"TV": {"roas": [2.0, 0.5]}}')
    for given in (path, str(path)):
        assert Options(beliefs=given).beliefs == {"TV": {"roas": [2.0, 0.5]}}
    with pytest.raises(UserError, match="no such file"):
        Options(beliefs=tmp_path / "none.json")
    with pytest.raises(UserError, match="no such file"):
        Options(experiments=tmp_path / "none.csv")


def test_a_prior_stands_in_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text('{"prior": {"base": "meridian", "TV": {"slope": 1.0}}}')
    alone = Options(beliefs=path)
    assert alone.beliefs is None
    assert alone.prior == {"base": "meridian", "TV": {"slope": 1.0}}
    assert set(alone.fitter_options) == {"prior"}
    path.write_text('{"prior": "robyn", "TV": {"roas": [2.0, 0.5]}}')
    both = Options(beliefs=path)
    assert both.beliefs == {"TV": {"roas": [2.0, 0.5]}}
    assert both.prior == "robyn"


@pytest.mark.parametrize(
    ("said", "options", "words"),
    [
        ('{"prior": "meridien"}', {}, "did you mean 'meridian'"),
        ('{"prior": {"TV": {"slope": -1}}}', {}, "slope of 'TV' = -1.0; must lie between"),
        ('{"prior": 3}', {}, "must be a name or an object of laws"),
        ('{"prior": "robyn"}', {"prior": "meridian"}, "give it once"),
        ('{"prior": "robyn", "TV": 2}', {}, "must hold an object such as"),
        ("[1]", {}, "must hold an object such as"),
    ],
)
def test_a_prior_that_cannot_be_is_one_line(
    tmp_path: Path, said: str, options: dict, words: str
) -> None:
    path = tmp_path / "known.json"
    path.write_text(said)
    with pytest.raises(UserError) as refusal:
        Options(beliefs=path, **options)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_each_file_goes_to_its_own_option(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    path.write_text('{"prior": "robyn", "TV": {"roas": [2.0, 0.5]}}')
    with pytest.raises(UserError, match="give such a file as --beliefs"):
        Options(prior=str(path))


def test_tests_in_a_csv_file_are_beliefs(tmp_path: Path) -> None:
    world = generate_mmm_dataset("small_business", seed=1)
    channel = str(world.observed["channel"].values[0])
    tests = on_off_test(world, channel, start=30)
    path = tmp_path / "tests.csv"
    tests[[*NEEDED, "weeks"]].to_csv(path, index=False)  # what PyMC-Marketing needs, no more
    found, whole = read_beliefs(path), from_on_off_tests(tests)
    assert found[channel]["roas"] == pytest.approx(whole[channel]["roas"])
    tests.assign(delta_x=tests["x"])[[*NEEDED, "weeks"]].to_csv(path, index=False)
    with pytest.raises(UserError, match="some changed spend only in part"):
        read_beliefs(path)


def test_a_channel_that_is_not_there_is_said_before_any_fit(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("known.json").write_text('{"Telly": {"roas": [2.0, 0.5]}}')
    typed = "run --datasets small_business --samplers scipy --beliefs known.json"
    assert cli.main(typed.split()) == 2
    said = capsys.readouterr().err
    assert "unknown channel of beliefs 'Telly'" in said
    assert said.count("\n") == 1
    assert not list((tmp_path / "results").glob("fits/*"))


def test_no_torch_is_needed() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from mmm_benchmark.diffusion.stated import from_on_off_tests\n"
        "from mmm_benchmark.priors.beliefs import check_beliefs\n"
        "check_beliefs({'TV': {'roas': (2, 1)}}, ['TV'])"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
