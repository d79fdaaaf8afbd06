"""A stored run fitted again from the store alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import xarray as xr

from mmm_benchmark import cli, run_benchmark
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.sealed_folder import MANIFEST, seal
from tests.factories import tiny_dataset


def test_a_stored_run_is_made_again_and_a_false_one_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, again = tmp_path / "results", tmp_path / "again"
    run_benchmark(tiny_dataset(), "scipy", results=results, plots=False, page=False, quiet=True)
    provenance = json.loads((results / "summary" / "provenance.json").read_text())
    (fit,) = Store(results)
    assert provenance["fits"] == [fit.key]
    assert provenance["seeds"] == [42]
    assert set(provenance["versions"]["scipy"]) >= {"scipy", "numpy", "python"}
    assert provenance["hardware"][0]["cores"] >= 1

    command = ["reproduce", str(results), "--out", str(again)]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "7 numbers agree, 7 of them to the last digit" in said
    assert "1 of 1 fits agree" in said
    with (again / "reproduction.csv").open() as file:
        assert {row["agrees"] for row in csv.DictReader(file)} == {"True"}

    # a result that nobody's run gives, its checksums made right
    with xr.open_dataset(fit.path / "fit.nc", group="posterior", engine="h5netcdf") as found:
        posterior = found.load()
    xr.DataTree.from_dict({"posterior": posterior.assign(roas=posterior["roas"] * 1.2)}).to_netcdf(
        fit.path / "fit.nc", engine="h5netcdf"
    )
    (fit.path / MANIFEST).unlink()
    seal(fit.path)
    assert cli.main(command) == 1
    said = capsys.readouterr().out
    assert "roas channel_0 is" in said
    assert "0 of 1 fits agree" in said
