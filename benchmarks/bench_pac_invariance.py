"""Contests of pac_invariance: moments of interventions, violation counts, minimax heads; further ones in ``bench_pac_invariance_estimators.py``.

sempler and causalicp (both by J. Gamella) are the extra ``benchmark`` of the package; without them their contenders are left out.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
from bench_pac_invariance_estimators import estimator_contests
from contest import Contender, Contest
from peers_pac_invariance import inverted_moments, slsqp_minimax, substituted_moments, violations_one_by_one

from theorylab.models.structural_equations import (
    Environments,
    clamped_decomposition,
    clamped_features,
    feature_functionals,
    intervention_family,
    random_coefficients,
    sample_environments,
    second_moment_from_clamped,
)
from theorylab.numerics.convex import minimax_norms, minimax_norms_reference
from theorylab.papers.pac_invariance.closed_form import feature_moments, gap_as_norm, selection
from theorylab.papers.pac_invariance.monte_carlo import draw_moments, violation_counts

SLUG = "pac_invariance"
NODES, ENVIRONMENTS, INVERTED = 201, 100_000, 50


def moments() -> list[Contest]:
    """Return the moments of soft interventions on 3 of 201 nodes: the numbers that vary, and whole matrices."""
    rng = np.random.default_rng(0)
    b = random_coefficients(rng, NODES, in_degree=3)
    family = intervention_family(b, rng.uniform(0.4, 1.2, NODES), sites=[50, 100, 150])
    drawn = sample_environments(rng, ENVIRONMENTS, family)
    some = Environments(*(part[:200] for part in drawn))
    rows = np.eye(NODES)[rng.choice(NODES, 6, replace=False)]

    def features() -> np.ndarray:
        return np.asarray(clamped_features(clamped_decomposition(*family.model, sites=family.sites), family, drawn))

    def matrices() -> np.ndarray:
        form = clamped_decomposition(*family.model, sites=family.sites)
        return np.asarray(second_moment_from_clamped(form, family, some))

    def difference(found: np.ndarray, exact: np.ndarray) -> float:
        scale = np.sqrt(np.einsum("eii,ejj->eij", exact, exact))
        return float(np.max(np.abs(found - exact) / scale))

    def check() -> None:
        exact = inverted_moments(family, drawn, INVERTED)
        assert difference(matrices()[:INVERTED], exact) < 1e-12
        assert difference(substituted_moments(family, drawn, INVERTED), exact) < 1e-12
        functionals = feature_functionals(clamped_decomposition(*family.model, sites=family.sites), family, rows, rows[0])
        entries, wanted = features()[:INVERTED] @ functionals.T, (exact @ rows[0]) @ rows.T
        assert np.max(np.abs(entries - wanted) / np.max(np.abs(wanted), axis=1, keepdims=True)) < 1e-12

    few = (
        Contender("numpy.linalg.inv of I - B for each (50 timed)", lambda: inverted_moments(family, drawn, INVERTED), INVERTED / ENVIRONMENTS),
        Contender("scipy solve_triangular for each (50 timed)", lambda: substituted_moments(family, drawn, INVERTED), INVERTED / ENVIRONMENTS),
    )
    numbers = Contest(
        SLUG,
        "moments of soft interventions, q = 201, k = 3, 1e5 environments",
        (Contender("clamped_features, the numbers that vary", features), *few),
        answer="entries of E x x^T to 1e-12",
        check=check,
        target=300.0,
    )
    everything = Contest(
        SLUG,
        "all of E x x^T, q = 201, k = 3, 200 environments",
        (
            Contender("second_moment_from_clamped", matrices),
            Contender("numpy.linalg.inv of I - B for each", lambda: inverted_moments(family, some, 200)),
            Contender("scipy solve_triangular for each", lambda: substituted_moments(family, some, 200)),
        ),
        answer="matrices to 1e-12",
        check=check,
        rounds=3,
    )
    return [numbers, everything]


def counting() -> Contest:
    """Return the violations of 1e4 (Phi, w, eps) on 1e5 environments; both take a part of the hypotheses, and the time is that of all."""
    hypotheses, ours, theirs = 10_000, 2500, 200
    rng = np.random.default_rng(1)
    features, functionals = rng.standard_normal((ENVIRONMENTS, 25)), rng.standard_normal((hypotheses, 2, 25))
    thresholds = rng.uniform(0.0, 40.0, hypotheses)

    def check() -> None:
        tracemalloc.start()
        found = violation_counts(features[:20_000], functionals, thresholds)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        # More environments come in as many tiles more: the peak does not grow.
        assert peak + features.nbytes + functionals.nbytes < 2**31
        assert np.array_equal(found[:100], violations_one_by_one(features[:20_000], functionals[:100], thresholds[:100]))

    return Contest(
        SLUG,
        "violations of 1e4 hypotheses on 1e5 environments, D = 25, r = 2 (within 2 GiB)",
        (
            Contender(
                "violation_counts (a quarter timed)",
                lambda: violation_counts(features, functionals[:ours], thresholds[:ours]),
                ours / hypotheses,
            ),
            Contender(
                "numpy, one hypothesis at a time (200 timed)",
                lambda: violations_one_by_one(features, functionals[:theirs], thresholds[:theirs]),
                theirs / hypotheses,
            ),
        ),
        answer="equal counts",
        check=check,
        rounds=3,
    )


def minimax(kind: str) -> Contest:
    """Return a thousand minimax heads of two features over 20 environments of CORE; the rivals solve some of them."""
    heads, few = 1000, 20
    environments = draw_moments(np.random.default_rng(2), 20 * heads, "core").reshape(heads, 20, 6, 6)
    s, c, _ = feature_moments(environments, 3, selection([1, 3], 5))
    a, b = gap_as_norm(s, c, kind)
    named = {"gradient": "the gradient of the risk", "head": "the distance of heads"}[kind]

    def cone_programs() -> np.ndarray:
        return np.array([minimax_norms_reference(*problem)[1] for problem in zip(a[:few], b[:few], strict=True)])

    def sequential_programs() -> np.ndarray:
        return np.array([slsqp_minimax(*problem) for problem in zip(a[:few], b[:few], strict=True)])

    def check() -> None:
        values = minimax_norms(a, b).values[:few]
        assert np.max(np.abs(values / cone_programs() - 1.0)) < 1e-7
        # SLSQP may stop early; it is never below the minimum.
        ratio = sequential_programs() / values
        assert np.min(ratio) > 1.0 - 1e-9
        assert np.max(ratio) < 1.0 + 1e-4

    return Contest(
        SLUG,
        f"1000 minimax heads by {named}, N = 20, r = 2 (at most 2 s asked)",
        (
            Contender("minimax_norms", lambda: minimax_norms(a, b)),
            Contender("cvxpy with CLARABEL, one by one (20 timed)", cone_programs, few / heads),
            Contender("scipy SLSQP, one by one (20 timed)", sequential_programs, few / heads),
        ),
        answer="values to 1e-7 (SLSQP: 1e-4)",
        check=check,
        target=50.0,
    )


def contests() -> list[Contest]:
    """Return the contests of the paper."""
    return [*moments(), counting(), minimax("gradient"), minimax("head"), *estimator_contests()]
