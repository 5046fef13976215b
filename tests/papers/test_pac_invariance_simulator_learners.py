"""Samplers of pac_invariance: finite samples, missing sites, learners and subsets against rows, counts and searches of their own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from tests.tools.sampling import assert_equal_in_law, assert_same_mean
from theorylab.models.structural_equations import (
    clamped_decomposition,
    intervention_family,
    sample_environments,
    second_moment_from_clamped,
    structural_second_moment,
)
from theorylab.numerics import concentration
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.reference_models import core_model

CORE = structural_second_moment(*core_model().model)


def numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# Finite samples


def row_gaps(rng: np.random.Generator, size: int, n: int, nodes: tuple[int, ...], head: tuple[float, ...]) -> np.ndarray:
    x = rng.standard_normal((size, n, 6)) @ np.linalg.cholesky(CORE).T
    z = x[..., list(nodes)]
    return 2.0 * np.linalg.norm((z * (z @ np.array(head) - x[..., 3])[..., None]).mean(axis=1), axis=1)


@pytest.mark.parametrize("route", simulate.ROUTES)
def test_gaps_of_parents(route: str) -> None:
    for n in (1, 12):
        found = simulate.sample_empirical_gap(numbers(1), 20_000, sample_size=n, route=route)
        assert_equal_in_law(found["gap"], row_gaps(numbers(2), 20_000, n, (1, 2), (0.9, -0.8)))
        assert found["square"] == pytest.approx(found["gap"] ** 2, rel=1e-14)


@pytest.mark.parametrize("route", ["rows", "wishart"])
@pytest.mark.parametrize(("nodes", "head"), [((4,), (0.5,)), ((1, 2, 4), (0.5, -0.4, 0.3)), ((5, 0), (-0.2, 0.6))])
def test_gaps_of_other_heads(route: str, nodes: tuple[int, ...], head: tuple[float, ...]) -> None:
    found = simulate.sample_empirical_gap(numbers(3), 15_000, sample_size=9, nodes=nodes, head=head, route=route)
    assert_equal_in_law(found["gap"], row_gaps(numbers(4), 15_000, 9, nodes, head))
    phi = theory.selection([node - (node > 3) for node in nodes], 5)
    assert_same_mean(found["square"], theory.expected_squared_empirical_gap(CORE, 3, phi, head, 9), skewness=7.0)


def test_largest_gaps() -> None:
    found = simulate.sample_largest_parent_gap(numbers(5), 12_000, sample_size=10, interventions=5, threshold=0.9)
    assert set(np.unique(found)) == {0.0, 1.0}
    raw = row_gaps(numbers(6), 60_000, 10, (1, 2), (0.9, -0.8)).reshape(12_000, 5)
    assert_same_mean(found, 1.0 * (raw.max(axis=1) > 0.9))


def test_perturbations_stay_below_their_bound() -> None:
    for n, r in ((3, 1), (30, 4)):
        found = simulate.sample_gap_perturbation(numbers(7), 200, sample_size=n, features=r)["ratio"]
        assert found.shape == (200,)
        assert np.all((found >= 0.0) & (found <= 1.0))
        raw, rng = [], numbers(8)
        for _ in range(200):
            x = rng.standard_normal((n, 6)) @ np.linalg.cholesky(CORE).T
            phi, w = rng.standard_normal((r, 5)), rng.standard_normal(r)
            error = x.T @ x / n - CORE
            gaps = [2 * np.linalg.norm(phi @ np.delete(m, 3, 0) @ np.insert(phi.T @ w, 3, -1.0)) for m in (CORE + error, CORE)]
            raw.append(abs(gaps[0] - gaps[1]) / theory.gap_perturbation_bound(phi, w, error))
        assert_equal_in_law(found, np.array(raw))
        assert found.mean() == pytest.approx(np.mean(raw), abs=8 * np.hypot(found.std(), np.std(raw)) / np.sqrt(200))


# Missing sites


def test_missing_mass_has_its_moments() -> None:
    p = (0.4, 0.2, 0.2, 0.1, 0.05, 0.05)
    found = simulate.sample_missing_mass(numbers(9), 20_000, probabilities=p, interventions=15)
    exact = concentration.missing_mass_moments(p, 15)
    assert_same_mean(found["mass"], exact.mean)
    assert_same_mean(found["square"], exact.variance + exact.mean**2, skewness=6.0)
    assert np.array_equal(found["square"], found["mass"] ** 2)
    assert np.array_equal(found["all"] == 1.0, found["mass"] < 1e-12)
    uniform = simulate.sample_missing_mass(numbers(10), 20_000, probabilities=(0.25,) * 4, interventions=8)
    assert_same_mean(uniform["all"], concentration.all_seen_probability(4, 8))


def test_star_learner_violates_what_it_has_not_seen() -> None:
    p = (0.4, 0.3, 0.2, 0.1)
    found = simulate.sample_star_learner(numbers(11), 40, probabilities=p, interventions=5)
    assert found["violation"] == pytest.approx(found["mass"], abs=1e-12)
    assert len(set(found["mass"].round(6))) > 4
    # The masses are those of its own draws of children.
    unseen = simulate.sample_star_learner(numbers(12), 60, probabilities=(0.5, 0.3, 0.2), interventions=2)["mass"]
    possible = {0.0, 0.2, 0.3, 0.5, 0.5 + 0.2, 0.8}
    assert {round(float(value), 6) for value in unseen} <= {round(value, 6) for value in possible | {0.2 + 0.3, 0.7, 0.8, 0.5}}
    exact = concentration.missing_mass_moments((0.5, 0.3, 0.2), 2)
    assert abs(unseen.mean() - exact.mean) < 8 * np.sqrt(exact.variance / 60)


# Learners


def test_invariant_risk_and_pooling() -> None:
    n, m = 8, 50
    found = simulate.sample_invariant_risk(numbers(13), 2, interventions=n, fresh=m)
    rng = numbers(13)
    rest = [0, 1, 2, 4, 5]
    for row in range(2):
        train, test = simulate.draw_moments(rng, n, "core"), simulate.draw_moments(rng, m, "core")
        rng.integers(2**31)
        mean = train.mean(axis=0)
        pooled = np.linalg.solve(mean[np.ix_(rest, rest)], mean[rest, 3])
        risks = [np.insert(-pooled, 3, 1.0) @ moment @ np.insert(-pooled, 3, 1.0) for moment in test]
        gaps = [abs(2 * pooled @ (moment[np.ix_(rest, rest)] @ pooled - moment[rest, 3])) for moment in test]
        assert found["pooled_risk"][row] == pytest.approx(np.mean(risks), rel=1e-9)
        assert found["pooled_worst"][row] == pytest.approx(np.max(risks), rel=1e-9)
        assert found["pooled_gap"][row] == pytest.approx(np.max(gaps), rel=1e-9)
        unmixing = np.array([0.0, 0.633803, -0.563380, 0.6 * 0.422535, -0.422535])
        assert found["distance"][row] == pytest.approx(np.linalg.norm(pooled - unmixing), abs=2e-6)
        # With more environments than dimensions the unmixing predictor is what is left.
        assert found["gap"][row] < 0.01
        assert found["risk"][row] == pytest.approx(0.4225352, abs=2e-3)
        assert found["objective"][row] == pytest.approx(0.4225352, abs=2e-3)
    assert set(found) == {"gap", "risk", "objective", "pooled_risk", "pooled_gap", "pooled_worst", "distance"}


def test_two_environments_fool_invariant_risk() -> None:
    found = simulate.sample_invariant_risk(numbers(14), 1, interventions=2, fresh=200)
    assert found["gap"][0] > 0.01
    pulled = simulate.sample_invariant_risk(numbers(15), 1, interventions=8, family="core_pulled", fresh=50)
    assert pulled["pooled_gap"][0] > 10 * pulled["gap"][0]


def test_spurious_roots_need_three_environments() -> None:
    few = simulate.sample_spurious_root(numbers(16), 12, interventions=2, nodes=7, starts=8)
    enough = simulate.sample_spurious_root(numbers(16), 3, interventions=3, nodes=7, starts=8)
    # In some graphs the search finds only the roots that hold everywhere.
    assert few["violation"].max() > 1e-3
    assert np.all(enough["violation"] < 1e-9)
    assert np.any(few["roots"] > 0)
    assert np.all(few["roots"] <= 8)


def test_range_violations() -> None:
    n, m, rho = 5, 30, 3.0
    found = simulate.sample_range_violation(numbers(17), 3000, interventions=n, fresh=m, density_ratio=rho)
    exact = theory.range_violation_means(n, rho)
    assert_same_mean(found["training"], exact.training)
    assert_same_mean(found["other"], exact.other)
    # A fresh environment violates if and only if it lies outside the range of training.
    u = numbers(17).random((3000, n + 2 * m))
    low, high = u[:, :n].min(axis=1)[:, None], u[:, :n].max(axis=1)[:, None]
    assert found["training"] == pytest.approx(((u[:, n : n + m] < low) | (u[:, n : n + m] > high)).mean(axis=1), abs=1e-12)
    top = 1 - (1 - u[:, n + m :]) / rho
    assert found["other"] == pytest.approx(((top < low) | (top > high)).mean(axis=1), abs=1e-12)


# Subsets


def test_extensions_of_core() -> None:
    rng, parents = numbers(18), np.zeros(7)
    for _ in range(400):
        b, variances = simulate.extended_core(rng, 8)
        assert b.shape == (9, 9)
        assert np.array_equal(b[:6, :6], core_model().model.coefficients)
        assert np.array_equal(variances[:6], core_model().model.noise_variances)
        assert np.array_equal(b, np.tril(b, -1))
        assert (b[6:] != 0.0).sum(axis=1).tolist() == [2, 2, 2]
        sizes = np.abs(b[6:][b[6:] != 0.0])
        assert np.all((sizes >= 0.3) & (sizes <= 0.9))
        assert np.all((variances[6:] >= 0.4) & (variances[6:] <= 1.2))
        parents += b[7, :7] != 0.0
    assert parents / 400 == pytest.approx(np.full(7, 2 / 7), abs=8 * np.sqrt(10 / 49 / 400))
    assert np.array_equal(simulate.extended_core(rng, 5)[0], core_model().model.coefficients)


def largest_share(moments: np.ndarray, train: int) -> float:
    p = moments.shape[1] - 1
    worst = 0.0
    for columns in [*((i,) for i in range(p)), *combinations(range(p), 2)]:
        phi = theory.selection(list(columns), p)
        head = theory.best_head(moments[:train].mean(axis=0), 3, phi).head
        gaps = theory.invariance_gap(moments, 3, phi, head)
        worst = max(worst, float(np.mean(gaps[train:] > max(gaps[:train].max(), 1e-9))))
    return worst


def test_suprema_over_subsets() -> None:
    p, n, m = 7, 6, 40
    found = simulate.sample_subset_suprema(numbers(19), 3, covariates=p, interventions=n, fresh=m)
    rng = numbers(19)
    for row in range(3):
        b, variances = simulate.extended_core(rng, p)
        for name, sites in (("fixed", [1, 4]), ("all", [0, 1, 2, 4, 5, 6, 7])):
            family = intervention_family(b, variances, sites=sites)
            drawn = sample_environments(rng, n + m, family)
            moments = second_moment_from_clamped(clamped_decomposition(b, variances, sites=sites), family, drawn)
            assert found[name][row] == pytest.approx(largest_share(moments, n), abs=1e-12)
    assert found["difference"] == pytest.approx(found["all"] - found["fixed"], abs=1e-15)
    assert np.array_equal(found["larger"], 1.0 * (found["all"] > found["fixed"]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: simulate.sample_empirical_gap(rng, 2, sample_size=0), "sample_size must be an integer >= 1; got 0"),
        (
            lambda rng: simulate.sample_empirical_gap(rng, 2, sample_size=3, route="raw"),
            "route must be one of 'rows', 'wishart', 'product'; got 'raw'",
        ),
        (
            lambda rng: simulate.sample_empirical_gap(rng, 2, sample_size=3, nodes=(1, 4), route="product"),
            r"route must not be 'product' for another head than \(0.9, -0.8\) on \(1, 2\); got \(0.9, -0.8\) on \(1, 4\)",
        ),
        (lambda rng: simulate.sample_empirical_gap(rng, 2, sample_size=3, head=(0.9, 0.8), route="product"), "route must not be 'product'"),
        (lambda rng: simulate.sample_largest_parent_gap(rng, 2, sample_size=3, interventions=0, threshold=1.0), "interventions must be an integer"),
        (lambda rng: simulate.sample_gap_perturbation(rng, 2, sample_size=3, features=0), "features must be an integer >= 1; got 0"),
        (
            lambda rng: simulate.sample_missing_mass(rng, 2, probabilities=(0.5, 0.6), interventions=3),
            r"probabilities must be >= 0 and sum to 1; got \[0.5, 0.6\]",
        ),
        (lambda rng: simulate.sample_missing_mass(rng, 2, probabilities=(1.5, -0.5), interventions=3), "probabilities must be >= 0 and sum to 1"),
        (lambda rng: simulate.sample_missing_mass(rng, 2, probabilities=(1.0,), interventions=0), "interventions must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_star_learner(rng, 2, probabilities=(0.4,), interventions=3), "probabilities must be >= 0 and sum to 1"),
        (lambda rng: simulate.sample_invariant_risk(rng, 1, interventions=0), "interventions must be an integer >= 1; got 0"),
        (lambda rng: simulate.sample_spurious_root(rng, 1, interventions=2, nodes=3), "nodes must be an integer >= 4; got 3"),
        (lambda rng: simulate.sample_spurious_root(rng, 1, interventions=2, starts=0), "starts must be an integer >= 1; got 0"),
        (
            lambda rng: simulate.sample_range_violation(rng, 2, interventions=3, fresh=4, density_ratio=0.5),
            "density_ratio must be finite and >= 1; got",
        ),
        (lambda rng: simulate.sample_subset_suprema(rng, 1, covariates=4, interventions=3, fresh=4), "covariates must be an integer >= 5; got 4"),
    ],
)
def test_bad_input(call: Callable[[np.random.Generator], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call(numbers(0))
