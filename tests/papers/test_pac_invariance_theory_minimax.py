"""Minimax heads of the three gaps: optimal by search, alike by both solvers, one problem or many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from theorylab.models.structural_equations import clamped_decomposition, intervention_family, sample_environments, second_moment_from_clamped
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance.reference_models import core_model


def moments(seed: int, count: int) -> np.ndarray:
    model = core_model().model
    family = intervention_family(*model, sites=[1, 4])
    drawn = sample_environments(np.random.default_rng(seed), count, family)
    return np.asarray(second_moment_from_clamped(clamped_decomposition(*model, sites=[1, 4]), family, drawn))


@pytest.mark.parametrize("kind", theory.GAP_KINDS)
def test_gaps_are_norms(kind: str) -> None:
    m, rng = moments(1, 5), np.random.default_rng(2)
    phi, w = rng.standard_normal((3, 5)), rng.standard_normal(3)
    s, c, _ = theory.feature_moments(m, 3, phi)
    a, b = theory.gap_as_norm(s, c, kind)
    assert a.shape == (5, 3, 3)
    assert b.shape == (5, 3)
    norms = np.linalg.norm(a @ w - b, axis=-1)
    exact = theory.invariance_gap(m, 3, phi, w, kind)
    np.testing.assert_allclose(norms**2 if kind == "excess_risk" else norms, exact, rtol=1e-10)


@pytest.mark.parametrize(
    ("second", "cross"), [((2, 3), (3,)), ((4, 3, 2), (4, 2)), ((0, 0), (0,)), ((3,), (3,)), ((3, 3), (2,)), ((5, 3, 3), (5, 2))]
)
def test_shapes_that_do_not_fit(second: tuple[int, ...], cross: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"feature_second_moment and cross must have shapes \(..., r, r\) and \(..., r\); got"):
        theory.gap_as_norm(np.ones(second), np.ones(cross), "gradient")


@pytest.mark.parametrize("solver", ["batched", "cvxpy"])
@pytest.mark.parametrize("kind", theory.GAP_KINDS)
@pytest.mark.parametrize("columns", [[3], [1, 3], [1, 2, 3]])
def test_heads_are_optimal(kind: str, solver: str, columns: list[int]) -> None:
    m, phi = moments(3, 12), theory.selection(columns, 5)
    found = theory.minimax_head(m, 3, phi, kind, solver=solver)
    gaps = theory.invariance_gap(m, 3, phi, found.head, kind)
    assert gaps.max() == pytest.approx(float(found.gap), rel=1e-6)
    assert found.gap.shape == found.supports.shape == ()
    assert 2 <= found.supports <= len(columns) + 1
    assert int(np.sum(gaps > gaps.max() * (1 - 1e-5))) == found.supports
    rng = np.random.default_rng(4)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(20):
            other = theory.invariance_gap(m, 3, phi, found.head + size * rng.standard_normal(len(columns)), kind)
            assert other.max() >= gaps.max() * (1 - 1e-7)
    again = theory.minimax_head(m, 3, phi, kind)
    assert found.gap == pytest.approx(again.gap, rel=1e-6)
    assert found.head == pytest.approx(again.head, abs=1e-4)


@pytest.mark.parametrize("kind", theory.GAP_KINDS)
def test_one_feature_by_search(kind: str) -> None:
    m, phi = moments(5, 20), np.random.default_rng(6).standard_normal((1, 5))
    found = theory.minimax_head(m, 3, phi, kind)
    search = minimize_scalar(lambda w: theory.invariance_gap(m, 3, phi, np.array([w]), kind).max(), bracket=(-1.0, 1.0), tol=1e-12)
    assert found.gap == pytest.approx(search.fun, rel=1e-8)
    assert found.head[0] == pytest.approx(search.x, abs=1e-5)
    assert found.supports == 2


@pytest.mark.parametrize("solver", ["batched", "cvxpy"])
def test_batches_are_one_by_one(solver: str) -> None:
    m, phi = moments(7, 24).reshape(2, 2, 6, 6, 6), theory.selection([1, 3], 5)
    for kind in theory.GAP_KINDS:
        found = theory.minimax_head(m, 3, phi, kind, solver=solver)
        assert found.head.shape == (2, 2, 2)
        assert found.gap.shape == found.supports.shape == (2, 2)
        for i, j in np.ndindex(2, 2):
            single = theory.minimax_head(m[i, j], 3, phi, kind, solver=solver)
            assert found.head[i, j] == pytest.approx(single.head, rel=1e-9)
            assert found.gap[i, j] == pytest.approx(single.gap, rel=1e-9)
            assert found.supports[i, j] == single.supports


def test_invariant_heads_have_no_gap() -> None:
    m = moments(8, 9)
    found = theory.minimax_head(m, 3, theory.selection([1, 2], 5))
    assert found.head == pytest.approx([0.9, -0.8], abs=1e-10)
    assert found.gap == pytest.approx(0.0, abs=1e-10)
    assert found.supports == 0
    # Of one environment the best head has no gap either.
    single = theory.minimax_head(m[:1], 3)
    assert single.head == pytest.approx(theory.best_head(m[0], 3).head, rel=1e-9)
    # All covariates are the default.
    everything = theory.minimax_head(m, 3, None, "excess_risk")
    assert everything.gap == pytest.approx(theory.minimax_head(m, 3, np.eye(5), "excess_risk").gap, rel=1e-12)
