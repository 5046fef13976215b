"""Samplers in many dimensions: short ones equal in law to raw data, on the host and through what a device offers."""

from __future__ import annotations

import numpy as np
import pytest
from sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from scipy.stats import norm

from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

SHIFTED = {"half_distance": 0.8, "shifted_half_distance": 1.2, "alignment": 0.6}
SPECTRAL = {"dimension": 6, "labeled_size": 4, "unlabeled_size": 15, **SHIFTED}
PSEUDO = {"dimension": 5, "labeled_size": 6, "unlabeled_size": 12, **SHIFTED}
PASSING = {"dimension": 30, "labeled_size": 10, "unlabeled_size": 40, **SHIFTED}
SCATTER = {"dimension": 4, "labeled_size": 9, "unlabeled_size": 20, "half_distance": 1.0, "scale_ratio": 2.0}


def test_spectral_rule_is_the_raw_one_in_law() -> None:
    raw = simulate.sample_spectral_rule_raw(np.random.default_rng(1), 6000, **SPECTRAL)
    short = simulate.sample_spectral_rule(np.random.default_rng(2), 6000, **SPECTRAL)
    for name in ("risk", "squared_cosine", "home_squared_cosine"):
        assert_equal_in_law(raw[name], short[name])
        assert short[name].shape == (6000,)


@pytest.mark.parametrize("dimension", [3, 5])
def test_pseudo_label_step_is_the_raw_one_in_law(dimension: int) -> None:
    setting = PSEUDO | {"dimension": dimension}
    raw = simulate.sample_pseudo_label_step_raw(np.random.default_rng(3), 6000, **setting)
    short = simulate.sample_pseudo_label_step(np.random.default_rng(4), 6000, **setting)
    for name in ("first_cosine", "cosine"):
        assert_equal_in_law(raw[name], short[name])
    # Joint in law, not only each by itself.
    assert_same_mean(raw["first_cosine"] * raw["cosine"], short["first_cosine"] * short["cosine"])


def test_message_passing_without_unlabelled_pull_is_the_labelled_mean() -> None:
    """With a vanishing second signal the estimate stays along the mean of the labelled samples."""
    values = simulate.sample_message_passing(np.random.default_rng(5), 4000, **PASSING | {"shifted_half_distance": 1e-6, "alignment": 0.0})
    mean = simulate.sample_mean_rule(np.random.default_rng(6), 4000, dimension=30, labeled_size=10, half_distance=0.8)
    assert_equal_in_law(values["cosine"], mean["cosine"])
    # At a right angle the labels say nothing of the other mean, and there is no estimate of it.
    assert not values["shifted_cosine"].any()


def test_message_passing_is_worth_less_than_labels() -> None:
    """It does better than the labels alone and worse than if all samples had labels; without a shift both estimates are one."""
    values = simulate.sample_message_passing(np.random.default_rng(7), 2000, **PASSING | {"alignment": 1.0, "shifted_half_distance": 0.8})
    alone = simulate.sample_mean_rule(np.random.default_rng(8), 2000, dimension=30, labeled_size=10, half_distance=0.8)
    everything = simulate.sample_mean_rule(np.random.default_rng(9), 2000, dimension=30, labeled_size=50, half_distance=0.8)
    assert alone["risk"].mean() - 0.005 > values["risk"].mean() > everything["risk"].mean() + 0.005
    assert values["shifted_cosine"] == pytest.approx(values["cosine"], rel=1e-9)


def test_scatter_rules_word_for_word() -> None:
    """One replicate at a time, with numpy's own functions, on the same draws."""
    values = simulate.sample_scatter_rules(np.random.default_rng(10), 3, **SCATTER)
    rng = np.random.default_rng(10)
    scales, mean = np.sqrt(2.0 ** np.linspace(-1, 1, 4)), np.full(4, 0.5)
    labels = 2.0 * rng.integers(0, 2, (3, 9)) - 1
    labeled = (rng.standard_normal((3, 9, 4)) + labels[:, :, None] * mean) * scales
    hidden = 2.0 * rng.integers(0, 2, (3, 20)) - 1
    unlabeled = (rng.standard_normal((3, 20, 4)) + hidden[:, :, None] * mean) * scales
    for k in range(3):
        average = (labels[k][:, None] * labeled[k]).mean(axis=0)
        pooled = np.cov((labels[k][:, None] * labeled[k]).T, bias=True)
        for name, scatter in (("total_scatter", unlabeled[k].T @ unlabeled[k]), ("pooled_scatter", pooled)):
            w = np.linalg.inv(scatter) @ average
            exact = norm.cdf(-(w @ (mean * scales)) / np.sqrt(w @ np.diag(scales**2) @ w))
            assert values[name][k] == pytest.approx(exact, rel=1e-9)


def test_scatter_of_too_few_labels_is_left_out() -> None:
    assert set(simulate.sample_scatter_rules(np.random.default_rng(0), 2, **SCATTER | {"labeled_size": 4})) == {"total_scatter"}
    one = simulate.sample_scatter_rules(np.random.default_rng(0), 2, **SCATTER | {"dimension": 1})
    assert one["total_scatter"].shape == (2,)


@pytest.mark.parametrize(
    ("sampler", "setting", "name"),
    [
        (simulate.sample_spectral_rule, SPECTRAL, "risk"),
        (simulate.sample_spectral_rule_raw, SPECTRAL, "risk"),
        (simulate.sample_pseudo_label_step, PSEUDO, "cosine"),
        (simulate.sample_pseudo_label_step_raw, PSEUDO, "cosine"),
        (simulate.sample_message_passing, PASSING, "risk"),
        (simulate.sample_scatter_rules, SCATTER, "total_scatter"),
    ],
)
def test_the_device_path(sampler, setting: dict, name: str) -> None:
    assert_equal_in_law(sampler(DeviceGenerator(1), 3000, **setting)[name], sampler(np.random.default_rng(2), 3000, **setting)[name])


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["sample_spectral_rule", "sample_message_passing"])
def test_on_a_device(name: str) -> None:
    cupy_or_skip()
    from theorylab.backend import generator

    sampler, setting = getattr(simulate, name), SPECTRAL if "spectral" in name else PASSING
    assert_equal_in_law(sampler(generator("cupy", 3, 0), 3000, **setting)["risk"].get(), sampler(np.random.default_rng(2), 3000, **setting)["risk"])


@pytest.mark.parametrize(
    ("sampler", "setting", "change", "message"),
    [
        (simulate.sample_spectral_rule, SPECTRAL, {"dimension": 1}, "dimension must be an integer >= 2"),
        (simulate.sample_spectral_rule, SPECTRAL, {"labeled_size": 0}, "labeled_size must be an integer >= 1"),
        (simulate.sample_spectral_rule_raw, SPECTRAL, {"unlabeled_size": 0}, "unlabeled_size must be an integer >= 1"),
        (simulate.sample_spectral_rule, SPECTRAL, {"alignment": 1.01}, "alignment must be finite and >= -1 and <= 1"),
        (simulate.sample_spectral_rule, SPECTRAL, {"half_distance": 0.0}, "half_distance must be finite and > 0"),
        (simulate.sample_pseudo_label_step, PSEUDO, {"dimension": 2}, "dimension must be an integer >= 3"),
        (simulate.sample_pseudo_label_step, PSEUDO, {"shifted_half_distance": -1.0}, "shifted_half_distance must be finite and > 0"),
        (simulate.sample_message_passing, PASSING, {"iterations": 0}, "iterations must be an integer >= 1"),
        (simulate.sample_message_passing, PASSING, {"alignment": -2.0}, "alignment must be finite"),
        (simulate.sample_scatter_rules, SCATTER, {"unlabeled_size": 4}, "unlabeled_size must be an integer >= 5; got 4"),
        (simulate.sample_scatter_rules, SCATTER, {"scale_ratio": 0.5}, "scale_ratio must be finite and >= 1"),
    ],
)
def test_bad_arguments(sampler, setting: dict, change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampler(np.random.default_rng(0), 2, **setting | change)
