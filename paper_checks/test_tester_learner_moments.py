"""arXiv:2302.14853, tests that look around w against tests of moments: what moments cannot see, and what seeing it would cost."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.papers.tester_learner.estimators import conditional_moment_deviation, moment_count, polynomial_count
from theorylab.pytest_plugin import claim

ordering = claim(
    "TL-13",
    kind="ordering",
    statement="Gauss-Hermite nodes match all moments below degree 2k and leave the band empty; a look at the band sees with few rows what they miss.",
    tex=r"E_{\mathrm{nodes}}x^j=E x^j\ (j<2k),\ E x^{2k}-E_{\mathrm{nodes}}x^{2k}=k!,\quad n\ge\frac{4[(4k-1)!!-(2k-1)!!^2]}{k!^2}",
    source="derived here for arXiv:2302.14853",
)


@ordering
def test_nodes_match_moments_exactly(lab: Laboratory) -> None:
    """All moments of degree below 2k, and the first unequal one is short by exactly k!; the smallest nodes."""
    for k in (2, 4, 6, 9):
        places, weights = np.polynomial.hermite_e.hermegauss(k)
        weights = weights / weights.sum()
        degrees = np.arange(2 * k)
        moments = [float(weights @ places**j) for j in degrees]
        gaussian = [float(math.prod(range(1, j, 2))) if j % 2 == 0 else 0.0 for j in degrees]
        shifted = [moment + 0.01 for moment in gaussian]
        assert lab.identical(
            moments, gaussian, absolute=1e-10 * gaussian[-2], refutes={"off": shifted if k < 6 else np.array(gaussian) * 1.01 + 1e-3}
        )
        gap = math.prod(range(1, 2 * k, 2)) - float(weights @ places ** (2 * k))
        assert lab.identical(
            theory.first_moment_gap(k), gap, relative=1e-6, refutes={"(k - 1)!": gap / k, "(2k - 1)!!": math.prod(range(1, 2 * k, 2))}
        )
        nearest = float(np.min(np.abs(places))) if k % 2 == 0 else 0.0
        assert lab.identical(theory.smallest_quadrature_node(k), nearest, absolute=1e-12, refutes={"pi/(2 sqrt k)": math.pi / 2 / math.sqrt(k)})
    values = theory.smallest_quadrature_node([2, 4, 6, 10, 20])
    assert lab.identical(
        values, [1.0, 0.741964, 0.616707, 0.484936, 0.346964], absolute=6e-7, refutes={"law": math.pi / 2 / np.sqrt([2, 4, 6, 10, 20])}
    )
    even = np.array([20, 80, 320])
    gaps = math.pi / 2 / np.sqrt(even) / theory.smallest_quadrature_node(even) - 1
    assert lab.limit(even, gaps, order=1.0, within=0.1, refutes={"1/2": 0.5})


@ordering
def test_rows_for_raw_moments_and_for_the_band(lab: Laboratory) -> None:
    """Millions against a few; the same direction can be had cheaply by who knows k as well."""
    sizes = [theory.raw_moment_sample_size(k) for k in (4, 6, 8)]
    assert lab.identical(sizes, [1.4e4, 2.4e6, 4.7e8], relative=0.02, refutes={"half": np.array([0.7e4, 1.2e6, 2.35e8])})
    exact = [4 * (math.prod(range(1, 4 * k, 2)) - math.prod(range(1, 2 * k, 2)) ** 2) / math.factorial(k) ** 2 for k in (4, 6, 8)]
    without = [4 * math.prod(range(1, 4 * k, 2)) / math.factorial(k) ** 2 for k in (4, 6, 8)]
    assert lab.identical(sizes, exact, relative=1e-12, refutes={"second moment": without})
    band = theory.band_test_sample_size(0.6, 0.05)
    assert lab.identical(band, 8 * math.log(40) / math.erf(0.6 / math.sqrt(2)), relative=1e-12, refutes={"raw moments": sizes[1]})
    # He_k(x)^2 has the mean k! under N(0, 1), and vanishes on the nodes.
    run = lab.run(simulate.sample_hermite_squares, degree=6, sample_size=50)
    assert run.probability_below(0.1).less_than(0.02, refutes={"often small": 0.5})
    places, _ = np.polynomial.hermite_e.hermegauss(6)
    on_nodes = np.polynomial.hermite_e.hermeval(places, [0] * 6 + [1])
    assert lab.identical(on_nodes, np.zeros(6), absolute=1e-9, refutes={"k!": np.full(6, 720.0)})


@ordering
def test_band_sees_a_pinch_that_moments_do_not(lab: Laboratory) -> None:
    """Pinch of one direction in |a| <= .05, d = 20: the band at n = 1500 against the kurtosis of the pinched axis at n = 5000."""
    near = lab.run(simulate.sample_pinch_power, dimension=20, sample_size=1500, half_width=0.05, statistics=("band",))
    far = lab.run(simulate.sample_pinch_power, dimension=20, sample_size=5000, half_width=0.05, statistics=("kurtosis", "covariance", "mardia"))
    assert near.probability("band").greater_than(0.9, refutes={"as kurtosis": 0.3})
    for name, most in (("kurtosis", 0.3), ("covariance", 0.2), ("mardia", 0.2)):
        assert far.probability(name).less_than(most, refutes={"as the band": 0.95})
    null = lab.run(simulate.sample_pinch_power, dimension=20, sample_size=1000, factor=1.0, statistics=("band", "covariance", "mardia"))
    for name in ("band", "covariance", "mardia"):
        assert null.probability(name).less_than(0.1, refutes={"twice the level": 0.1})


@ordering
def test_power_of_the_kurtosis_is_that_of_its_shift(lab: Laboratory) -> None:
    """The pinched axis has an excess kurtosis of 3 P/(1 - P), P the mass of the band: a power of three in four at half-width .1 and n = 5000."""
    for half_width, rows in ((0.1, 5000), (0.05, 20_000)):
        mass = math.erf(half_width / math.sqrt(2))
        shift = 3 * mass / (1 - mass) * math.sqrt(rows / 24)
        # The statistic of one axis in twenty, two-sided.
        power = norm.cdf(shift - norm.isf(0.05 / 40))
        run = lab.run(simulate.sample_pinch_power, dimension=20, sample_size=rows, half_width=half_width, statistics=("kurtosis",))
        wrong = {"one in six": 0.15, "certain": 1.0}
        assert run.probability("kurtosis").agrees_with(float(power), absolute=0.2, refutes=wrong)


@ordering
def test_turning_the_pinch_hides_it_from_coordinates_only(lab: Laboratory) -> None:
    """Along a direction with equal parts in all axes the kurtosis of coordinates sees nothing, the band as much as before."""
    run = lab.run(simulate.sample_pinch_power, dimension=20, sample_size=1500, turned=True, statistics=("band", "kurtosis"))
    assert run.probability("band").greater_than(0.9, refutes={"as kurtosis": 0.3})
    assert run.probability("kurtosis").less_than(0.2, refutes={"as the band": 0.95})


@ordering
def test_matching_degree_four_is_not_enough(lab: Laboratory) -> None:
    """Nodes pass every test of degree below 12 within noise, and the learner is off by a third of the labels."""
    run = lab.run(simulate.sample_runs, scenario="nodes", dimension=8, sample_size=12_000, ramp_width=0.4, noise_rate=0.2, excess_error=0.02)
    names = ("excess", "covariance_only", "tolerant")
    found = dict(zip(names, run.few(16, names), strict=True))
    assert lab.identical(found["excess"].mean(), 0.3, absolute=0.01, refutes={"harmless": 0.005})
    assert lab.identical(found["covariance_only"], np.ones(16), absolute=0.5, refutes={"seen": np.zeros(16)}, question="covariance accepts")
    assert lab.identical(found["tolerant"], np.zeros(16), absolute=0.5, refutes={"accepted": np.ones(16)}, question="the band refuses")


@ordering
def test_conditional_moments_and_what_they_cost(lab: Laboratory) -> None:
    """The moment test of degree k sees node laws in the band from degree 2K on; there are C(p + k, k) moments, and their noise grows."""
    rng = np.random.default_rng([lab.seed, 14])
    x = rng.standard_normal((40_000, 4))
    x[:, 0] *= 0.1 / 3
    axis = np.eye(1, 4)[0]
    gaussian = {k: conditional_moment_deviation(x, axis, half_width=0.2, degree=k) for k in (2, 4, 6)}
    places, weights = np.polynomial.hermite_e.hermegauss(2)
    nodes = x.copy()
    nodes[:, 2] = rng.choice(places, size=len(x), p=weights / weights.sum())
    seen = {k: conditional_moment_deviation(nodes, axis, half_width=0.2, degree=k) for k in (2, 4)}
    # Two nodes match degree 3; the fourth moment is 1, and H_2^2 has the mean 0 for 1.
    assert lab.identical(seen[4].largest, 1.0, absolute=0.02, refutes={"matched": gaussian[4].largest})
    assert lab.exact(seen[2].largest).less_than(0.06, refutes={"seen": 1.0})
    assert lab.identical([gaussian[k].moments for k in (2, 4, 6)], [9, 34, 83], absolute=0.1, refutes={"d^k": [16, 256, 4096]})
    growth = [polynomial_count(d, 8) for d in (10, 20, 40)]
    assert lab.exact(math.log2(growth[2] / growth[1])).inside(6.0, 8.0, refutes={"linear": 1.0, "2": 2.0})
    assert moment_count(20, 4) == math.comb(23, 4) - 1
    assert gaussian[2].spectral < gaussian[4].spectral < gaussian[6].spectral
    # The work: rows times N^2 numbers.
    work = {k: gaussian[k].rows * gaussian[k].polynomials ** 2 for k in (2, 4, 6)}
    assert work[2] < work[4] < work[6]


degree = claim(
    "TL-14",
    kind="rate",
    statement="To certify the mass of a band of half-width c from global moments takes a degree of order 1/c^2; counting takes 1/c rows.",
    tex=r"w_0(k)\sim\sqrt{\pi/(2k)},\quad k\ge\frac{\pi^2}{16c^2}\ \text{(from above)},\quad k\ge\frac{\pi^2}{4c^2}\ \text{(from below)}",
    source="derived here for arXiv:2302.14853 (Chebyshev, Markov, Stieltjes)",
)


@degree
def test_central_weights(lab: Laboratory) -> None:
    """Printed values, numpy's rule, the rate 1/sqrt k with its next order, and no node at 0 for even k."""
    nodes = [3, 5, 11, 51, 201]
    values = theory.central_quadrature_weight(nodes)
    asymptotic = np.sqrt(np.pi / (2 * np.array(nodes)))
    assert lab.identical(values, [0.666667, 0.533333, 0.369408, 0.174641, 0.0882921], absolute=6e-7, refutes={"limit law": asymptotic})
    for k in (7, 33, 101):
        places, weights = np.polynomial.hermite_e.hermegauss(k)
        exact = float(weights[np.argmin(np.abs(places))] / weights.sum())
        assert lab.identical(theory.central_quadrature_weight(k), exact, relative=1e-9, refutes={"next": theory.central_quadrature_weight(k + 2)})
    sizes = np.array([51, 201, 801, 3201])
    gaps = np.sqrt(np.pi / (2 * sizes)) / theory.central_quadrature_weight(sizes) - 1
    assert lab.limit(sizes, gaps, order=1.0, within=0.05, refutes={"1/2": 0.5})
    assert lab.identical(values[4] / values[3], 0.5056, absolute=1e-4, refutes={"1/k": 51 / 201, "k^-1/2": math.sqrt(51 / 201)})
    assert lab.identical(theory.central_quadrature_weight([2, 4, 10]), [0.0] * 3, absolute=1e-15, refutes={"odd": values[:3]})


@degree
def test_no_law_has_a_larger_atom(lab: Laboratory) -> None:
    """A linear programme over laws on a grid with 2k - 2 given moments: the largest atom at 0 is the weight of the k-node rule."""
    grid = np.linspace(-6, 6, 1201)
    for k in (3, 5, 7):
        # Orthonormal polynomials keep the programme well conditioned: E H_j = 0 for j = 1 .. 2k - 2.
        basis = np.array([np.polynomial.hermite_e.hermeval(grid, [0] * j + [1]) / math.sqrt(math.factorial(j)) for j in range(2 * k - 1)])
        objective = -(np.abs(grid) < 1e-9).astype(float)
        found = linprog(objective, A_eq=basis, b_eq=np.eye(2 * k - 1)[0], method="highs")
        claimed = theory.central_quadrature_weight(k)
        assert lab.identical(-found.fun, claimed, relative=5e-3, refutes={"next rule": theory.central_quadrature_weight(k + 2)})


@degree
@pytest.mark.parametrize("half_width", [0.05, 0.02])
def test_degrees_for_a_band(lab: Laboratory, half_width: float) -> None:
    """At the claimed number of nodes the atom is twice the mass of the band, and the smallest node leaves it, up to the rate's next order."""
    above, below = theory.degree_for_band_from_above(half_width), theory.degree_for_band_from_below(half_width)
    assert lab.identical(
        [above, below], [math.pi**2 / 16 / half_width**2, math.pi**2 / 4 / half_width**2], relative=1e-12, refutes={"1/c": [20.0, 80.0]}
    )
    odd, even = 2 * round(above / 2) + 1, 2 * round(below / 2)
    mass = math.erf(half_width / math.sqrt(2))
    wrong = {"quarter of the nodes": 4.0, "equal": 1.0}
    assert lab.identical(theory.central_quadrature_weight(odd) / mass, 2.0, relative=0.01, refutes=wrong)
    assert lab.identical(theory.smallest_quadrature_node(even) / half_width, 1.0, relative=0.01, refutes={"from above": 2.0})
    # Rows by counting grow like 1/c, degrees like 1/c^2.
    rows = theory.band_test_sample_size([half_width, half_width / 2], 0.05)
    assert lab.identical(rows[1] / rows[0], 2.0, relative=0.01, refutes={"1/c^2": 4.0})
