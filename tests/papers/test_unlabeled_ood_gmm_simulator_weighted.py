"""Labelled and unlabelled samples together: short samplers against raw ones, control variates, votes, any array module, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate

RAW = {"dimension": 3, "labeled_size": 12, "unlabeled_size": 50, "half_distance": 1.6, "shift": 0.7, "labeled_weight": 0.4}
SHORT = RAW | {"score_scale": 0.02}
JOINT = {"dimension": 3, "labeled_size": 12, "unlabeled_size": 50, "half_distance": 1.6, "score_scale": 0.02}
VOTE = {"dimension": 3, "labeled_size": 6, "half_distance": 0.9, "alignment": 0.5}


def test_short_and_raw_samplers_are_equal_in_law() -> None:
    short = simulate.sample_weighted_excess(np.random.default_rng(0), 4000, **SHORT)
    raw = simulate.sample_weighted_excess_raw(np.random.default_rng(1), 3000, **RAW)
    for name in ("labeled", "unlabeled", "weighted"):
        assert_equal_in_law(short[name], raw[name])
        assert short[name].min() >= -1e-12


def test_means_of_the_controls() -> None:
    """a^2 (d - 1)/m + (1 - a)^2 (beta^2 + c^2 n (d - 2 + cos^2) E tanh^2), times m, with E tanh^2 by a sample of margins."""
    short = simulate.sample_weighted_excess(np.random.default_rng(2), 20_000, **SHORT)
    far = math.hypot(1.6, 0.7)
    margins = np.random.default_rng(3).standard_normal(1_000_000) + far
    spread = 0.02**2 * 50 * (1 + (1.6 / far) ** 2) * float(np.mean(np.tanh(far * margins) ** 2))
    for name, weight in (("unlabeled", 0.0), ("weighted", 0.4)):
        assert_same_mean(short[f"{name}_control"], 12 * (weight**2 * 2 / 12 + (1 - weight) ** 2 * (0.49 + spread)))
    joint = simulate.sample_joint_excess(np.random.default_rng(4), 20_000, **JOINT)
    margins = np.random.default_rng(5).standard_normal(1_000_000) + 1.6
    information = float(np.mean(np.tanh(1.6 * margins) ** 2))
    assert_same_mean(joint["joint_control"], 12 * 0.02**2 * 2 * (12 + 50 * information))


def test_controls_are_the_first_order_terms() -> None:
    """For many samples the excess is phi(s)/(2 s) times its control, replicate by replicate."""
    n, s, shift = 20_000, 1.2, 0.05
    far = math.hypot(s, shift)
    margins = np.random.default_rng(6).standard_normal(1_000_000) + far
    scale = 1 / (n * float(np.mean(np.tanh(far * margins) ** 2)))
    setting = {"dimension": 4, "labeled_size": 3000, "unlabeled_size": n, "half_distance": s}
    unit = math.exp(-(s**2) / 2) / math.sqrt(2 * math.pi) / (2 * s)
    values = simulate.sample_weighted_excess(np.random.default_rng(7), 64, shift=shift, labeled_weight=0.3, score_scale=scale, **setting)
    for name in ("unlabeled", "weighted"):
        assert np.corrcoef(values[name], values[f"{name}_control"])[0, 1] > 0.99
        assert values[name].mean() == pytest.approx(unit * values[f"{name}_control"].mean(), rel=0.03)
    scale = 1 / (3000 + 1 / scale)
    joint = simulate.sample_joint_excess(np.random.default_rng(8), 64, score_scale=scale, **setting)
    assert np.corrcoef(joint["joint"], joint["joint_control"])[0, 1] > 0.99
    assert joint["joint"].mean() == pytest.approx(unit * joint["joint_control"].mean(), rel=0.03)


def test_weights_at_their_ends() -> None:
    for weight, name in ((1.0, "labeled"), (0.0, "unlabeled")):
        values = simulate.sample_weighted_excess(np.random.default_rng(9), 200, **SHORT | {"labeled_weight": weight})
        np.testing.assert_allclose(values["weighted"], values[name], atol=1e-12)


def test_votes() -> None:
    values = simulate.sample_sign_votes(np.random.default_rng(10), 40_000, **VOTE)
    assert_same_mean(values["mean_vote"], float(ndtr(-math.sqrt(6) * 0.45)))
    right = float(ndtr(0.45))
    chances = [math.comb(6, k) * right**k * (1 - right) ** (6 - k) for k in range(7)]
    assert_same_mean(values["majority_vote"], sum(chances[:3]) + chances[3] / 2)
    single = simulate.sample_sign_votes(np.random.default_rng(11), 1000, **VOTE | {"labeled_size": 1})
    np.testing.assert_array_equal(single["mean_vote"], single["majority_vote"])
    line = simulate.sample_sign_votes(np.random.default_rng(12), 40_000, **VOTE | {"dimension": 1, "alignment": -1.0})
    assert_same_mean(line["mean_vote"], float(ndtr(math.sqrt(6) * 0.9)))


@pytest.mark.parametrize(
    ("sampler", "setting"),
    [
        (simulate.sample_weighted_excess, SHORT),
        (simulate.sample_weighted_excess_raw, RAW),
        (simulate.sample_joint_excess, JOINT),
        (simulate.sample_sign_votes, VOTE),
    ],
)
class TestDevice:
    def test_any_array_module(self, sampler, setting) -> None:
        values = sampler(DeviceGenerator(0), 16, **setting)
        assert all(np.isfinite(column).all() and column.shape == (16,) for column in values.values())
        block = sampler.block_size(**setting)
        assert block & (block - 1) == 0

    @pytest.mark.gpu
    def test_on_a_device(self, sampler, setting) -> None:
        cupy = cupy_or_skip()
        from theorylab.backend import DeviceGenerator as RealDevice

        device, host = sampler(RealDevice(cupy, 1, 0), 3000, **setting), sampler(np.random.default_rng(1), 3000, **setting)
        for name, column in device.items():
            assert_equal_in_law(cupy.asnumpy(column), host[name])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_weighted_excess(rng, 2, **SHORT | {"dimension": 1}), "dimension must be an integer >= 2; got 1"),
        (lambda rng: simulate.sample_weighted_excess(rng, 2, **SHORT | {"labeled_size": 0}), "labeled_size must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_weighted_excess(rng, 2, **SHORT | {"shift": -1.0}), "shift must be finite and >= 0; got -1.0"),
        (lambda rng: simulate.sample_weighted_excess(rng, 2, **SHORT | {"labeled_weight": 2.0}), "labeled_weight must be finite and >= 0 and <= 1"),
        (lambda rng: simulate.sample_weighted_excess(rng, 2, **SHORT | {"score_scale": -1.0}), "score_scale must be finite and >= 0; got -1.0"),
        (lambda rng: simulate.sample_weighted_excess_raw(rng, 2, **RAW | {"half_distance": 0.0}), "half_distance must be finite and > 0; got 0.0"),
        (lambda rng: simulate.sample_joint_excess(rng, 2, **JOINT | {"unlabeled_size": 0}), "unlabeled_size must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_sign_votes(rng, 2, **VOTE | {"alignment": 1.5}), "alignment must be finite and >= -1 and <= 1; got 1.5"),
        (lambda rng: simulate.sample_sign_votes(rng, 2, **VOTE | {"labeled_size": 0}), "labeled_size must be an integer >= 1; got 0"),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0))
