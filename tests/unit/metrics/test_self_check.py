"""What an answer says of itself is right when its draws are, and loud when they cannot be."""

import numpy as np
import pytest

from mmm_benchmark.metrics.self_check import (
    CHECK,
    DO_NOT_USE,
    TRUST,
    chance_wrong,
    self_check,
    share_held,
)


def draws(width: float, rng: np.random.Generator, count: int = 400) -> np.ndarray:
    return np.exp(width * rng.standard_normal((count, 5)))


def test_the_chance_of_being_wrong_is_that_of_a_calibrated_answer() -> None:
    """Truths drawn from the very law of the draws: wrong as often as was said."""
    rng = np.random.default_rng(1)
    answer = draws(0.25, rng, 2000)
    said = chance_wrong(answer)
    truths, mean = draws(0.25, rng, 2000), answer.mean(0)
    error = np.abs(mean - truths) / truths
    wrong = (np.median(error, 1) > 0.25) | (error.max(1) > 0.5)
    assert 0.1 < said < 0.9
    assert said == pytest.approx(wrong.mean(), abs=4 * (0.25 / 2000 + 0.25 / 2000) ** 0.5)


def test_weeks_are_held_as_often_as_intervals_say() -> None:
    rng = np.random.default_rng(2)
    sales = rng.standard_normal((500, 1, 2000))
    assert share_held(sales, rng.standard_normal((1, 2000))) == pytest.approx(0.9, abs=0.03)
    assert share_held(sales, 4 + rng.standard_normal((1, 2000))) < 0.05


@pytest.mark.parametrize(
    ("width", "shift", "given", "level", "words"),
    [
        (0.05, 0.0, {}, TRUST, "trust: by its own draws"),
        (0.9, 0.0, {}, CHECK, "check with exact"),
        (0.23, 0.0, {}, TRUST, "trust: by its own draws"),  # right more likely than not
        (0.23, 0.0, {"most_chance": 0.2}, CHECK, "check with exact"),
        (0.05, 4.0, {}, DO_NOT_USE, "do not use: 90% intervals hold"),
        (0.05, 0.0, {"outside": ["sales jump"]}, DO_NOT_USE, "do not use: sales jump"),
        (0.05, 0.0, {"refused": "do not use: mass"}, DO_NOT_USE, "do not use: mass"),
    ],
)
def test_the_sentence_follows_from_what_is_seen(
    width: float, shift: float, given: dict, level: int, words: str
) -> None:
    rng = np.random.default_rng(3)
    sales, seen = rng.standard_normal((200, 1, 100)), rng.standard_normal((1, 100))
    found = self_check(draws(width, rng), sales, seen + shift, **given)
    assert found.level == level
    assert found.sentence.startswith(words)


def test_a_channel_of_no_return_divides_nothing() -> None:
    assert chance_wrong(np.zeros((50, 3))) == 0.0
