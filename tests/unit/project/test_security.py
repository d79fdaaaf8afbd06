"""The threat model of ``docs/security.md``: a test for every line that has none elsewhere."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import xarray as xr

from mmm_benchmark import cli
from mmm_benchmark.environments.interview import describe_in
from mmm_benchmark.errors import UserError
from mmm_benchmark.plan.datasets import reference_to
from mmm_benchmark.priors.beliefs import read_beliefs
from mmm_benchmark.store.datasets import keep
from mmm_benchmark.store.fits import Store
from mmm_benchmark.store.keys import content_hash, dataset_id
from mmm_data_generator import DataError, MMMDataset, generate_mmm_dataset
from tests.factories import tiny_dataset
from tests.unit.run.test_runner import JOB, Executor, settle

ROOT = Path(__file__).parents[3]
PACKAGES = (ROOT / "mmm_benchmark", ROOT / "mmm_data_generator" / "src")
MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "tarfile"}
CALLS = {"eval", "exec", "compile", "shutil.unpack_archive", "os.system", "os.popen"}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_packages_use_nothing_that_executes_data(package: Path) -> None:
    found = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: set[str] = set()
            if isinstance(node, ast.Import):
                names = {each.name.split(".")[0] for each in node.names} & MODULES
            elif isinstance(node, ast.ImportFrom):
                names = {str(node.module).split(".")[0]} & MODULES
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                names = {called} & CALLS | ({"extractall"} & {called.split(".")[-1]})
                names |= {
                    word.arg
                    for word in node.keywords
                    if word.arg in ("shell", "allow_pickle") and ast.unparse(word.value) != "False"
                }
            found += [f"{path.name}:{node.lineno} {name}" for name in names]  # type: ignore[attr-defined]
    assert found == []


def test_reading_a_store_imports_nothing_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evil_module.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    dataset = tiny_dataset()
    ref = reference_to(dataset)
    store = tmp_path / "store"
    staging = Store(store).staging()
    keep(dataset, ref.id, store, staging)
    staging.close()
    settle(store, replace(JOB, dataset=ref, target="evil_module:Evil"), executor=Executor())
    (fit,) = Store(store)
    for words in (["list"], ["show", fit.key], ["run", "--plots-only", "--no-plots"]):
        assert cli.main([*words, "--results", str(store)]) == 0
    assert "evil_module" in capsys.readouterr().out
    assert not (tmp_path / "ran").exists()
    assert "evil_module" not in sys.modules


NAMES = ["../../x", "/etc/x", "a/b", "x\0y", "..", "a\nb"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="dataset"):
        reference_to(replace(tiny_dataset(), name=name))


@pytest.mark.parametrize("name", [*NAMES, "x" * 400])
def test_a_name_never_leads_out_of_the_results(tmp_path: Path, name: str) -> None:
    dataset = replace(tiny_dataset(), name=name)
    own = dataset_id(name, dataset.seed, content_hash(dataset.observed))
    store = tmp_path / "deep" / "store"
    staging = Store(store).staging()
    kept = keep(dataset, own, store, staging)
    staging.close()
    assert kept.parent.resolve() == (store / "datasets").resolve()
    assert kept.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_a_law_by_another_name_is_refused(tmp_path: Path) -> None:
    made = generate_mmm_dataset("basic", seed=1)
    elsewhere = replace(made, config=None, seed=None, _world=made.world)
    elsewhere.save(tmp_path / "data")
    path = tmp_path / "data" / "world.nc"
    world = xr.load_dataset(path, engine="h5netcdf")
    world.attrs["law"] = "os.system"
    path.write_bytes(world.to_netcdf(engine="h5netcdf"))
    index = tmp_path / "data" / "dataset.json"
    content = json.loads(index.read_text())
    content["sha256"]["world.nc"] = hashlib.sha256(path.read_bytes()).hexdigest()
    index.write_text(json.dumps(content))
    with pytest.raises(DataError, match="of another version"):
        MMMDataset.load(tmp_path / "data")


@pytest.mark.parametrize(
    "content", [b"cos\nsystem\n(S'true'\ntR.", b"[1]", b"null", b"\xff\xfe", b"{]", b'{"TV": 3}']
)
def test_beliefs_are_json_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "beliefs.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=re.escape(str(path))):
        read_beliefs(str(path))


def test_a_fitter_file_brings_no_other_module_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy\n"
        "class Mine:\n"
        "    name, extra, version = numpy.__name__, None, '1'\n"
        "    def skip(self, observed): ...\n"
        "    def fit(self, observed, budget, seed): ...\n"
        "    def settings(self): return {}\n"
    )
    (tmp_path / "numpy.py").write_text("__name__ = 'not the library'")
    (tmp_path / "json.py").write_text("raise SystemExit('not the library')")
    monkeypatch.chdir(tmp_path)
    answer = describe_in(Path(sys.executable), str(file), {}, {}, [])
    assert answer["name"] == "numpy"


@pytest.mark.parametrize("name", ["security.md", "faults.md"])
def test_every_test_that_the_page_names_is_there(name: str) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    folders = (ROOT / "tests", ROOT / "mmm_data_generator" / "tests")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    tests = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) >= 10
    assert [each for each in named if f"def {each}(" not in tests] == []
    paths = re.findall(r"`(tests/[\w/.]+\.py)`", page)
    assert [path for path in paths if not (ROOT / path).is_file()] == []
