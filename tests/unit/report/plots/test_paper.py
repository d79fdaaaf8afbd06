"""Pictures for a paper: as wide as they must be, legible, in any format, captioned."""

from __future__ import annotations

from matplotlib.text import Text

from mmm_benchmark.report.plots import planned
from mmm_benchmark.report.plots.paper import SMALLEST, WIDTHS, draw_for_paper, fit_to, on_paper
from mmm_benchmark.report.plots.style import NARROW, UNTITLED


def some(make_world, make_fit, tmp_path):
    world = make_world(geos=2, weeks=20, channels=3, name="tiny")
    fits = [(make_fit(world, name, draws=8), world) for name in ("nutpie", "scipy", "meridian")]
    return planned(fits, tmp_path)


def test_every_picture_fits_a_page_and_no_letter_is_too_small(make_world, make_fit, tmp_path):
    for width, inches in WIDTHS.items():
        with on_paper(width):
            for picture in some(make_world, make_fit, tmp_path):
                figure = picture.draw()
                if figure is None:  # one seed has no spread
                    continue
                fit_to(figure, inches)
                figure.draw_without_rendering()
                assert figure.get_figwidth() == inches
                assert not figure.get_suptitle(), picture.stem
                sizes = [
                    each.get_fontsize()
                    for each in figure.findobj(Text)
                    if each.get_text() and each.get_visible()
                ]
                assert min(sizes) >= SMALLEST, picture.stem
    assert not NARROW.get()
    assert not UNTITLED.get()


def test_letters_stay_letters_and_the_caption_says_what_is_shown(make_world, make_fit, tmp_path):
    pictures = [
        each for each in some(make_world, make_fit, tmp_path) if each.stem.name.startswith("roas")
    ]
    paths = draw_for_paper(pictures, tmp_path, tmp_path / "paper", ("pdf", "svg", "png"), "one")
    assert [path.suffix for path in paths] == [".pdf", ".svg", ".png", ".txt"]
    assert b"/FontType 42" in paths[0].read_bytes() or b"/CIDFontType2" in paths[0].read_bytes()
    assert paths[-1].read_text().startswith("Return on ad spend: tiny")
    before = paths[0].read_bytes()
    draw_for_paper(pictures, tmp_path, tmp_path / "paper", ("pdf",), "one")
    assert paths[0].read_bytes() == before
