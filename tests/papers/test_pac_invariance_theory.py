"""Gaps and comparisons of pac_invariance: identities, batches, independent routes, printed values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from tests.tools.sampling import assert_same_mean
from theorylab.models.structural_equations import apply_intervention, random_coefficients, structural_second_moment
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import chain_model, core_model, shift_model, star_model


def drawn(seed: int, nodes: int = 6, features: int = 3) -> tuple[np.ndarray, int, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    m = structural_second_moment(random_coefficients(rng, nodes, in_degree=2), rng.uniform(0.3, 1.5, nodes), rng.standard_normal(nodes))
    return m, int(rng.integers(nodes)), rng.standard_normal((features, nodes - 1)), rng.standard_normal(features)


def raw(m: np.ndarray, target: int, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    rest = [node for node in range(len(m)) if node != target]
    return phi @ m[np.ix_(rest, rest)] @ phi.T, phi @ m[rest, target], float(m[target, target])


@pytest.mark.parametrize("seed", range(6))
def test_gaps_by_their_definitions(seed: int) -> None:
    m, target, phi, w = drawn(seed)
    s, c, yy = raw(m, target, phi)
    found = theory.feature_moments(m, target, phi)
    for part, exact in zip(found, (s, c, yy), strict=True):
        np.testing.assert_allclose(part, exact, rtol=1e-12, atol=1e-12)

    def risk(v: np.ndarray) -> float:
        return float(yy - 2 * v @ c + v @ s @ v)

    best = theory.best_head(m, target, phi)
    assert best.head == pytest.approx(np.linalg.inv(s) @ c, rel=1e-9)
    assert best.risk == pytest.approx(risk(best.head), rel=1e-10)
    assert risk(best.head) <= minimize(risk, w).fun + 1e-9
    # The gradient by central differences, exact for a quadratic but for rounding.
    steps = 1e-4 * np.eye(3)
    gradient = [(risk(w + h) - risk(w - h)) / 2e-4 for h in steps]
    gaps = {kind: theory.invariance_gap(m, target, phi, w, kind) for kind in theory.GAP_KINDS}
    assert gaps["gradient"] == pytest.approx(np.linalg.norm(gradient), rel=1e-7)
    assert gaps["excess_risk"] == pytest.approx(risk(w) - best.risk, rel=1e-9)
    assert gaps["head"] == pytest.approx(np.linalg.norm(w - best.head), rel=1e-9)
    assert theory.invariance_gap(m, target, phi, w) == gaps["gradient"]
    assert theory.prediction_risk(m, target, phi.T @ w) == pytest.approx(risk(w), rel=1e-11)
    g, values = np.array(gradient), np.linalg.eigvalsh(s)
    assert gaps["excess_risk"] == pytest.approx(g @ np.linalg.inv(s) @ g / 4, rel=1e-6)
    assert values[0] * gaps["head"] ** 2 <= gaps["excess_risk"] <= values[-1] * gaps["head"] ** 2
    assert gaps["gradient"] ** 2 / (4 * values[-1]) <= gaps["excess_risk"] <= gaps["gradient"] ** 2 / (4 * values[0])


def test_no_representation_is_all_covariates() -> None:
    m, target, _, _ = drawn(10)
    w = np.arange(5.0)
    for kind in theory.GAP_KINDS:
        assert theory.invariance_gap(m, target, None, w, kind) == theory.invariance_gap(m, target, np.eye(5), w, kind)
    chosen = theory.selection([3, 0], 5)
    assert chosen.tolist() == [[0, 0, 0, 1, 0], [1, 0, 0, 0, 0]]
    rest = [node for node in range(6) if node != target]
    where = [rest[3], rest[0]]
    np.testing.assert_allclose(theory.feature_moments(m, target, chosen).features, m[np.ix_(where, where)])
    assert theory.selection(2, 3).tolist() == [[0, 0, 1]]


def test_batches_are_one_by_one() -> None:
    rng = np.random.default_rng(11)
    b = random_coefficients(rng, 5, in_degree=2)
    moments = np.array([[structural_second_moment(b, rng.uniform(0.3, 2.0, 5)) for _ in range(3)] for _ in range(2)])
    phis, heads = rng.standard_normal((4, 1, 1, 2, 4)), rng.standard_normal((3, 2))
    for kind in theory.GAP_KINDS:
        found = theory.invariance_gap(moments, 2, phis, heads, kind)
        assert found.shape == (4, 2, 3)
        for h, i, j in np.ndindex(4, 2, 3):
            assert found[h, i, j] == pytest.approx(theory.invariance_gap(moments[i, j], 2, phis[h, 0, 0], heads[j], kind), rel=1e-12)
    best = theory.best_head(moments, 2, phis)
    assert best.head.shape == (4, 2, 3, 2)
    assert best.risk.shape == (4, 2, 3)
    assert best.risk[3, 1, 2] == pytest.approx(theory.best_head(moments[1, 2], 2, phis[3, 0, 0]).risk, rel=1e-12)
    coefficients = rng.standard_normal((3, 4))
    risks = theory.prediction_risk(moments, 2, coefficients)
    assert risks.shape == (2, 3)
    assert risks[1, 0] == pytest.approx(theory.prediction_risk(moments[1, 0], 2, coefficients[0]), rel=1e-12)
    assert isinstance(theory.prediction_risk(moments[0, 0], 2, coefficients[0]), float)
    assert isinstance(theory.best_head(moments[0, 0], 2).risk, float)


def test_gaps_scale_with_the_covariates() -> None:
    """A change of units of features and head leaves excess risks alone; a turn of the features leaves all gaps alone."""
    m, target, phi, w = drawn(12)
    units = np.array([1e-4, 1.0, 1e5])
    turn = np.linalg.qr(np.random.default_rng(13).standard_normal((3, 3)))[0]
    changed = theory.invariance_gap(m, target, units[:, None] * phi, w / units, "excess_risk")
    assert changed == pytest.approx(theory.invariance_gap(m, target, phi, w, "excess_risk"), rel=1e-9)
    for kind in theory.GAP_KINDS:
        assert theory.invariance_gap(m, target, turn @ phi, turn @ w, kind) == pytest.approx(theory.invariance_gap(m, target, phi, w, kind), rel=1e-9)


def test_parents_have_no_gap_under_any_intervention() -> None:
    rng = np.random.default_rng(14)
    for reference in (core_model(), chain_model(), shift_model(), star_model(3)):
        b, variances, _ = reference.model
        q = len(b)
        phi = theory.selection([node - (node > reference.target) for node in reference.parents], q - 1)
        head = b[reference.target, list(reference.parents)]
        assert sorted(np.flatnonzero(b[reference.target])) == list(reference.parents)
        sites = [node for node in range(q) if node != reference.target]
        rows = (b[sites] != 0.0) * rng.standard_normal((len(sites), q))
        changed = apply_intervention(b, variances, sites=sites, kind="soft", new_coefficients=rows, new_variances=rng.uniform(0.3, 2.0, q - 1))
        shifted = apply_intervention(b, variances, sites=sites, kind="shift", new_means=rng.standard_normal(q - 1))
        for model in (changed, shifted):
            m = structural_second_moment(*model)
            for kind in theory.GAP_KINDS:
                assert theory.invariance_gap(m, reference.target, phi, head, kind) == pytest.approx(0.0, abs=1e-10)
            assert theory.best_head(m, reference.target, phi).risk == pytest.approx(variances[reference.target], rel=1e-10)


def test_reference_models() -> None:
    star = star_model(4)
    assert star.target == 1
    assert np.argwhere(star.model.coefficients).tolist() == [[1, 0], [2, 1], [3, 1], [4, 1], [5, 1]]
    assert star.model.noise_variances.tolist() == [1.0, 0.6, 0.5, 0.5, 0.5, 0.5]
    core = core_model()
    x = {(1, 0): 0.7, (3, 1): 0.9, (3, 2): -0.8, (4, 3): 0.8, (4, 0): 0.5, (5, 4): 0.6, (5, 3): -0.7}
    assert {(int(i), int(j)): float(core.model.coefficients[i, j]) for i, j in np.argwhere(core.model.coefficients)} == x
    assert core.model.noise_variances.tolist() == [1.0, 0.8, 0.9, 0.6, 0.5, 0.7]
    assert core.target == 3
    shifted = shift_model()
    assert {(int(i), int(j)) for i, j in np.argwhere(shifted.model.coefficients)} == {(1, 0), (2, 1), (3, 1), (3, 4)}
    chain = chain_model(cause_effect=2.0, child_effect=3.0, cause_variance=4.0, target_variance=5.0, child_variance=6.0)
    assert chain.model.coefficients.tolist() == [[0, 0, 0], [2, 0, 0], [0, 3, 0]]
    assert chain.model.noise_variances.tolist() == [4.0, 5.0, 6.0]
    assert chain_model().model.noise_variances.tolist() == [1.0, 0.8, 0.5]
    with pytest.raises(ValueError, match=r"^children must be an integer >= 1; got 0$"):
        star_model(0)
    with pytest.raises(ValueError, match=r"^child_variance must be finite and > 0; got"):
        chain_model(child_variance=0.0)


# Comparisons


@pytest.mark.parametrize(("b", "a", "w1", "wy", "w2"), [(1.2, 1.0, 1.0, 0.8, 0.5), (-0.7, 2.0, 3.0, 0.4, 1.5), (0.5, 0.0, 1.0, 1.0, 1.0)])
def test_chain_head_by_solving(b: float, a: float, w1: float, wy: float, w2: float) -> None:
    m = structural_second_moment(*chain_model(b, a, w1, wy, w2).model)
    found, exact = theory.chain_head(b, a, wy, w2), theory.best_head(m, 1)
    assert found.head == pytest.approx(exact.head, rel=1e-11, abs=1e-14)
    assert found.risk == pytest.approx(exact.risk, rel=1e-11)


def test_chain_printed_values() -> None:
    found = theory.chain_head(1.2, 1.0, 0.8, 0.5)
    assert found.head == pytest.approx([0.461538, 0.615385], abs=6e-7)
    assert found.risk == pytest.approx(0.307692, abs=6e-7)
    risks = theory.chain_risk_under_intervention(found.head, 1.2, 1.0, 0.8, [0.5, 2.0, 8.0])
    assert risks == pytest.approx([1.5347, 2.1027, 4.3749], abs=6e-5)


@pytest.mark.parametrize("s", [0.0, 0.7, 9.0])
def test_risk_under_intervention_by_moments(s: float) -> None:
    # Nodes X1, Y, X2; the child cut off, with mean square s.
    m = np.array([[2.0, 1.5 * 2.0, 0.0], [3.0, 1.5**2 * 2.0 + 0.6, 0.0], [0.0, 0.0, s]])
    head = np.array([0.4, -0.9])
    assert theory.chain_risk_under_intervention(head, 1.5, 2.0, 0.6, s) == pytest.approx(theory.prediction_risk(m, 1, head), rel=1e-12)


@pytest.mark.parametrize(("wy", "g", "w"), [(0.6, -0.7, 0.7), (1.3, 0.4, 0.2), (0.5, 0.0, 1.0)])
def test_unmixing_by_least_squares(wy: float, g: float, w: float) -> None:
    # Y = f + e, T = g Y + noise, features f and T.
    f = 1.7
    m = np.array([[f, f, g * f], [f, f + wy, g * (f + wy)], [g * f, g * (f + wy), g**2 * (f + wy) + w]])
    found, exact = theory.unmixing_predictor(wy, g, w), theory.best_head(m, 1)
    assert [found.parent_weight, found.measurement_weight] == pytest.approx(exact.head, rel=1e-10, abs=1e-12)
    assert found.risk == pytest.approx(exact.risk, rel=1e-10)


def test_unmixing_in_core_is_invariant_and_better_than_the_parents() -> None:
    core, rng = core_model(), np.random.default_rng(15)
    phi = np.zeros((3, 5))
    phi[0, 1] = phi[1, 2] = phi[2, 4] = 1.0
    phi[2, 3] = -0.6
    found = theory.unmixing_predictor(0.6, -0.7, 0.7)
    assert found.risk == pytest.approx(0.4225352, abs=6e-8)
    head = np.array([0.9 * found.parent_weight, -0.8 * found.parent_weight, found.measurement_weight])
    assert head == pytest.approx([0.633803, -0.563380, -0.422535], abs=6e-7)
    for _ in range(5):
        rows = (core.model.coefficients[[1, 4]] != 0.0) * rng.standard_normal((2, 6))
        changed = apply_intervention(*core.model, sites=[1, 4], kind="soft", new_coefficients=rows, new_variances=rng.uniform(0.3, 2.0, 2))
        best = theory.best_head(structural_second_moment(*changed), 3, phi)
        assert best.head == pytest.approx(head, abs=1e-11)
        assert best.risk == pytest.approx(found.risk, rel=1e-11)


def test_unfaithful_children_keep_their_coefficient() -> None:
    w0, vy = 0.6, 2.24
    effects = np.array([0.1, 0.5, 1.0, 1.6])
    variances = theory.unfaithful_child_variance(effects, w0, vy)
    assert np.all(variances > 0.0)
    residuals = []
    for a, w2 in zip(effects, variances, strict=True):
        best = theory.best_head(structural_second_moment(*chain_model(child_effect=a, child_variance=w2).model), 1, theory.selection([1], 2))
        assert best.head[0] == pytest.approx(w0, rel=1e-12)
        residuals.append(best.risk)
    assert residuals == pytest.approx(vy * (1 - w0 * effects), rel=1e-12)
    assert isinstance(theory.unfaithful_child_variance(0.5, w0, vy), float)


@pytest.mark.parametrize(("n", "rho"), [(1, 1.0), (1, 3.0), (4, 1.5), (25, 3.0), (7, 20.0)])
def test_range_violation_by_uniforms(n: int, rho: float) -> None:
    rng = np.random.default_rng([16, n])
    u = rng.random((40_000, n))
    low, high = u.min(axis=1), u.max(axis=1)
    found = theory.range_violation_means(n, rho)
    assert_same_mean(low + 1.0 - high, found.training)
    # The top 1/rho of the unit interval.
    start = 1.0 - 1.0 / rho
    other = rho * (np.clip(low - start, 0.0, None) + 1.0 - np.maximum(high, start))
    assert_same_mean(other, found.other)


def test_range_violation_printed_values_and_shapes() -> None:
    found: Any = theory.range_violation_means(25, 3.0)
    assert found.training == pytest.approx(0.0769, abs=6e-5)
    assert found.other == pytest.approx(0.1154, abs=6e-5)
    arrays = theory.range_violation_means([1, 25], 3.0)
    assert arrays.training == pytest.approx([1.0, 2 / 26])
    assert arrays.other[1] == found.other
    same = theory.range_violation_means([3, 9], 1.0)
    assert same.other == pytest.approx(same.training, rel=1e-14)


@pytest.mark.parametrize(
    ("b", "tau2", "p", "low", "high"), [(1.2, 1.0, 1, 0.5, 2.0), (-0.8, 0.3, 5, 1.0, 4.0), (1.0, 0.0, 2, 0.5, 3.0), (2.0, 1.0, 3, 1.5, 1.5)]
)
def test_noisy_sensors_by_search(b: float, tau2: float, p: int, low: float, high: float) -> None:
    def largest(w: float) -> float:
        moments = np.array([[[v + tau2 / p, b * v], [b * v, b**2 * v + 1.0]] for v in (low, 0.5 * (low + high), high)])
        return float(np.max(theory.invariance_gap(moments, 1, None, np.array([w]))))

    found = theory.noisy_observation_minimax_gap(b, tau2, p, low, high)
    search = minimize_scalar(largest, bracket=(found.head - 1.0, found.head + 1.1), tol=1e-12)
    assert found.gap == pytest.approx(search.fun, rel=1e-6, abs=1e-7)
    assert found.head == pytest.approx(search.x, abs=1e-6)
    assert largest(found.head) == pytest.approx(found.gap, rel=1e-10, abs=1e-12)


def test_noisy_sensors_printed_values() -> None:
    found = theory.noisy_observation_minimax_gap(1.2, 1.0, [1, 4, 16, 64, 256], 0.5, 2.0)
    assert found.gap == pytest.approx([0.8, 0.3, 0.085714, 0.022222, 0.005607], abs=6e-7)
    assert found.head.shape == (5,)


def test_latent_representations_keep_the_gaps() -> None:
    rng = np.random.default_rng(17)
    m, target, phi, w = drawn(18)
    mixing = rng.standard_normal((12, 5))
    lift = np.zeros((13, 6))
    rest = [node for node in range(6) if node != target]
    lift[np.ix_(range(12), rest)] = mixing
    lift[12, target] = 1.0
    observed = lift @ m @ lift.T
    lifted = theory.latent_representation(phi, mixing)
    assert lifted.shape == (3, 12)
    for kind in theory.GAP_KINDS:
        assert theory.invariance_gap(observed, 12, lifted, w, kind) == pytest.approx(theory.invariance_gap(m, target, phi, w, kind), rel=1e-9)
