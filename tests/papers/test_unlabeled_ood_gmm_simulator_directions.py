"""Directions from unlabelled samples: fits against plain searches, short samplers against raw ones, any array module, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.numerics.gaussian_integrals import ConvergenceError
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.papers.unlabeled_ood_gmm.monte_carlo import direction_estimators, mixture_fits

SETTING = {"dimension": 3, "sample_size": 60, "half_distance": 1.8}


def samples(seed: int | None, runs: int, dimension: int, size: int, s: float) -> np.ndarray:
    return simulate.draw_aligned_features(np.random.default_rng(seed), runs, dimension=dimension, sample_size=size, half_distance=s)


def test_newton_ends_where_em_ends() -> None:
    features, start = samples(0, 20, 4, 300, 1.2), np.array([1.2, 0.0, 0.0, 0.0])
    found = simulate.mixture_mean(features, start)
    slow = np.tile(start, (20, 1))
    for _ in range(3000):
        slow = np.einsum("rdn,rn->rd", features, np.tanh(np.einsum("rd,rdn->rn", slow, features))) / 300
    np.testing.assert_allclose(found, slow, atol=1e-9)


def test_a_mean_of_nothing_points_where_em_vanishes() -> None:
    features = 0.6 * np.random.default_rng().standard_normal((20, 3, 50))
    features[10:] *= 3.0
    start, leading = np.array([1.2, 0.0, 0.0]), simulate.leading_direction(features)
    second = features @ features.swapaxes(1, 2) / 50
    assert np.abs(simulate.mixture_mean(features, start)[:10]).max() < 1e-9
    found = direction_estimators.likely_direction(features, start, leading, np)
    for r in range(10):
        # EM from the start, kept at a length at which third orders do not count.
        w = start
        for _ in range(5000):
            w = features[r] @ np.tanh(1e-5 * w @ features[r]) / (1e-5 * 50)
            w /= np.linalg.norm(w)
        assert abs(w @ found[r]) == pytest.approx(1.0, abs=1e-6)
        assert found[r] @ second[r] @ found[r] == pytest.approx(np.linalg.eigvalsh(second[r])[-1])
    np.testing.assert_array_equal(found[10:], simulate.mixture_mean(features, start)[10:])


def test_directions_are_finite_where_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    features = 0.6 * np.random.default_rng().standard_normal((30, 3, 50))
    monkeypatch.setattr(direction_estimators, "draw_aligned_features", lambda *_, **__: features)
    found = simulate.sample_direction_errors(np.random.default_rng(), 30, dimension=3, sample_size=50, half_distance=1.2)
    assert all(np.isfinite(column).all() for column in found.values())
    np.testing.assert_allclose(found["likelihood"], found["leading"], rtol=1e-9)
    labels = np.ones((30, 50))
    monkeypatch.setattr(direction_estimators, "draw_symmetric_mixture", lambda *_, **__: (features.swapaxes(1, 2), labels))
    raw = simulate.sample_direction_errors_raw(np.random.default_rng(), 30, dimension=3, sample_size=50, half_distance=1.2)
    assert all(np.isfinite(column).all() for column in raw.values())
    # Where the two largest second moments are far enough apart EM points there before it is at rest.
    second = np.linalg.eigvalsh(features @ features.swapaxes(1, 2))
    apart = second[:, 1] < 0.7 * second[:, 2]
    assert apart.any()
    np.testing.assert_allclose(raw["likelihood"][apart], found["likelihood"][apart], rtol=0.02, atol=0.02)


def test_newton_takes_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the right Hessian ten digits are there after seven steps, nearly always."""
    monkeypatch.setattr(mixture_fits, "_NEWTON_STEPS", 7)
    features, nothing = samples(19, 30, 4, 2000, 1.2), np.zeros((30, 4))
    _, astray = mixture_fits._newton(features, nothing + np.array([1.2, 0.0, 0.0, 0.0]), nothing, 2000, 1e-10, np)
    assert astray.sum() <= 8


def test_likelihood_with_labels() -> None:
    rng = np.random.default_rng(1)
    features, start = samples(2, 10, 3, 200, 1.0), np.array([1.0, 0.0, 0.0])
    labeled = rng.standard_normal((10, 3)) * math.sqrt(50) + 50 * start
    found = simulate.mixture_mean(features, start, labeled_sum=labeled, labeled_size=50)
    right = np.einsum("rdn,rn->rd", features, np.tanh(np.einsum("rd,rdn->rn", found, features))) + labeled
    np.testing.assert_allclose(found, right / 250, atol=1e-9)
    # Labels alone: their mean. Very many unlabelled samples beside them: what these say.
    alone = simulate.mixture_mean(features[:, :, :0], start, labeled_sum=labeled, labeled_size=50)
    np.testing.assert_allclose(alone, labeled / 50, atol=1e-12)


def test_em_takes_over_where_newton_strays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weak classes and few samples: the end is a fixed point of EM that is no less likely than the start; and EM says when it does not end."""
    features, start = samples(3, 64, 6, 80, 0.7), np.array([0.7, 0, 0, 0, 0, 0])
    _, astray = mixture_fits._newton(features, start + 0 * features[:, :, 0], 0 * features[:, :, 0], 80, 1e-10, np)
    assert astray.any()
    found = simulate.mixture_mean(features, start)
    again = np.einsum("rdn,rn->rd", features, np.tanh(np.einsum("rd,rdn->rn", found, features))) / 80
    np.testing.assert_allclose(found, again, atol=1e-8)

    def likelihood(mean: np.ndarray) -> np.ndarray:
        return np.log(np.cosh(np.einsum("rd,rdn->rn", mean, features))).sum(axis=1) - 40 * (mean**2).sum(axis=1)

    assert np.all(likelihood(found) >= likelihood(np.tile(start, (64, 1))) - 1e-9)
    monkeypatch.setattr(mixture_fits, "_EM_STEPS", 3)
    with pytest.raises(ConvergenceError, match="EM did not end in 3 steps"):
        simulate.mixture_mean(features, start)


def test_absolute_direction_against_the_exact_maximum_in_the_plane() -> None:
    features = samples(4, 40, 2, 50, 1.0)
    exact = simulate.plane_ramp_angle(features[:, 0], features[:, 1], math.inf)
    heights = [np.abs(np.cos(angle) * features[r, 0] + np.sin(angle) * features[r, 1]).sum() for r, angle in enumerate(exact)]
    many = [np.array([math.cos(angle), math.sin(angle)]) for angle in np.linspace(0, math.pi, 60)]
    found = simulate.absolute_direction(features, many)
    np.testing.assert_allclose(np.abs(np.einsum("rd,rdn->rn", found, features)).sum(axis=1), heights, rtol=1e-12)
    # One start ends at a local maximum: never higher, sometimes lower.
    single = simulate.absolute_direction(features, [np.array([1.0, 0.0])])
    lost = heights - np.abs(np.einsum("rd,rdn->rn", single, features)).sum(axis=1)
    assert lost.min() >= -1e-9
    assert lost.max() > 1e-3
    np.testing.assert_allclose((found**2).sum(axis=1), 1.0)


def test_absolute_direction_says_when_signs_do_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixture_fits, "_SIGN_STEPS", 1)
    with pytest.raises(ConvergenceError, match="directions still change signs after 1 steps"):
        simulate.absolute_direction(samples(5, 20, 4, 200, 0.5), [np.array([0.0, 1.0, 0.0, 0.0])])


def test_leading_direction() -> None:
    features = samples(6, 10, 5, 40, 1.0)
    found = simulate.leading_direction(features)
    for direction, block in zip(found, features, strict=True):
        image = block @ block.T @ direction
        top = np.linalg.norm(image)
        np.testing.assert_allclose(np.abs(image @ direction), top, rtol=1e-10)
        assert top == pytest.approx(np.linalg.eigvalsh(block @ block.T)[-1])


def test_short_and_raw_samplers_are_equal_in_law() -> None:
    short = simulate.sample_direction_errors(np.random.default_rng(7), 4000, **SETTING)
    raw = simulate.sample_direction_errors_raw(np.random.default_rng(8), 400, **SETTING)
    for name in ("likelihood", "absolute", "leading", "labeled"):
        assert_equal_in_law(short[name], raw[name])
        assert short[name].shape == (4000,)
        assert short[name].min() >= 0.0


def test_means_of_the_scores() -> None:
    """E h^2 at a margin N(s, 1), by a sample of margins."""
    values = simulate.sample_direction_errors(np.random.default_rng(9), 4000, **SETTING)
    margins = np.random.default_rng(10).standard_normal(400_000) + 1.8
    assert_same_mean(values["likelihood_score"], float(np.mean(np.tanh(1.8 * margins) ** 2)))
    assert_same_mean(values["absolute_score"], 1.0)
    assert_same_mean(values["leading_score"], 1 + 1.8**2)
    assert set(np.unique(values["from_truth_nearer"])) <= {-1.0, 0.0, 1.0}


def test_plane_ramp_against_a_grid() -> None:
    rng = np.random.default_rng(11)
    angles = np.linspace(-math.pi / 2, math.pi / 2, 20_001)
    for tau in (0.3, 1.0, 3.0, math.inf):
        first, second = rng.standard_normal((2, 12, 25))
        first = first + 0.8
        found = simulate.plane_ramp_angle(first, second, tau)
        for r in range(12):
            margins = np.abs(np.cos(angles)[:, None] * first[r] + np.sin(angles)[:, None] * second[r])
            best = np.minimum(margins, tau).sum(axis=1).max()
            reached = np.minimum(np.abs(np.cos(found[r]) * first[r] + np.sin(found[r]) * second[r]), tau).sum()
            assert best - 1e-9 <= reached <= best + 0.01


def test_plane_ramp_sees_no_sign_and_turns_with_its_samples() -> None:
    rng = np.random.default_rng(12)
    first, second = rng.standard_normal((2, 5, 40)) + np.array([1.5, 0.0])[:, None, None]
    signs = rng.choice([-1.0, 1.0], (5, 40))
    for tau in (0.9, math.inf):
        base = simulate.plane_ramp_angle(first, second, tau)
        np.testing.assert_allclose(simulate.plane_ramp_angle(signs * first, signs * second, tau), base, atol=1e-12)
        turned = simulate.plane_ramp_angle(math.cos(0.4) * first - math.sin(0.4) * second, math.sin(0.4) * first + math.cos(0.4) * second, tau)
        np.testing.assert_allclose(np.sin(turned - base - 0.4), 0.0, atol=1e-9)
        np.testing.assert_allclose(simulate.plane_ramp_angle(3 * first, 3 * second, 3 * tau), base, atol=1e-9)
    # One sample: the direction along it.
    alone = simulate.plane_ramp_angle(np.array([[-1.0]]), np.array([[-1.0]]), math.inf)
    np.testing.assert_allclose(alone, math.pi / 4)


def test_plane_sampler_states_what_it_says() -> None:
    values = simulate.sample_plane_ramp(np.random.default_rng(13), 500, sample_size=40, mean=(0.6, 0.8), threshold=1.5, deviations=(1.0, 1.4))
    np.testing.assert_allclose(values["sine_square"], np.sin(values["angle"] - math.atan2(0.8, 0.6)) ** 2, atol=1e-12)
    np.testing.assert_allclose(values["scaled_sine"], np.sqrt(40 * values["sine_square"]), atol=1e-12)
    # Off the mean nothing else is random: |N(0, K/n)|, K samples within tau.
    round_classes = simulate.sample_plane_ramp(np.random.default_rng(14), 4000, sample_size=40, mean=(0.0, 1.0), threshold=math.inf)
    assert_same_mean(round_classes["score"], math.sqrt(2 / math.pi))
    assert_same_mean(round_classes["score"] ** 2, 1.0)
    narrow = simulate.sample_plane_ramp(np.random.default_rng(15), 4000, sample_size=40, mean=(0.0, 1.0), threshold=0.5)
    margins = np.random.default_rng(16).standard_normal(400_000) + 1.0
    assert_same_mean(narrow["score"] ** 2, float(np.mean(np.abs(margins) < 0.5)))


def test_unlabeled_ramp_on_raw_samples() -> None:
    alignments = (1.0, 0.6, 0.0, -1.0)
    values = simulate.sample_unlabeled_ramp(
        np.random.default_rng(17), 40_000, dimension=3, mean_length=0.9, standard_deviation=1.5, threshold=2.0, alignments=alignments
    )["ramp"]
    assert values.shape == (40_000, 4)
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    np.testing.assert_allclose(values[:, 0], values[:, 3])
    noise = np.random.default_rng(18).standard_normal(400_000)
    for column, alignment in enumerate(alignments):
        assert_same_mean(values[:, column], np.maximum(0.0, 1 - np.abs(0.9 * alignment + 1.5 * noise) / 2))


@pytest.mark.parametrize(
    ("sampler", "setting"),
    [
        (simulate.sample_direction_errors, SETTING),
        (simulate.sample_direction_errors_raw, SETTING),
        (simulate.sample_plane_ramp, {"sample_size": 50, "mean": (1.0, 0.0), "threshold": 2.0}),
        (simulate.sample_plane_ramp, {"sample_size": 50, "mean": (1.0, 0.0), "threshold": math.inf}),
        (simulate.sample_unlabeled_ramp, {"dimension": 2, "mean_length": 1.0, "alignments": (1.0, 0.5), "threshold": 1.0}),
    ],
)
class TestDevice:
    def test_any_array_module(self, sampler, setting) -> None:
        values = sampler(DeviceGenerator(0), 16, **setting)
        assert all(np.isfinite(column).all() and len(column) == 16 for column in values.values())

    @pytest.mark.gpu
    def test_on_a_device(self, sampler, setting) -> None:
        cupy = cupy_or_skip()
        from theorylab.backend import DeviceGenerator as RealDevice

        device, host = sampler(RealDevice(cupy, 1, 0), 3000, **setting), sampler(np.random.default_rng(1), 3000, **setting)
        for name, column in device.items():
            if column.ndim == 1 and name != "from_truth_nearer":
                assert_equal_in_law(cupy.asnumpy(column), host[name])


def test_blocks_are_powers_of_two() -> None:
    for sampler, setting in (
        (simulate.sample_direction_errors, {"dimension": 5, "sample_size": 1000, "half_distance": 1.0}),
        (simulate.sample_plane_ramp, {"sample_size": 1_000_000, "mean": (1.0, 0.0), "threshold": 0.3}),
        (simulate.sample_unlabeled_ramp, {"dimension": 6, "mean_length": 1.0, "alignments": (1.0,), "threshold": 1.0}),
    ):
        block = sampler.block_size(**setting)
        assert block >= 1
        assert block & (block - 1) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_direction_errors(rng, 2, **{**SETTING, "dimension": 1}), "dimension must be an integer >= 2; got 1"),
        (lambda rng: simulate.sample_direction_errors(rng, 2, **{**SETTING, "sample_size": 0}), "sample_size must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_direction_errors_raw(rng, 2, **{**SETTING, "half_distance": 0}), "half_distance must be finite and > 0; got 0"),
        (lambda rng: simulate.sample_plane_ramp(rng, 2, sample_size=5, mean=(0.0, 0.0), threshold=1.0), "mean must not be 0"),
        (lambda rng: simulate.sample_plane_ramp(rng, 2, sample_size=5, mean=(1.0, 0.0), threshold=0.0), "threshold must be finite and > 0; got 0.0"),
        (
            lambda rng: simulate.sample_plane_ramp(rng, 2, sample_size=5, mean=(1.0, 0.0), threshold=1.0, deviations=(1.0, -1.0)),
            "deviations must be finite and > 0",
        ),
        (
            lambda rng: simulate.sample_unlabeled_ramp(rng, 2, dimension=2, mean_length=1.0, alignments=(1.5,), threshold=1.0),
            "alignments must be finite and >= -1 and <= 1",
        ),
        (
            lambda rng: simulate.sample_unlabeled_ramp(rng, 2, dimension=1, mean_length=1.0, alignments=(0.5,), threshold=1.0),
            "dimension must be >= 2 for means that are not parallel; got 1",
        ),
    ],
)
def test_bad_arguments(call, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        call(np.random.default_rng(0))
