"""``mmm-benchmark prior``: a table and a picture before anything is fitted, or one line."""

import json

import pytest

from mmm_benchmark.cli import main


def test_a_prior_is_shown_before_any_fit(tmp_path, capsys):
    said = {"base": "meridian", "Email": {"roas": {"lognormal": [9.0, 0.1]}}}
    (tmp_path / "mine.json").write_text(json.dumps(said))
    out = tmp_path / "new" / "prior.png"
    assert main(["prior", str(tmp_path / "mine.json"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    email = next(line for line in said.splitlines() if line.startswith("Email"))
    low, high = email.split("(")[1].split(")")[0].split(" to ")
    assert 6000 < float(low) < float(high) < 10_000  # exp(9 -+ 1.645 x 0.1): 6,874 to 9,552
    assert "media sell more than was sold in all" in said
    assert out.read_bytes().startswith(b"\x89PNG")
    assert b"all media" in out.with_suffix(".svg").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["meridiam"], "did you mean 'meridian'"),
        (["mine.json"], "no such file"),
        (["robyn", "--out", "prior.pdf"], "must end in .png"),
        (["robyn", "--dataset", "basic@3", "--seed", "4"], "give the seed once"),
        (["wrong.json"], "unknown channel of prior 'Emial'"),
    ],
)
def test_a_mistake_is_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.json").write_text('{"Emial": {"slope": 1.0}}')
    assert main(["prior", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "prior.png").exists()
