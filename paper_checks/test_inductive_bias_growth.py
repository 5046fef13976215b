"""arXiv:2406.15941, growth: with dimension, with smoothness, with the number of test points; and the price of a radius bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias.reference_tasks import kronecker_points, kronecker_task
from theorylab.pytest_plugin import claim

dimension = claim(
    "IB-10",
    kind="rate",
    statement="In a Fourier space a point saves k/2 log(1/eps) and the bias is exponential in d; for Matern priors it is of order eps^(-d/(2 nu)).",
    tex=r"\frac{dI}{d\log(1/\epsilon)}\to\tfrac k2(D-n),\qquad I\sim C_\beta(\epsilon/V^\beta)^{-1/(\beta-1)},\ \beta=1+\tfrac{2\nu}d",
    source="derived here for arXiv:2406.15941; small balls: Sytaya 1974, Cameron and Martin 1944",
)


@dimension
@pytest.mark.parametrize(("d", "frequencies", "points", "printed"), [(2, 2, 10, 7.5), (2, 3, 20, 14.5), (3, 1, 5, 11.0)])
def test_fourier_space(lab: Laboratory, d: int, frequencies: int, points: int, printed: float) -> None:
    """Posterior of the random series given n points, by conditioning its coefficients; slopes between eps = 1e-4 and 1e-6."""
    waves = np.stack(np.meshgrid(*[np.arange(-frequencies, frequencies + 1)] * d, indexing="ij"), axis=-1).reshape(-1, d)
    x = kronecker_points(d, points)
    phases = np.pi * x @ waves.T
    # Orthonormal real waves: one of cosine or sine for each pair of opposite frequencies, so that population errors are sums of squares.
    first = np.array([tuple(wave) >= tuple(-wave) for wave in waves])
    features = np.where(first, np.cos(phases), np.sin(phases)) * np.where((waves == 0).all(axis=1), 1.0, math.sqrt(2))
    total = len(waves)
    _, _, rows = np.linalg.svd(features)
    free = rows[points:]
    target = np.zeros(total)
    target[1] = 1.0
    # Coefficients given the values: least-norm solution plus a normal draw in the null space, off the target by its own part there.
    shift = free @ target
    law = GeneralizedChiSquared(np.ones(total - points), 1.0, shift**2)
    biases = np.asarray(theory.required_inductive_bias(law, [1e-4, 1e-6]))
    slope = float(biases[1] - biases[0]) / math.log(100)
    claimed = float(theory.fourier_slope(d, frequencies, points))
    assert lab.identical(claimed, printed, absolute=1e-9, refutes={"(D - n) k": 2 * printed})
    assert lab.identical(slope, claimed, relative=1e-3, refutes={"(D - n) k": 2 * claimed, "D/2": total / 2})


@dimension
@pytest.mark.parametrize(
    ("d", "printed"), [(1, [6.626, 14.636, 30.545, 51.630]), (2, [60.366, 262.77, 1080.12, 3021.75]), (3, [710.71, 6150.4, 50243.0, 233705.0])]
)
def test_matern_small_balls(lab: Laboratory, d: int, printed: list[float]) -> None:
    """Smoothness 1/2, eps = .2, .1, .05, .03 of the trace: values, local slopes near -d, ratio to the leading form."""
    spectrum = theory.torus_spectrum(0.5, d, largest={1: 2000, 2: 1000, 3: 400}[d])
    trace = spectrum.mean()
    assert lab.identical(trace, {1: 3.153348, 2: 6.333724, 3: 9.998506}[d], relative=1e-5, refutes={"without the tail": 0.97 * trace})
    eps = trace * np.array([0.2, 0.1, 0.05, 0.03])
    found = np.asarray(theory.required_inductive_bias(spectrum, eps))
    assert lab.identical(found, printed, relative=4e-4, refutes={"1 % more": 1.01 * np.array(printed)})
    slope = float(np.log(found[3] / found[2]) / np.log(eps[3] / eps[2]))
    assert lab.identical(slope, -d, relative=0.03, refutes={"d/nu": -2.0 * d, "d/(2 nu + d)": -d / (1 + d)})
    ratio = float(found[3] / theory.torus_small_ball(0.5, d, eps[3]))
    volume = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    beta = 1 + 1 / d
    without = ratio * volume ** (beta / (beta - 1))
    assert lab.identical(ratio, {1: 0.990, 2: 0.995, 3: 0.997}[d], absolute=1e-3, refutes={"without V": without})


@dimension
def test_brownian_motion(lab: Laboratory) -> None:
    """-14.025277623 at x = .01: the erfc series, its leading term, and the spectrum 1/((j - 1/2) pi)^2 with its tail."""
    claimed = float(theory.brownian_small_ball(0.01))
    leading = 1 / 0.08 - math.log(4 * math.sqrt(0.01 / math.pi))
    assert lab.identical(claimed, 14.025277623, absolute=1e-9, refutes={"leading form": leading})
    assert lab.identical(leading, 13.988656, absolute=1e-6, refutes={"exact": claimed})
    count = 2000
    weights = 1 / (math.pi * (np.arange(count) + 0.5)) ** 2
    # What is left, 1/(pi^2 count), varies by less than its own third power: an offset.
    law = GeneralizedChiSquared(weights, 1.0, 0.0, 0.5 - weights.sum())
    assert lab.identical(float(theory.required_inductive_bias(law, 0.01)), claimed, absolute=1e-5, refutes={"leading form": leading})
    # Where the leading term alone is far off.
    wide = np.array([0.2, 0.6, 1.3])
    claimed, leading = np.asarray(theory.brownian_small_ball(wide)), 1 / (8 * wide) - np.log(4 * np.sqrt(wide / math.pi))
    assert lab.identical(np.asarray(theory.required_inductive_bias(law, wide)), claimed, absolute=1e-6, refutes={"leading form": leading})


size = claim(
    "IB-11",
    kind="limit",
    statement="Where test points are independent under the kernel the number is extensive in the test set; it saturates with d, and in low d with m.",
    tex=r"I(\epsilon)=mk\,\max_s\Big[\tfrac12\log(1+2s)+\tfrac{vs}{1+2s}-s\epsilon\Big]+O(\log mk)",
    source="derived here for arXiv:2406.15941",
)


@size
def test_rate_of_independent_points(lab: Laboratory) -> None:
    """Identity kernels: I/(m k) tends to Cramer's rate, which solves the maximum over s found on a grid."""
    for v, eps in ((0.5, 0.15), (0.2, 0.05), (1.0, 0.6)):
        rate = float(theory.distinct_points_rate(v, eps))
        s = np.geomspace(1e-4, 1e4, 400_001)
        grid = float(np.max(0.5 * np.log1p(2 * s) + v * s / (1 + 2 * s) - s * eps))
        assert lab.identical(rate, grid, absolute=1e-8, refutes={"without v": float(np.max(0.5 * np.log1p(2 * s) - s * eps))})
        sizes = np.array([1e3, 4e3, 16e3])
        laws = [GeneralizedChiSquared([1 / m], m, m * v) for m in sizes]
        gaps = [float(theory.required_inductive_bias(law, eps)) / m - rate for law, m in zip(laws, sizes, strict=True)]
        assert lab.limit(sizes, np.array(gaps) / np.log(sizes), order=1.0, within=0.2, refutes={"1/2": 0.5})


@size
def test_test_sets_of_growing_size(lab: Laboratory) -> None:
    """RBF at d = 256 doubles with m; Laplace at d = 16 nearly; RBF at d = 2 tends to a limit."""
    sizes = [16, 32, 64, 128]
    cases = {
        ("rbf", 256): [14.17, 27.07, 52.65, 101.55],
        ("laplace", 16): [13.48, 25.34, 48.15, 92.96],
        ("rbf", 2): [2.83, 4.79, 5.30, 5.91],
    }
    for (kind, d), printed in cases.items():
        found = []
        for m in sizes:
            law = theory.task_distribution(kronecker_task(d, 32, m), kind)
            found.append(float(theory.required_inductive_bias(law, 0.1 * law.mean())))
        constant = {"independent of m": [printed[0]] * 4} if d > 2 else {"extensive": [printed[0] * m / 16 for m in sizes]}
        assert lab.identical(found, printed, absolute=0.011, refutes=constant, question=f"{kind}, d = {d}")


@size
def test_dimension_saturates(lab: Laboratory) -> None:
    """At fixed eps = .05 and m = 64 the bias rises with d and ends at m times the rate."""
    dimensions = [4, 16, 64, 256]
    printed = {"laplace": [49.99, 76.13, 84.24, 92.88], "rbf": [2.99, 77.38, 86.88, 92.89]}
    for kind, values in printed.items():
        found = [float(theory.required_inductive_bias(theory.task_distribution(kronecker_task(d, 32, 64), kind), 0.05)) for d in dimensions]
        growth = [values[0] * d / 4 for d in dimensions]
        assert lab.identical(found, values, absolute=0.011, refutes={"grows with d": growth}, question=kind)
    task = kronecker_task(64, 32, 64)
    independent = GeneralizedChiSquared([1 / 64], 64.0, float((task.targets[32:] ** 2).sum()))
    ceiling = float(theory.required_inductive_bias(independent, 0.05))
    rbf = float(theory.required_inductive_bias(theory.task_distribution(task, "rbf"), 0.05))
    assert lab.identical(rbf, ceiling, absolute=2e-3, refutes={"Laplace": 84.24})


radius = claim(
    "IB-12",
    kind="bound",
    statement="A ball with the largest eigenvalue bounds the bias from above, with the smallest from below; the mean eigenvalue does neither.",
    tex=r"I_{\mathrm{ball}}(w_{\min})\le I\le I_{\mathrm{ball}}(w_{\max}),\quad I_{\mathrm{ball}}-I\to\tfrac12\sum h_r\log\tfrac{w_{\max}}{w_r}",
    source="idea of the predecessor (ICML 2023); gap derived here",
)


@radius
def test_radius_bounds(lab: Laboratory) -> None:
    """BASE: 31.3, 78.5, 151.1, 593.1 against 6.9, 43.6, 113.8, 555.5; the gap tends to 37.655449."""
    base = theory.task_distribution(kronecker_task(4, 32, 64))
    eps = base.mean() * np.array([0.5, 0.1, 0.01, 1e-8])
    exact = np.asarray(theory.required_inductive_bias(base, eps))
    upper, lower, middle = (np.asarray(theory.radius_bound_bias(base, eps, radius=which)) for which in ("largest", "smallest", "mean"))
    assert lab.identical(upper[[0, 1, 3]], [31.347, 78.453, 593.131], absolute=6e-4, refutes={"exact": exact[[0, 1, 3]]})
    assert lab.exact(float(np.min(upper - exact))).greater_than(0.0, refutes={"the smallest weight": float(np.min(lower - exact))})
    assert lab.exact(float(np.max(lower - exact))).less_than(0.0, refutes={"the largest weight": float(np.max(upper - exact))})
    claimed = 0.5 * float(np.log(base.weights.max() / base.weights).sum())
    assert lab.identical(float(upper[3] - exact[3]), claimed, absolute=1e-5, refutes={"without 1/2": 2 * claimed})
    assert lab.identical(middle[[0, 1, 3]], [7.466, 46.207, 558.765], absolute=6e-4, refutes={"exact": exact[[0, 1, 3]]})
    small = theory.task_distribution(kronecker_task(3, 10, 12))
    shares = small.mean() * np.array([0.5, 0.1])
    balls = np.asarray(theory.radius_bound_bias(small, shares, radius="mean"))
    assert lab.identical(balls, [2.19976, 9.77898], absolute=6e-6, refutes={"exact": np.asarray(theory.required_inductive_bias(small, shares))})
    below, above = balls - np.asarray(theory.required_inductive_bias(small, shares))
    assert lab.exact(float(below)).less_than(0.0, refutes={"the mean weight bounds from above": float(above)})
