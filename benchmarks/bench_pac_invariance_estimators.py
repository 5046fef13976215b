"""Contests of the samplers and estimators of pac_invariance: rows, gaps from samples, hulls, causal prediction, invariant risk."""

from __future__ import annotations

import math

import numpy as np
from agreement import assert_means_agree
from contest import Contender, Contest
from peers_pac_invariance import bfgs_invariant_risk, gap_by_rows, hull_mass, optional, subset_p_values

from theorylab.models.structural_equations import (
    environment_model,
    intervention_family,
    random_coefficients,
    sample_environments,
    sample_structural_equations,
    structural_second_moment,
)
from theorylab.papers.pac_invariance.estimators import InvariantCausalPrediction, irm_v1
from theorylab.papers.pac_invariance.monte_carlo import ROUTES, draw_features, draw_moments, sample_empirical_gap, sample_hull
from theorylab.papers.pac_invariance.reference_models import core_model

__all__ = ["estimator_contests"]

SLUG = "pac_invariance"


def rows_of_models() -> Contest:
    """Return 1e5 rows of 50 nodes: equation by equation, by a product with (I - B)^-1, and as sempler draws them."""
    rng = np.random.default_rng(3)
    size, nodes = 100_000, 50
    b, variances = random_coefficients(rng, nodes, in_degree=3), rng.uniform(0.4, 1.2, nodes)
    exact = structural_second_moment(b, variances)
    sempler = optional("sempler")

    def ours() -> np.ndarray:
        return np.asarray(sample_structural_equations(rng, size, coefficients=b, noise_variances=variances))

    def product() -> np.ndarray:
        return rng.standard_normal((size, nodes)) @ (np.linalg.inv(np.eye(nodes) - b) * np.sqrt(variances)).T

    contenders = [Contender("sample_structural_equations", ours)]
    if sempler is not None:
        peer = sempler.LGANM(b.T, np.zeros(nodes), variances)
        contenders.append(Contender("sempler LGANM.sample", lambda: peer.sample(size)))
    contenders.append(Contender("numpy, noise times (I - B)^-1", product))

    def check() -> None:
        scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
        for contender in contenders:
            x = contender.call()
            # A product of two normals of correlation rho has variance 1 + rho^2 at most 2; 1275 of them.
            assert np.max(np.abs(x.T @ x / size - exact) / scale) < 7.0 * math.sqrt(2.0 / size)

    return Contest(
        SLUG,
        "1e5 rows of a linear model of 50 nodes",
        tuple(contenders),
        answer="rows of the same law, by their second moments",
        check=check,
        target=1.0,
    )


def gap_of_a_sample() -> Contest:
    """Return the mean empirical gap of the causal head from 1000 rows: rows, the Wishart matrix of features and target, the product law."""
    n = 1000
    model = core_model().model
    rng = np.random.default_rng(6)
    short, few = 65_536, 1000

    def drawn(route: str, size: int) -> np.ndarray:
        return np.asarray(sample_empirical_gap(rng, size, sample_size=n, route=route)["gap"])

    def plain() -> np.ndarray:
        return gap_by_rows(rng, few, model.coefficients, np.sqrt(model.noise_variances), n)

    gaps = drawn("product", short)
    spread = float(gaps.std())

    def check() -> None:
        assert_means_agree({route: drawn(route, few if route == "rows" else short) for route in ROUTES} | {"one by one": plain()})

    return Contest(
        SLUG,
        "mean empirical gap of the causal head of CORE, n = 1000 rows",
        (
            Contender("sample_empirical_gap, product law", lambda: drawn("product", short), short, spread),
            Contender("numpy, one data set at a time", plain, few, spread),
            Contender("sample_empirical_gap, Wishart matrices", lambda: drawn("wishart", short), short, spread),
            Contender("sample_empirical_gap, rows in batches", lambda: drawn("rows", few), few, spread),
        ),
        answer="means of the same law",
        check=check,
        standard_error=6e-5,
    )


def hulls() -> Contest:
    """Return the mean probability of a fresh environment outside the hull of 20."""
    train, fresh, sets, few = 20, 200, 2048, 500
    rng = np.random.default_rng(7)

    def points(size: int) -> np.ndarray:
        return np.stack(draw_features(rng, (size, train + fresh)), axis=-1)

    def ours() -> np.ndarray:
        return np.asarray(sample_hull(rng, sets, interventions=train, fresh=fresh)["hull_mass"])

    def spread() -> float:
        return float(ours().std())

    def check() -> None:
        seed = np.random.default_rng(8)
        found = sample_hull(np.random.default_rng(8), few, interventions=train, fresh=fresh)["hull_mass"]
        assert np.array_equal(found, hull_mass(np.stack(draw_features(seed, (few, train + fresh)), axis=-1), train))

    return Contest(
        SLUG,
        "mass outside the hull of 20 environments, 200 fresh ones",
        (
            Contender("sample_hull, compiled chains", ours, sets, spread),
            Contender("scipy.spatial.ConvexHull, one by one", lambda: hull_mass(points(few), train), few, spread),
        ),
        answer="equal from equal draws",
        check=check,
        standard_error=1e-3,
    )


def _causal_data() -> tuple[list[np.ndarray], set[int]]:
    """Return 5 environments of 500 rows of 11 nodes, the target node 6, and its parents."""
    rng = np.random.default_rng(4)
    b, variances = random_coefficients(rng, 11, in_degree=2), rng.uniform(0.4, 1.2, 11)
    family = intervention_family(b, variances, sites=[1, 2, 3, 4, 7, 9], target=6)
    drawn = sample_environments(rng, 5, family)
    models = [environment_model(family, drawn, index) for index in range(5)]
    data = [np.asarray(sample_structural_equations(rng, 500, coefficients=model[0], noise_variances=model[1])) for model in models]
    return data, {int(node) - (node > 6) for node in np.flatnonzero(b[6])}


def causal_prediction() -> list[Contest]:
    """Return the test of subsets for invariance: the same tests by statsmodels, and causalicp with its own."""
    data, parents = _causal_data()
    whole = np.concatenate(data)
    x, y, groups = np.delete(whole, 6, axis=1), whole[:, 6], np.repeat(np.arange(5), 500)
    causalicp = optional("causalicp")

    def ours(largest: int | None = None) -> InvariantCausalPrediction:
        return InvariantCausalPrediction(0.01, largest=largest).fit(x, y, groups)

    def equal() -> None:
        found, exact = ours(2).p_values_, subset_p_values(x, y, groups, 2)
        assert found.keys() == exact.keys()
        assert max(abs(found[columns] - exact[columns]) for columns in exact) < 1e-9

    same = Contest(
        SLUG,
        "p-values of invariance of the 56 subsets of at most 2 of 10 covariates, 5 environments of 500 rows",
        (
            Contender("InvariantCausalPrediction, from moments", lambda: ours(2)),
            Contender("statsmodels OLS, environment by environment", lambda: subset_p_values(x, y, groups, 2)),
        ),
        answer="p-values to 1e-9",
        check=equal,
    )
    if causalicp is None:
        return [same]

    def sound() -> None:
        assert set(ours().causes_) <= parents
        sets = [set(), {0}, {1}, {0, 1}]
        named = causalicp.fit(data, 6, alpha=0.01, sets=sets).estimate
        assert {node - (node > 6) for node in named or ()} <= parents

    other = Contest(
        SLUG,
        "invariant causal prediction over all 1024 subsets of 10 covariates, 5 environments of 500 rows",
        (
            Contender("InvariantCausalPrediction", ours),
            Contender("causalicp.fit", lambda: causalicp.fit(data, 6, alpha=0.01)),
        ),
        answer="no false cause at level .01; the tests differ: Chow's F here, Welch's t and an F test of residuals there",
        check=sound,
        target=5.0,
        rounds=3,
    )
    return [same, other]


def invariant_risk() -> Contest:
    """Return IRMv1 from the moments of ten environments of CORE."""
    target, penalty, starts = 3, 1e5, 16
    moments = draw_moments(np.random.default_rng(5), 10, "core")
    rest = [node for node in range(6) if node != target]
    s, c = moments[:, rest][:, :, rest], moments[:, rest, target]

    def objective(v: np.ndarray) -> float:
        return float(np.mean(moments[:, target, target] - 2.0 * c @ v + (s @ v) @ v) + penalty * np.mean((2.0 * (s @ v - c) @ v) ** 2))

    def ours() -> np.ndarray:
        return irm_v1(moments, target, penalty=penalty, starts=starts)[0]

    def rival() -> np.ndarray:
        return bfgs_invariant_risk(moments, target, penalty=penalty, starts=starts, seed=0)

    def check() -> None:
        assert objective(ours()) <= objective(rival()) * (1.0 + 1e-9)
        assert objective(rival()) <= objective(ours()) * (1.0 + 1e-3)

    return Contest(
        SLUG,
        "IRMv1 from moments of 10 environments, 5 covariates, 16 starts",
        (
            Contender("irm_v1, sums of squares by Levenberg and Marquardt's method", ours),
            Contender("scipy BFGS with the gradient of the objective", rival),
        ),
        answer="objectives to .1 %, ours the smaller",
        check=check,
    )


def estimator_contests() -> list[Contest]:
    """Return the contests of samplers and estimators."""
    return [rows_of_models(), gap_of_a_sample(), hulls(), *causal_prediction(), invariant_risk()]
