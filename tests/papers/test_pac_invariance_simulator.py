"""Samplers of pac_invariance: environments and heads against raw routes that invert and search; devices; bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.tools.sampling import DeviceGenerator, assert_equal_in_law, assert_same_mean, cupy_or_skip
from theorylab.backend import generator
from theorylab.numerics.convex import minimax_norms_reference
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.reference_models import core_model, shift_model


def numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


SITES = {"core": [1, 4], "core_all": [0, 1, 2, 4, 5], "core_pulled": [1, 4], "shifted": [0, 2, 3], "shifted_means": [0, 2, 3, 4]}


def raw_moments(rng: np.random.Generator, size: int, name: str) -> np.ndarray:
    """Draw the equations of every environment and invert them."""
    reference = shift_model() if name.startswith("shifted") else core_model()
    b, variances, _ = reference.model
    q = len(b)
    moments = []
    for _ in range(size):
        new, noise, means = b.copy(), variances.copy(), np.zeros(q)
        for site in SITES[name]:
            if name == "shifted_means":
                means[site] = rng.normal()
            else:
                new[site] = (b[site] != 0.0) * rng.normal(0.5 if name == "core_pulled" else 0.0, 1.0, q)
                noise[site] = rng.uniform(0.3, 2.0)
        inverse = np.linalg.inv(np.eye(q) - new)
        moments.append(inverse @ (np.diag(noise) + np.outer(means, means)) @ inverse.T)
    return np.array(moments)


# Environments


@pytest.mark.parametrize("name", simulate.FAMILIES)
def test_moments_are_those_of_inverted_equations(name: str) -> None:
    reference = shift_model() if name.startswith("shifted") else core_model()
    found, raw = simulate.draw_moments(numbers(1), 20_000, name), raw_moments(numbers(2), 5000, name)
    q = len(reference.model.coefficients)
    assert found.shape == (20_000, q, q)
    weights = numbers(3).standard_normal((6, q))
    for i in range(q):
        # Rounding splits ties where nothing varies.
        assert_equal_in_law(found[:, i, i].round(9), raw[:, i, i].round(9))
        assert_equal_in_law(found[:, i, reference.target].round(9), raw[:, i, reference.target].round(9))
    for w in weights:
        assert_equal_in_law(np.einsum("i,tij,j->t", w, found, w), np.einsum("i,tij,j->t", w, raw, w))
    named = simulate.named_family(name)
    assert named.target == reference.target
    assert named.family.sites.tolist() == SITES[name]
    causes = theory.selection(list(named.parents), q - 1)
    head = reference.model.coefficients[reference.target, list(reference.parents)]
    assert np.max(theory.invariance_gap(found[:50], named.target, causes, head)) < 1e-10
    inverse = np.linalg.inv(np.eye(q) - reference.model.coefficients)
    np.testing.assert_allclose(simulate.observational_moment(name), inverse @ np.diag(reference.model.noise_variances) @ inverse.T, atol=1e-12)


def test_features_are_those_of_a_site_with_one_parent() -> None:
    first, second = simulate.draw_features(numbers(4), 20_000)
    t = numbers(5).normal(0.8, 0.5, 20_000)
    assert_equal_in_law(first, t)
    assert_equal_in_law(second - 1.29 * first**2, numbers(6).uniform(0.3, 2.0, 20_000))
    assert core_model().model.noise_variances[1] + 0.7**2 == pytest.approx(1.29)


def test_chain_environments() -> None:
    s, c = simulate.sample_chain_environments(numbers(7), (100, 200))
    assert s.shape == c.shape == (100, 200)
    rng = numbers(8)
    vy = 1.2**2 * rng.uniform(0.5, 2.0, 20_000) + 0.8
    a = rng.normal(1.0, 0.5, 20_000)
    exact = a**2 * vy + rng.uniform(0.3, 1.5, 20_000)
    assert_equal_in_law(s.ravel(), exact)
    assert_equal_in_law(c.ravel(), a * vy)
    assert_equal_in_law((s - c).ravel(), exact - a * vy)


def test_products_of_nodes() -> None:
    exact = simulate.observational_moment("core")
    for first, second in ((0, 0), (3, 5), (4, 1), (5, 5)):
        assert_same_mean(simulate.sample_product_moments(numbers(9), 60_000, first=first, second=second), exact[first, second], skewness=12.0)


# Heads


def counts(gaps: np.ndarray, train: int) -> np.ndarray:
    return np.array([(row[train:] > row[:train].max() * (1 + 1e-9)).sum() for row in gaps])


def test_fixed_heads() -> None:
    found = simulate.sample_fixed_head(numbers(10), 4000, interventions=4, fresh=12)
    s, c = simulate.sample_chain_environments(numbers(11), (4000, 16))
    raw = counts(np.abs(2 * (0.4 * s - c)), 4)
    assert_equal_in_law(found["count"], raw)
    assert np.array_equal(simulate.sample_fixed_head(numbers(11), 4000, interventions=4, fresh=12)["count"], raw)
    assert_same_mean(found["share"], 1 / 5)
    assert np.array_equal(found["share"], found["count"] / 12)
    assert np.array_equal(found["none"], 1.0 * (found["count"] == 0))
    # The largest of 16 is among the first 4.
    assert_same_mean(found["none"], 4 / 16)


@pytest.mark.parametrize("kind", theory.GAP_KINDS)
def test_scalar_heads_by_cvxpy(kind: str) -> None:
    assert simulate.GAPS == theory.GAP_KINDS
    found = simulate.sample_scalar_head(numbers(12), 3000, interventions=5, fresh=8, gap_kind=kind)
    assert_same_mean(found["share"], 2 / 6)
    # The same numbers, head by head.
    same = simulate.sample_scalar_head(numbers(13), 6, interventions=5, fresh=40, gap_kind=kind)
    s, c = simulate.sample_chain_environments(numbers(13), (6, 45))
    for row in range(6):
        scale, target = {"gradient": (2 * s, 2 * c), "excess_risk": (np.sqrt(s), c / np.sqrt(s)), "head": (s / s, c / s)}[kind]
        point, level = minimax_norms_reference(scale[row, :5, None, None], target[row, :5, None])
        gaps = np.abs(scale[row, 5:] * point[0] - target[row, 5:])
        assert same["count"][row] == np.sum(gaps > level)


def test_shift_heads_are_fully_supported() -> None:
    for r in (1, 2, 3):
        found = simulate.sample_shift_heads(numbers([14, r]), 3000, interventions=6, fresh=10, features=r)
        assert_same_mean(found["share"], (r + 1) / 7)
    # The mean residual of the model itself: means of Y, X2, X3, X4 from the equations, head by linear programs of cvxpy.
    rng = numbers(15)
    same = simulate.sample_shift_heads(numbers(15), 4, interventions=5, fresh=30, features=2)
    x1, e2, e3, x4 = rng.standard_normal((4, 4, 35))
    inverse = np.linalg.inv(np.eye(5) - shift_model().model.coefficients)
    means = np.einsum("ij,jtn->tni", inverse, np.stack([x1, 0 * x1, e2, e3, x4]))
    for row in range(4):
        point, level = minimax_norms_reference(means[row, :5, None, [2, 3]].transpose(1, 2, 0), means[row, :5, 1, None])
        assert same["count"][row] == np.sum(np.abs(means[row, 5:, [2, 3]].T @ point - means[row, 5:, 1]) > level * (1 + 1e-7))


@pytest.mark.parametrize("kind", theory.GAP_KINDS)
def test_core_heads_by_the_closed_form(kind: str) -> None:
    nodes, n, m = (1, 2, 4), 7, 25
    found = simulate.sample_core_heads(numbers(16), 8, interventions=n, fresh=m, nodes=nodes, gap_kind=kind)
    moments = simulate.draw_moments(numbers(16), 8 * (n + m), "core").reshape(8, n + m, 6, 6)
    phi = theory.selection([1, 2, 3], 5)
    for row in range(8):
        best = theory.minimax_head(moments[row, :n], 3, phi, kind)
        gaps = theory.invariance_gap(moments[row, n:], 3, phi, best.head, kind)
        assert found["count"][row] == np.sum(gaps > best.gap * (1 + 1e-7))
        assert found["supports"][row] == theory.minimax_head(moments[row, : n + 1], 3, phi, kind).supports
    assert np.array_equal(found["share"], found["count"] / m)
    assert np.array_equal(found["support_share"], found["supports"] / (n + 1))
    assert found["difference"] == pytest.approx(found["share"] - found["support_share"], abs=1e-15)


def test_support_shares_have_the_mean_of_violations() -> None:
    for family, nodes in (("core", (4,)), ("core_pulled", (1, 4)), ("shifted", (2, 3))):
        found = simulate.sample_core_heads(numbers(17), 2600, interventions=6, fresh=5, nodes=nodes, gap_kind="head", family=family)
        assert_same_mean(found["difference"], 0.0)
        assert np.all((found["supports"] >= 2) & (found["supports"] <= len(nodes) + 1))


# Devices and bad input


def tables(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {"value": found}


DEVICE = [
    (simulate.sample_uniform_violation, {"interventions": 6, "fresh": 20, "directions": 12}),
    (simulate.sample_empirical_gap, {"sample_size": 9}),
    (simulate.sample_empirical_gap, {"sample_size": 9, "route": "product"}),
    (simulate.sample_largest_parent_gap, {"sample_size": 9, "interventions": 4, "threshold": 1.5}),
]


@pytest.mark.parametrize(("sampler", "parameters"), DEVICE)
class TestDevice:
    def test_a_device_generator_is_enough(self, sampler: Callable[..., Any], parameters: dict[str, Any]) -> None:
        found, plain = tables(sampler(DeviceGenerator(28), 3000, **parameters)), tables(sampler(numbers(29), 3000, **parameters))
        assert found.keys() == plain.keys()
        for name in found:
            assert found[name].shape == (3000,)
            assert_equal_in_law(found[name], plain[name])

    @pytest.mark.gpu
    def test_on_a_gpu(self, sampler: Callable[..., Any], parameters: dict[str, Any]) -> None:
        cupy_or_skip()
        found, plain = tables(sampler(generator("cupy", 1, 0), 3000, **parameters)), tables(sampler(numbers(30), 3000, **parameters))
        for name in found:
            assert_equal_in_law(found[name].get(), plain[name])


def test_moments_need_no_more_than_a_device() -> None:
    for name in ("core", "shifted_means"):
        found, plain = simulate.draw_moments(DeviceGenerator(31), 3000, name), simulate.draw_moments(numbers(32), 3000, name)
        for i in range(len(found[0])):
            assert_equal_in_law(found[:, i, i].round(9), plain[:, i, i].round(9))


SIZES = {"interventions": 3, "fresh": 4}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda rng: simulate.named_family("cores"),
            "name must be one of 'core', 'core_all', 'core_pulled', 'shifted', 'shifted_means'; got 'cores'",
        ),
        (lambda rng: simulate.sample_fixed_head(rng, 2, interventions=0, fresh=4), "interventions must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_fixed_head(rng, 2, interventions=3, fresh=0), "fresh must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_scalar_head(rng, 2, **SIZES, gap_kind="risk"), "gap_kind must be one of 'gradient', 'excess_risk', 'head'; got"),
        (lambda rng: simulate.sample_shift_heads(rng, 2, **SIZES, features=4), "features must be at most 3; got 4"),
        (lambda rng: simulate.sample_shift_heads(rng, 2, **SIZES, features=0), "features must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_core_heads(rng, 2, **SIZES, nodes=(1,), gap_kind="x"), "gap_kind must be one of"),
        (lambda rng: simulate.sample_core_heads(rng, 2, **SIZES, nodes=(1,), family="x"), "family must be one of"),
    ],
)
def test_bad_input(call: Callable[[np.random.Generator], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call(numbers(0))
