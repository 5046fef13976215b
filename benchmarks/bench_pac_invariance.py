"""The closed forms, minimax heads and estimators of pac_invariance beside the obvious way, cvxpy, sempler and causalicp.

All on one thread, in one run; ratios are of processor times, the least of several rounds. sempler samples rows of linear structural equation models
and causalicp runs invariant causal prediction (both by J. Gamella, on PyPI); without them their lines are left out:

    pip install sempler causalicp

Run as a script to see the tables, or with pytest to have the ratios checked:

    python benchmarks/bench_pac_invariance.py
    pytest benchmarks/bench_pac_invariance.py
"""

from __future__ import annotations

import importlib
import math
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from theorylab.models.structural_equations import (
    Environments,
    clamped_decomposition,
    clamped_features,
    environment_model,
    feature_functionals,
    intervention_family,
    random_coefficients,
    sample_environments,
    sample_structural_equations,
    second_moment_from_clamped,
)
from theorylab.numerics.convex import minimax_norms, minimax_norms_reference
from theorylab.papers.pac_invariance.closed_form import feature_moments, gap_as_norm, selection
from theorylab.papers.pac_invariance.estimators import InvariantCausalPrediction, irm_v1
from theorylab.papers.pac_invariance.monte_carlo import draw_moments, violation_counts


def least_time(task: Callable[[], object], rounds: int) -> float:
    """Return the least processor time of several rounds."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        task()
        times.append(time.process_time() - begin)
    return min(times)


def peer(name: str) -> Any:
    """Return a package to compare with, or None after saying that it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as reason:
        print(f"{name} left out: {reason}")
        return None


def environment_moments() -> dict[str, float]:
    """Compute the moments of soft interventions on 3 of 201 nodes: the numbers that vary, and by inverting I - B for each."""
    rng = np.random.default_rng(0)
    b = random_coefficients(rng, 201, in_degree=3)
    family = intervention_family(b, rng.uniform(0.4, 1.2, 201), sites=[50, 100, 150])
    drawn = sample_environments(rng, 100_000, family)
    few = 20

    def inverted() -> np.ndarray:
        found = []
        for index in range(few):
            model = environment_model(family, drawn, index)
            a = np.linalg.inv(np.eye(201) - model.coefficients)
            found.append(a @ np.diag(model.noise_variances) @ a.T)
        return np.array(found)

    def clamped() -> Any:
        form = clamped_decomposition(*family.model, sites=family.sites)
        return form, clamped_features(form, family, drawn)

    form, features = clamped()
    direct = inverted()
    first = Environments(*(part[:few] for part in drawn))
    scale = np.sqrt(np.einsum("eii,ejj->eij", direct, direct))
    error = np.max(np.abs(second_moment_from_clamped(form, family, first) - direct) / scale)
    rows = np.eye(201)[rng.choice(201, 6, replace=False)]
    entries = features[:few] @ feature_functionals(form, family, rows, rows[0]).T
    error = max(error, np.max(np.abs(entries - (direct @ rows[0]) @ rows.T) / (scale @ rows[0]).max(axis=1, keepdims=True)))
    each = {"features": least_time(clamped, 3) / len(features), "inversion": least_time(inverted, 3) / few}
    whole = least_time(lambda: second_moment_from_clamped(form, family, Environments(*(part[:500] for part in drawn))), 3) / 500
    print(f"{'moments, q = 201, k = 3':40s} {'us each':>10s} {'ratio':>8s}")
    for name, seconds in (("numbers that vary", each["features"]), ("all of E x x^T from them", whole), ("inverting I - B", each["inversion"])):
        print(f"{name:40s} {1e6 * seconds:10.1f} {seconds / each['features']:8.1f}")
    print(f"largest relative difference {error:.1e}")
    return {"ratio": each["inversion"] / each["features"], "error": float(error)}


def counting() -> dict[str, float]:
    """Count the violations of 1e4 (Phi, w, eps) on 1e5 environments, D = 25, r = 2."""
    rng = np.random.default_rng(1)
    features, functionals = rng.standard_normal((100_000, 25)), rng.standard_normal((10_000, 2, 25))
    thresholds = rng.uniform(0.0, 40.0, 10_000)
    begin = time.process_time()
    counts = violation_counts(features, functionals, thresholds)
    seconds = time.process_time() - begin
    few = [int(np.sum(2.0 * np.linalg.norm(features @ functionals[index].T, axis=1) > thresholds[index])) for index in range(50)]
    mistakes = int(np.sum(counts[:50] != few))
    one = least_time(lambda: np.sum(2.0 * np.linalg.norm(features @ functionals[0].T, axis=1) > thresholds[0]), 5)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"1e4 hypotheses x 1e5 environments, D = 25, r = 2: {seconds:.1f} s, one by one {1e4 * one:.1f} s; peak memory {peak:.2f} GiB")
    return {"seconds": seconds, "mistakes": mistakes, "gibibytes": peak, "ratio": 1e4 * one / seconds}


def minimax() -> dict[str, float]:
    """Solve for a thousand minimax heads of two features over 20 environments of CORE, and for some by cvxpy."""
    moments = draw_moments(np.random.default_rng(2), 20_000, "core").reshape(1000, 20, 6, 6)
    s, c, _ = feature_moments(moments, 3, selection([1, 3], 5))
    result = {"seconds": 0.0, "error": 0.0, "ratio": math.inf}
    print(f"{'1000 minimax heads, N = 20, r = 2':40s} {'seconds':>10s} {'cvxpy':>10s} {'ratio':>8s} {'difference':>11s}")
    for kind in ("gradient", "excess_risk", "head"):
        a, b = gap_as_norm(s, c, kind)
        found = minimax_norms(a, b)
        seconds = least_time(lambda a=a, b=b: minimax_norms(a, b), 3)  # type: ignore[misc]
        begin = time.process_time()
        reference = np.array([minimax_norms_reference(a[index], b[index])[1] for index in range(40)])
        per_problem = (time.process_time() - begin) / 40
        error = float(np.max(np.abs(found.values[:40] / reference - 1.0)))
        ratio = 1000 * per_problem / seconds
        print(f"{kind:40s} {seconds:10.3f} {1000 * per_problem:10.1f} {ratio:8.0f} {error:11.1e}")
        result = {
            "seconds": max(result["seconds"], seconds),
            "error": max(result["error"], error),
            "ratio": min(result["ratio"], ratio),
        }
    return result


def rows_of_models() -> dict[str, float]:
    """Draw 1e5 rows of 50 nodes, against sempler."""
    rng = np.random.default_rng(3)
    b, variances = random_coefficients(rng, 50, in_degree=3), rng.uniform(0.4, 1.2, 50)

    def ours() -> np.ndarray:
        return np.asarray(sample_structural_equations(rng, 100_000, coefficients=b, noise_variances=variances))

    seconds = least_time(ours, 3)
    print(f"1e5 rows of 50 nodes: {seconds:.3f} s")
    sempler = peer("sempler")
    if sempler is None:
        return {}
    other = sempler.LGANM(b.T, np.zeros(50), variances)
    theirs = least_time(lambda: other.sample(100_000), 3)
    moments = [rows.T @ rows / len(rows) for rows in (ours(), other.sample(100_000))]
    scale = np.sqrt(np.diag(moments[0]))
    difference = float(np.max(np.abs(moments[0] - moments[1]) / np.outer(scale, scale)))
    print(f"sempler's LGANM.sample: {theirs:.3f} s, ratio {theirs / seconds:.1f}; largest difference of moments {difference:.3f}")
    return {"ratio": theirs / seconds, "difference": difference}


def causal_prediction() -> dict[str, float]:
    """Test all subsets of 10 covariates for invariance on 5 environments of 500 rows, against causalicp."""
    rng = np.random.default_rng(4)
    b, variances = random_coefficients(rng, 11, in_degree=2), rng.uniform(0.4, 1.2, 11)
    family = intervention_family(b, variances, sites=[1, 2, 3, 4, 7, 9], target=6)
    drawn = sample_environments(rng, 5, family)
    models = [environment_model(family, drawn, index) for index in range(5)]
    data = [sample_structural_equations(rng, 500, coefficients=model[0], noise_variances=model[1]) for model in models]
    whole = np.concatenate(data)
    x, y, groups = np.delete(whole, 6, axis=1), whole[:, 6], np.repeat(np.arange(5), 500)
    fitted = InvariantCausalPrediction(0.01).fit(x, y, groups)
    seconds = least_time(lambda: InvariantCausalPrediction(0.01).fit(x, y, groups), 3)
    print(f"1024 subsets, 5 environments of 500 rows: {seconds:.3f} s, causes {sorted(fitted.causes_)}")
    causalicp = peer("causalicp")
    if causalicp is None:
        return {}
    found = causalicp.fit(data, 6, alpha=0.01)
    theirs = least_time(lambda: causalicp.fit(data, 6, alpha=0.01), 1)
    named = sorted(node - (node > 6) for node in found.estimate or ())
    print(f"causalicp.fit: {theirs:.3f} s, ratio {theirs / seconds:.1f}, causes {named}")
    parents = {int(node) for node in np.flatnonzero(b[6])}
    return {"ratio": theirs / seconds, "wrong": len(set(fitted.causes_) - parents)}


def invariant_risk() -> float:
    """Print and return the mean seconds of IRMv1 from moments of CORE."""
    rng = np.random.default_rng(5)
    seconds = {}
    for n in (4, 10, 100):
        sets = [draw_moments(rng, n, "core") for _ in range(10)]
        seconds[n] = least_time(lambda sets=sets: [irm_v1(moments, 3) for moments in sets], 3) / 10  # type: ignore[misc]
    print("IRMv1 from moments, 5 covariates, default starts: " + ", ".join(f"{n} environments {1e3 * value:.0f} ms" for n, value in seconds.items()))
    return max(seconds.values())


def test_environment_moments() -> None:
    """At least 300 times as fast as inverting, the same to 1e-12."""
    with threadpool_limits(1):
        found = environment_moments()
    assert found["ratio"] >= 300
    assert found["error"] < 1e-12


def test_violation_counts() -> None:
    """The same counts one by one, within 2 GiB."""
    with threadpool_limits(1):
        found = counting()
    assert found["mistakes"] == 0
    assert found["gibibytes"] < 2.0


def test_minimax_heads() -> None:
    """A thousand in less than 2 seconds, equal to cvxpy's values to 1e-7."""
    with threadpool_limits(1):
        found = minimax()
    assert found["seconds"] < 2.0
    assert found["error"] < 1e-7
    assert found["ratio"] >= 50


def test_peers() -> None:
    """Rows at most twice as slowly as sempler and by the same law, causal prediction at least 5 times as fast as causalicp and no false cause."""
    with threadpool_limits(1):
        sampled, predicted = rows_of_models(), causal_prediction()
    if not sampled and not predicted:
        pytest.skip("neither sempler nor causalicp is there")
    if sampled:
        assert sampled["ratio"] >= 0.5
        assert sampled["difference"] < 0.04
    if predicted:
        assert predicted["ratio"] >= 5.0
        assert predicted["wrong"] == 0


def test_invariant_risk() -> None:
    """A solution from moments takes less than a second."""
    with threadpool_limits(1):
        assert invariant_risk() < 1.0


if __name__ == "__main__":
    with threadpool_limits(1):
        environment_moments()
        counting()
        minimax()
        rows_of_models()
        causal_prediction()
        invariant_risk()
