"""Walks that stop at the first good fit, and those of logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_same_mean

from theorylab.papers.naive_bayes_logistic.closed_form import paper_design
from theorylab.papers.naive_bayes_logistic.monte_carlo import sample_logistic_error, sample_logistic_stopping_size
from theorylab.papers.naive_bayes_logistic.monte_carlo.walks import first_good_size

DESIGN = {"gaps": (1.0,), "multiplicities": (6,)}


def test_every_walk_stops_at_its_first_good_size() -> None:
    errors = np.array([[0.9, 0.4, 0.1], [0.2, 0.9, 0.9], [0.9, 0.9, 0.3]])
    walking, calls = [0, 1, 2], []

    def error_of_fits(samples: int, walks: int) -> np.ndarray:
        step = {4: 0, 7: 1, 10: 2}[samples]
        calls.append((samples, walks))
        now = errors[walking, step]
        walking[:] = [walk for walk, error in zip(walking, now, strict=True) if error >= 0.5]
        return now

    stopped = first_good_size(np.random.default_rng(0), 3, (4, 7, 10, 13), error_of_fits, 0.5)
    assert stopped.tolist() == [7, 4, 10]
    assert calls == [(4, 3), (7, 2), (10, 1)]


def test_a_walk_that_does_not_stop_says_so() -> None:
    with pytest.raises(ValueError, match=r"target_error must be reached by a training size of at most 9; got 0\.1, which is not"):
        first_good_size(np.random.default_rng(0), 2, range(4, 10), lambda _, walks: np.full(walks, 0.5), 0.1)


def test_the_first_step_is_one_fit() -> None:
    """A walk stops at m = 2 K as often as one fit to so many samples is good enough, and else at the next size as often as a fit to those."""
    rng, size, target = np.random.default_rng(1), 6000, 0.2
    stopped = sample_logistic_stopping_size(rng, size, target_error=target, step=8, **DESIGN)["stopping_size"]
    good = [sample_logistic_error(rng, size, sample_size=m, ridge=1.0, **DESIGN)["error"] < target for m in (4, 12)]
    assert_same_mean(1.0 * (stopped == 4), 1.0 * good[0])
    later = stopped[stopped > 4]
    assert_same_mean(1.0 * (later == 12), 1.0 * good[1])
    assert set(np.unique((stopped - 4) % 8)) == {0.0}


def test_the_penalty_and_the_scale_matter() -> None:
    rng = np.random.default_rng(2)
    setting = {"target_error": 0.12, "step": 2}
    weak, strong = (sample_logistic_stopping_size(rng, 3000, ridge=ridge, **setting, **DESIGN)["stopping_size"] for ridge in (1.0, 1000.0))
    small = sample_logistic_stopping_size(rng, 3000, ridge=1000.0, standard_deviations=1000.0**0.5, **setting, **DESIGN)["stopping_size"]
    assert abs(weak.mean() - strong.mean()) > 8 * np.sqrt((weak.var() + strong.var()) / 3000)
    assert_same_mean(small, weak)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_a_device_generator_suffices(classes: int) -> None:
    drawn = sample_logistic_stopping_size(DeviceGenerator(3), 3, target_error=0.3, step=6, test_points=50, **paper_design(classes, 6, rescaled=True))
    assert drawn["stopping_size"].shape == (3,)
    assert (drawn["stopping_size"] >= 2 * classes).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target_error": 0.0}, "target_error must be finite and > 0 and < 1"),
        ({"step": 0}, "step must be an integer >= 1"),
        ({"ridge": 0.0}, "ridge must be finite and > 0"),
        ({"test_points": 0}, "test_points must be an integer >= 1"),
        ({"gaps": (np.nan,)}, "gaps must be finite"),
    ],
)
def test_bad_input_is_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample_logistic_stopping_size(np.random.default_rng(0), 2, **({"target_error": 0.2, "step": 2} | DESIGN | change))
