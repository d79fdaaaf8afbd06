"""The README's examples run as printed, and every picture can be drawn."""

import io
import re
from pathlib import Path

import pytest

from mmm_data_generator import DataError, MMMDataset, generate_mmm_dataset

matplotlib = pytest.importorskip("matplotlib.figure")
pytest.importorskip("seaborn")
plots = pytest.importorskip("mmm_data_generator.plots")

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "presets.md", ROOT / "docs" / "fields.md")
EXAMPLES = [
    example
    for page in PAGES
    for example in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if "from_frame" not in e])
def test_readme_examples(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(example.replace("range(1000)", "range(10)"), "example", "exec"), {})


@pytest.fixture(scope="module")
def dataset() -> MMMDataset:
    return generate_mmm_dataset("growing_business", seed=1)


@pytest.mark.parametrize(
    "draw",
    [
        plots.plot_channel_spend,
        plots.plot_channel_contributions,
        plots.plot_response_curves,
        plots.plot_roas_comparison,
        plots.plot_regional_comparison,
    ],
)
def test_every_picture(draw: object, dataset: MMMDataset) -> None:
    assert callable(draw)
    figure = draw(dataset)
    assert isinstance(figure, matplotlib.Figure)
    assert figure._repr_png_()[:4] == b"\x89PNG"  # a notebook shows it
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    assert buffer.getvalue()[:4] == b"\x89PNG"
    words = " ".join(axis.get_title("left") for axis in figure.axes)
    assert "growing_business" in words or "Search-Ads" in words


def test_the_stack_ends_at_expected_sales(dataset: MMMDataset) -> None:
    (axis,) = plots.plot_channel_contributions(dataset, geo="geo_b").axes
    top = axis.collections[-1].get_paths()[0].vertices[:, 1].max()
    assert dataset.truth is not None
    noise_free = (dataset.observed["sales"] - dataset.truth["noise"]).sel(geo="geo_b")
    assert top == pytest.approx(float(noise_free.max()))


def test_without_truth_a_picture_says_so() -> None:
    bare = generate_mmm_dataset("basic", include_ground_truth=False)
    with pytest.raises(DataError, match="the truth of response_curve is unknown"):
        plots.plot_response_curves(bare)
    assert plots.plot_channel_spend(bare).axes
