"""arXiv:2307.03576: what the theorem on global minimisers leaves open: what is unique, and which minima are not global.

n context_length, d dimension, sigma^2 noise_variance, tau^2 prior_variance, v = (a; c) value_vector, M = (A; b^T) key_query_matrix,
P = c A^T + b a^T, eta the optimal learning rate. Isotropic tasks throughout.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from theorylab.laboratory import Laboratory
from theorylab.papers.one_step_gd import closed_form as theory
from theorylab.papers.one_step_gd import monte_carlo as simulate
from theorylab.pytest_plugin import claim

# GD-5 ------------------------------------------------------------------------------------------------------------------------------------

uniqueness = claim(
    "GD-5",
    kind="optimum",
    statement="Up to one scale the minimiser in (v, M) is unique for d >= 2 (two branches for d = 1); raw weights have many more freedoms.",
    tex=r"a=b=0,\ A=\eta I/c;\quad\mathrm{rank}\,\nabla^2L=(d+1)^2-1",
    source="derived here",
)


@uniqueness
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "prior_variance"),
    [(1, 2, 0.0, 1.0), (2, 2, 0.5, 1.0), (1, 3, 0.5, 2.5), (3, 1, 0.5, 1.0), (4, 1, 0.0, 0.4)],
)
def test_hessian_spectrum_by_enumeration(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, prior_variance: float) -> None:
    """All curvatures at the minimum, from the backward pass of the real layer on all prompts of a finite world."""
    n, d, sigma2, tau2 = context_length, dimension, noise_variance, prior_variance
    scale = float(np.exp(np.random.default_rng([lab.seed, n, d]).uniform(-1.5, 0.5)))
    v, m = theory.global_minimiser(n, d, sigma2, scale, tau2)
    seen = np.linalg.eigvalsh(simulate.enumerate_loss_hessian(v, m, n, sigma2, task_covariance=tau2 * np.eye(d)))
    claimed = theory.hessian_spectrum_at_minimum(n, d, sigma2, scale, tau2)
    wrong = {
        "the minimiser is isolated up to sign": np.sort(np.append(claimed[1:], claimed[1])),
        "two flat directions": np.sort(np.append(0.0, np.delete(claimed, 1))),
        "one example more": theory.hessian_spectrum_at_minimum(n + 1, d, sigma2, scale, tau2),
    }
    assert lab.identical(claimed, seen, relative=1e-11, refutes=wrong)


@uniqueness
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(4, 2, 0.0), (8, 3, 0.5), (20, 5, 2.0), (30, 8, 1.0)])
def test_hessian_spectrum_of_the_polynomial(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """The same at sizes that cannot be enumerated: simple, d-fold and (d^2 - 1)-fold curvatures, one of them zero."""
    n, d, sigma2 = context_length, dimension, noise_variance
    scale = float(np.sqrt(theory.optimal_learning_rate(n, d, sigma2) * np.sqrt(d)))
    hessian = theory.population_loss_hessian(*theory.global_minimiser(n, d, sigma2, scale), n, np.eye(d), np.eye(d), sigma2)
    seen, claimed = np.linalg.eigvalsh(hessian), theory.hessian_spectrum_at_minimum(n, d, sigma2, scale)
    wrong = {
        "one more unit of noise": theory.hessian_spectrum_at_minimum(n, d, sigma2 + 1.0, scale),
        "another scale": theory.hessian_spectrum_at_minimum(n, d, sigma2, 1.01 * scale),
    }
    assert lab.identical(claimed, seen, relative=1e-11, refutes=wrong)
    flat = int(np.sum(np.abs(seen) < 1e-9 * seen[-1]))
    assert lab.identical(1.0, float(flat), absolute=0.5, refutes={"isolated up to sign": 0.0}, question="number of flat directions")


@uniqueness
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(8, 3, 0.5), (4, 2, 0.0), (20, 5, 2.0)])
def test_all_global_minimisers_are_one(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """Every descent that reaches L* ends in one and the same tensor v x M, which is all that a scale and a sign leave."""
    n, d, sigma2 = context_length, dimension, noise_variance
    starts = 0.3 / np.sqrt(n) * np.random.default_rng([lab.seed, n, d]).normal(size=(120, (d + 1) ** 2))
    ends, _ = simulate.descend_many(starts, context_length=n, dimension=d, noise_variance=sigma2)
    v, m = ends[:, : d + 1], ends[:, d + 1 :].reshape(-1, d + 1, d)
    excess = theory.population_loss(v, m, n, np.eye(d), np.eye(d), sigma2)["total"] - theory.minimum_pretraining_loss(n, d, sigma2)
    best = excess < 1e-10
    tensor = np.multiply.outer(*theory.global_minimiser(n, d, sigma2, 1.0))
    branch = np.multiply.outer(*theory.rank_one_point(n, d, sigma2))
    found = np.einsum("ri,rjk->rijk", v[best], m[best])
    wrong = {"the rank-one branch": np.broadcast_to(branch, found.shape)}
    assert lab.identical(np.broadcast_to(tensor, found.shape), found, relative=1e-6, refutes=wrong)
    assert lab.exact(float(v[best, -1].min())).less_than(0.0)
    assert lab.exact(float(v[best, -1].max())).greater_than(0.0)


@uniqueness
@pytest.mark.parametrize(("context_length", "noise_variance"), [(4, 0.5), (1, 0.0)])
def test_second_branch_in_one_dimension(lab: Laboratory, context_length: int, noise_variance: float) -> None:
    """For d = 1 the layer may also put the step into a and b: as good there, n eta worse for d = 2, and never half and half."""
    n, sigma2 = context_length, noise_variance
    v, m = theory.rank_one_point(n, 1, sigma2, 0.7)
    claimed, eta = theory.minimum_pretraining_loss(n, 1, sigma2), theory.optimal_learning_rate(n, 1, sigma2)
    mixed = np.sqrt(eta / 2) * np.ones(2), np.sqrt(eta / 2) * np.ones((2, 1))
    half = simulate.enumerate_population_loss(*mixed, n, sigma2)["total"]
    seen = simulate.enumerate_population_loss(v, m, n, sigma2)["total"]
    assert lab.identical(claimed, seen, relative=1e-13, question="loss on the second branch, d = 1")
    assert lab.refutes(lab.identical(claimed, half, relative=1e-3), "half of each branch")
    slope = np.concatenate([part.ravel() for part in simulate.enumerate_loss_gradient(v, m, n, sigma2)])
    assert lab.identical(np.zeros(4), slope, absolute=1e-13, question="it is critical")
    n = min(n, 2)
    plane = simulate.enumerate_population_loss(*theory.rank_one_point(n, 2, sigma2, 0.7), n, sigma2)["total"]
    minimum = theory.minimum_pretraining_loss(n, 2, sigma2)
    claimed, wrong = minimum + n * theory.optimal_learning_rate(n, 2, sigma2), {"optimal for d = 2 as well": minimum}
    assert lab.identical(claimed, plane, relative=1e-13, refutes=wrong, question="the same branch for d = 2")


@uniqueness
@pytest.mark.parametrize("dimension", [1, 2, 4])
def test_gauge_of_the_raw_weights(lab: Laboratory, dimension: int) -> None:
    """(W_K, W_Q) -> (R W_K, R^-T W_Q), (h, W_V) -> (R^-T h, R W_V), the last column of W_K^T W_Q and a scale change no prediction."""
    d, rng = dimension, np.random.default_rng([lab.seed, dimension])
    prompts = simulate.draw_prompts(rng, 20, context_length=6, dimension=d, noise_variance=0.5, with_query=True)
    data = prompts.features, prompts.labels, prompts.query
    v, m, _, _ = simulate.draw_setting(rng, d)
    key, query, value, head = simulate.draw_raw_weights(rng, v, m)
    output = simulate.linear_attention_predict(key, query, value, head, *data)
    r = simulate.draw_raw_weights(rng, v, m)[0]
    inverse = np.linalg.inv(r).T
    last_column = np.outer(rng.normal(size=d + 1), np.eye(d + 1)[-1])
    same = {
        "keys and queries": (r @ key, inverse @ query, value, head),
        "values and head": (key, query, r @ value, inverse @ head),
        "last column": (key, query + last_column, value, head),
        "scale": (3.0 * key, query, value, head / 3.0),
        "another draw": simulate.draw_raw_weights(rng, v, m),
    }
    other = simulate.linear_attention_predict(r @ key, inverse.T @ query, value, head, *data)
    for label, weights in same.items():
        changed = simulate.linear_attention_predict(*weights, *data)
        assert lab.identical(changed, output, relative=1e-11, refutes={"R^-1 for R^-T": other}, question=f"gauge: {label}")


@uniqueness
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_rank_in_raw_weights(lab: Laboratory, dimension: int) -> None:
    """Of the 3 (d+1)^2 + (d+1) directions of raw weights only (d+1)^2 - 1 are curved at a generic minimiser."""
    n, d, sigma2 = 4, dimension, 0.5
    v, m = theory.global_minimiser(n, d, sigma2, 0.5)
    weights = simulate.draw_raw_weights(np.random.default_rng([lab.seed, d]), v, m)
    curvatures = np.linalg.eigvalsh(theory.raw_population_loss_hessian(*weights, n, np.eye(d), np.eye(d), sigma2))
    rank = float(np.sum(curvatures > 1e-10 * curvatures[-1]))
    assert lab.exact(float(curvatures[0] / curvatures[-1])).greater_than(-1e-12)
    wrong = {"the null space has dimension 1": curvatures.size - 1.0, "every effective direction is curved": (d + 1.0) ** 2}
    assert lab.identical((d + 1.0) ** 2 - 1.0, rank, absolute=0.5, refutes=wrong, question="rank in raw weights")
    slopes = theory.raw_population_loss_gradient(*weights, n, np.eye(d), np.eye(d), sigma2)
    assert lab.exact(max(float(np.abs(slope).max()) for slope in slopes)).less_than(1e-11)


# GD-12 -----------------------------------------------------------------------------------------------------------------------------------

spurious_minima = claim(
    "GD-12",
    kind="ordering",
    statement="The loss has local minima that are not global: a rank-one family where R > 1, and elsewhere a branch that costs 2 sqrt(2 d (d-1)/n).",
    tex=r"L_{\mathrm{bad}}=L^*+(d-1)n\eta;\quad L_{\mathrm{spurious}}-L^*\sim 2\sqrt{2d(d-1)/n}",
    source="derived here",
)


@spurious_minima
@pytest.mark.parametrize(("context_length", "dimension", "noise_variance"), [(1, 2, 0.0), (2, 2, 0.5), (1, 3, 0.7), (10, 2, 0.5), (8, 5, 1.0)])
def test_rank_one_points_are_critical(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """A = 0, c = 0, a b^T of size eta: zero gradient, and (d - 1) n eta above the minimum; the real layer where it can be enumerated."""
    n, d, sigma2, setting = context_length, dimension, noise_variance, (context_length, dimension, noise_variance)
    scale = float(np.exp(np.random.default_rng([lab.seed, n, d]).uniform(-1.5, 0.5)))
    v, m = theory.rank_one_point(*setting, scale)
    if n * d + n + d <= 9:
        loss, slopes = simulate.enumerate_population_loss(v, m, n, sigma2)["total"], simulate.enumerate_loss_gradient(v, m, n, sigma2)
    else:
        problem = (v, m, n, np.eye(d), np.eye(d), sigma2)
        loss, slopes = theory.population_loss(*problem)["total"], theory.population_loss_gradient(*problem)
    assert lab.identical(np.zeros((d + 1) ** 2), np.concatenate([part.ravel() for part in slopes]), absolute=1e-11, question="it is critical")
    minimum, eta = theory.minimum_pretraining_loss(*setting), theory.optimal_learning_rate(*setting)
    wrong = {"as good as the minimum": minimum, "d n eta worse": minimum + d * n * eta}
    assert lab.identical(theory.rank_one_loss(*setting), loss, relative=1e-12, refutes=wrong, question="loss of the rank-one points")
    assert lab.identical(theory.rank_one_excess(*setting), loss - minimum, relative=1e-11, refutes={"d n eta": d * n * eta}, question="excess")


@spurious_minima
def test_rank_one_points_are_minima_iff_r_exceeds_one(lab: Laboratory) -> None:
    """The sign of the smallest curvature over a grid, on both sides of every threshold; where R > 1 just d directions are flat."""
    lengths, dimensions = ((1, 2, 4, 10, 60), (2, 3, 4, 5, 6)) if lab.scale == "quick" else (range(1, 65), range(2, 9))
    points = [(n, d, sigma2) for n in lengths for d in dimensions for sigma2 in (0.0, 0.5, 4.0, 100.0)]
    for n, d in ((10, 2), (4, 2), (5, 3), (40, 3), (9, 4)):
        threshold = theory.rank_one_threshold_noise_variance(n, d)
        if 0.0 < threshold < np.inf:
            points += [(n, d, 0.999 * threshold), (n, d, 1.001 * threshold)]
    saddles, flat, ratios, without_coupling = [], [], [], []
    for n, d, sigma2 in points:
        eta, total = theory.optimal_learning_rate(n, d, sigma2), d + sigma2
        v, m = theory.rank_one_point(n, d, sigma2, float(np.sqrt(eta)))
        hessian = theory.population_loss_hessian(v, m, n, np.eye(d), np.eye(d), sigma2)
        curvatures = np.linalg.eigvalsh(hessian)
        saddles.append(curvatures[0] < -1e-10 * curvatures[-1])
        flat.append(np.sum(np.abs(curvatures) < 1e-10 * curvatures[-1]) - d)
        ratios.append(theory.rank_one_stability_ratio(n, d, sigma2))
        without_coupling.append(eta**2 * (n + 2) * (total**2 + 2 * d) / (d - 1))
    wrong = {
        "without the mu^2 term": np.less(without_coupling, 1.0),
        "all are saddles": np.ones(len(points)),
        "all are minima": np.zeros(len(points)),
        "for d = 2 only": np.array([d > 2 or ratio < 1 for (_, d, _), ratio in zip(points, ratios, strict=True)]),
    }
    below = [sigma2 < theory.rank_one_threshold_noise_variance(n, d) for n, d, sigma2 in points]
    assert lab.identical(np.less(ratios, 1.0), saddles, absolute=0.5, refutes=wrong, question="strict saddle iff R < 1")
    assert lab.identical(below, saddles, absolute=0.5, question="strict saddle iff the noise is below its threshold")
    assert lab.identical(np.zeros(len(points)), flat, absolute=0.5, refutes={"one flat direction": np.array([1.0 - d for _, d, _ in points])})


@spurious_minima
@pytest.mark.parametrize(("context_length", "noise_variance", "negative"), [(1, 0.0, 0), (2, 0.0, 1), (1, 0.5, 0), (2, 1.5, 0)])
def test_rank_one_curvature_by_enumeration(lab: Laboratory, context_length: int, noise_variance: float, negative: int) -> None:
    """Minimum or saddle at d = 2 by the real layer alone: (1, 2) is a trap, (2, 2) without noise is none, noise makes it one."""
    n, sigma2 = context_length, noise_variance
    v, m = theory.rank_one_point(n, 2, sigma2, float(np.sqrt(theory.optimal_learning_rate(n, 2, sigma2))))
    curvatures = np.linalg.eigvalsh(simulate.enumerate_loss_hessian(v, m, n, sigma2))
    found = float(np.sum(curvatures < -1e-10 * curvatures[-1]))
    claimed = float(theory.rank_one_stability_ratio(n, 2, sigma2) < 1)
    assert lab.identical(float(negative), found, absolute=0.5, refutes={"the other kind": 1.0 - negative}, question="directions of descent")
    assert lab.identical(claimed, found, absolute=0.5, question="as R says")


@spurious_minima
def test_stability_ratio_stays_below_its_bound(lab: Laboratory) -> None:
    """R < 4/(d-1), so no rank-one trap from d = 5 on; the bound is approached; traps do occur for d = 2, 3, 4; the limit in the noise."""
    n, d, sigma2 = np.meshgrid(2 ** np.arange(0, 20), np.arange(2, 40), np.append(0.0, 10.0 ** np.arange(-2, 12)), indexing="ij")
    scaled = theory.rank_one_stability_ratio(n, d, sigma2) * (d - 1)
    assert lab.exact(float(scaled.max())).at_most(4.0, tightness=0.999)
    assert lab.exact(float(scaled.max())).less_than(4.0)
    largest = [float(theory.rank_one_stability_ratio(n[:, :1], np.full_like(n[:, :1], k), sigma2[:, :1]).max()) for k in (2, 3, 4, 5)]
    for k, ratio in zip((2, 3, 4), largest, strict=False):
        assert lab.exact(ratio).greater_than(1.0, refutes={f"no trap for d = {k}": 1.0})
    assert lab.exact(largest[-1]).less_than(1.0, refutes={"traps for d = 5": 1.0})
    for length in (1, 5, 100):
        limit = 4 * (length + 1) / ((length + 2) * 2)
        noisy = theory.rank_one_stability_ratio(length, 3, 1e9)
        assert lab.identical(limit, noisy, relative=1e-6, refutes={"4/(d-1)": 2.0}, question="limit of large noise, d = 3")
    for length, k in ((10, 2), (4, 2), (5, 3), (9, 4)):
        crossing = theory.rank_one_stability_ratio(length, k, theory.rank_one_threshold_noise_variance(length, k))
        assert lab.identical(1.0, crossing, relative=1e-11, refutes={"without noise": theory.rank_one_stability_ratio(length, k, 0.0)})


@spurious_minima
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance"),
    [(2, 2, 0.0), (10, 2, 0.0), (10, 2, 5.0), (100, 2, 1.0), (24, 3, 0.0), (53, 4, 0.0), (89, 5, 0.0), (134, 6, 0.0), (200, 3, 0.5)],
)
def test_other_spurious_minima(lab: Laboratory, context_length: int, dimension: int, noise_variance: float) -> None:
    """Where R < 1: all blocks in use, zero gradient, just d flat directions and no descending one; disturbed weights fall back."""
    n, d, sigma2 = context_length, dimension, noise_variance
    problem, minimum = (n, np.eye(d), np.eye(d), sigma2), theory.minimum_pretraining_loss(n, d, sigma2)
    trap = theory.spurious_minimum(n, d, sigma2)
    assert trap is not None
    blocks = [trap.value_vector[:-1], trap.value_vector[-1:], trap.key_query_matrix[:-1], trap.key_query_matrix[-1]]
    assert lab.exact(min(float(np.linalg.norm(block)) for block in blocks)).greater_than(1e-3, refutes={"a block is empty": 0.0})
    slopes = theory.population_loss_gradient(trap.value_vector, trap.key_query_matrix, *problem)
    curvatures = np.linalg.eigvalsh(theory.population_loss_hessian(trap.value_vector, trap.key_query_matrix, *problem))
    flat = float(np.sum(np.abs(curvatures) < 1e-9 * curvatures[-1]))
    assert lab.exact(max(float(np.abs(slope).max()) for slope in slopes)).less_than(1e-11 * curvatures[-1])
    assert lab.exact(float(curvatures[0])).greater_than(-1e-12 * curvatures[-1])
    assert lab.identical(float(d), flat, absolute=0.5, refutes={"the scale only": 1.0, "a saddle has fewer": d - 1.0}, question="flat directions")

    rng, point = np.random.default_rng([lab.seed, n, d]), np.concatenate([trap.value_vector, trap.key_query_matrix.ravel()])
    disturbed = point + 0.003 * np.linalg.norm(point) / (d + 1) * rng.normal(size=(30, point.size))
    ends, _ = simulate.descend_many(disturbed, context_length=n, dimension=d, noise_variance=sigma2)
    losses = theory.population_loss(ends[:, : d + 1], ends[:, d + 1 :].reshape(-1, d + 1, d), *problem)["total"]
    wrong = {"every local minimum is global": 0.0, "it is the rank-one trap": theory.rank_one_excess(n, d, sigma2)}
    returned = {label: np.full(30, value) for label, value in wrong.items()}
    assert lab.identical(np.full(30, trap.excess), losses - minimum, relative=1e-8, refutes=returned, question="30 of 30 descents fall back")
    assert lab.identical(trap.loss, minimum + trap.excess, relative=1e-13, question="loss = L* + excess")


@spurious_minima
@pytest.mark.parametrize(("dimension", "least_length"), [(3, 24), (4, 53), (5, 89), (6, 134)])
def test_where_the_branch_begins(lab: Laboratory, dimension: int, least_length: int) -> None:
    """One example less and it is gone: the descent continued from the last spurious minimum ends at L*."""
    n, d = least_length, dimension
    trap = theory.spurious_minimum(n, d, 0.0)
    assert trap is not None
    exists = [float(theory.spurious_minimum(length, d, 0.0) is not None) for length in (n // 2, n - 1, n, 2 * n)]
    assert lab.identical(
        np.array([0.0, 0.0, 1.0, 1.0]), exists, absolute=0.5, refutes={"at every n": np.ones(4), "from 2 n on": np.array([0, 0, 0, 1.0])}
    )
    point = np.concatenate([trap.value_vector, trap.key_query_matrix.ravel()])[None]
    losses = []
    for length in (n, n - 1):
        end = simulate.descend_many(point, context_length=length, dimension=d, noise_variance=0.0)[0][0]
        loss = theory.population_loss(end[: d + 1], end[d + 1 :].reshape(d + 1, d), length, np.eye(d), np.eye(d), 0.0)["total"]
        losses.append(loss - theory.minimum_pretraining_loss(length, d, 0.0))
    assert lab.identical(np.array([trap.excess, 0.0]), losses, absolute=1e-9, refutes={"trapped at n0 - 1 too": np.full(2, trap.excess)})


@spurious_minima
@pytest.mark.parametrize(("dimension", "noise_variance"), [(2, 0.0), (3, 4.0), (5, 1.0)])
def test_spurious_excess_shrinks_like_root_n(lab: Laboratory, dimension: int, noise_variance: float) -> None:
    """2 sqrt(2 d (d-1) / n), whatever the noise, with a correction of relative order n^-1/2; the minimum's own excess falls like 1/n."""
    sizes = np.array([10**5, 10**6, 10**7, 10**8]) if lab.scale == "quick" else 10 ** np.arange(5, 11)
    traps = [theory.spurious_minimum(int(n), dimension, noise_variance) for n in sizes]
    excess = np.array([trap.excess if trap is not None else np.nan for trap in traps])
    limit = theory.spurious_excess_limit(sizes, dimension)
    assert lab.limit(sizes.tolist(), excess.tolist(), order=0.5, within=0.02, refutes={"1/n": 1.0, "n^-1/4": 0.25})
    assert lab.limit(sizes.tolist(), (excess / limit - 1).tolist(), order=0.5, within=0.1, refutes={"another constant": 0.0, "1/n": 1.0})
    own = [theory.icl_excess(int(n), dimension, noise_variance) for n in sizes]
    assert lab.limit(sizes.tolist(), own, order=1.0, within=0.01, refutes={"n^-1/2": 0.5}, question="the minimum's own excess")
    slips = {
        "2 sqrt(2/n) (d-1)": limit[-1] * np.sqrt((dimension - 1) / dimension),
        "growing with the noise": limit[-1] * (1 + noise_variance / dimension),
    }
    if noise_variance == 0.0:
        slips.pop("growing with the noise")
    assert lab.identical(limit[-1], excess[-1], relative=0.003, refutes=slips, question="leading term")


@spurious_minima
@pytest.mark.parametrize(
    ("context_length", "dimension", "noise_variance", "initial_scale"),
    [(1, 2, 0.0, 0.3), (10, 2, 0.0, 0.1), (10, 2, 12.0, 0.1), (24, 3, 0.0, 0.06), (8, 3, 0.5, 0.1)],
)
def test_random_starts_are_trapped(lab: Laboratory, context_length: int, dimension: int, noise_variance: float, initial_scale: float) -> None:
    """How often descents from random weights end above L*, and that they end at no other level than the trap's."""
    n, d, setting = context_length, dimension, (context_length, dimension, noise_variance)
    rank_one = theory.rank_one_stability_ratio(*setting) > 1
    trap = None if rank_one else theory.spurious_minimum(*setting)
    level = theory.rank_one_excess(*setting) if rank_one else trap.excess if trap is not None else 0.0
    run = lab.run(simulate.sample_descent_outcomes, context_length=n, dimension=d, noise_variance=noise_variance, initial_scale=initial_scale)
    trapped = run.probability_above(1e-6, "excess")
    assert run.probability_above(level + 1e-6, "excess").at_most(0.04, tightness=0.0, refutes={"descents end anywhere": 0.5})
    if level == 0.0:
        assert trapped.at_most(0.04, tightness=0.0, refutes={"traps everywhere": 0.2})
        return
    assert trapped.greater_than(0.2, refutes={"every local minimum is global": 0.0})
    assert run.probability_below(level - 1e-6, "excess").less_than(0.8, refutes={"the trap lies lower": 1.0})


@spurious_minima
@pytest.mark.parametrize(("context_length", "noise_variance"), [(1, 0.0), (10, 0.0)])
def test_raw_weights_are_trapped_too(lab: Laboratory, context_length: int, noise_variance: float) -> None:
    """Descents on W_K, W_Q, W_V and h from disturbed trapped weights come back to the trap's level; d = 2."""
    n, d, sigma2 = context_length, 2, noise_variance
    rng, problem = np.random.default_rng([lab.seed, n, d]), (n, np.eye(d), np.eye(d), sigma2)
    if theory.rank_one_stability_ratio(n, d, sigma2) > 1:
        excess = theory.rank_one_excess(n, d, sigma2)
        v, m = theory.rank_one_point(n, d, sigma2, float(np.sqrt(theory.optimal_learning_rate(n, d, sigma2))))
    else:
        trap = theory.spurious_minimum(n, d, sigma2)
        assert trap is not None
        v, m, excess = trap.value_vector, trap.key_query_matrix, trap.excess
    start = np.concatenate([part.ravel() for part in simulate.draw_raw_weights(rng, v, m)])
    start *= 1 + 0.005 * rng.normal(size=start.size)

    def parts(point: np.ndarray) -> list[np.ndarray]:
        return [*point[:-3].reshape(3, 3, 3), point[-3:]]

    # Short steps: a descent that jumps says nothing about the minimum that it started beside.
    search = minimize(
        lambda point: theory.raw_population_loss(*parts(point), *problem),
        start,
        jac=lambda point: np.concatenate([slope.ravel() for slope in theory.raw_population_loss_gradient(*parts(point), *problem)]),
        hess=lambda point: theory.raw_population_loss_hessian(*parts(point), *problem),
        method="trust-exact",
        options={"gtol": 1e-8, "initial_trust_radius": 0.02, "max_trust_radius": 0.1},
    )
    found = search.fun - theory.minimum_pretraining_loss(n, d, sigma2)
    assert lab.identical(excess, found, relative=1e-8, refutes={"every local minimum is global": 0.0}, question="excess after descent")
