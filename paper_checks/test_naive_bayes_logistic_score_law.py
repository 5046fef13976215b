"""arXiv:2302.02334: the law of the score by which fitted two-class naive Bayes tells a test point's class, feature by feature.

T score of the true class less that of the other, m1 and m2 the training points of the two, delta the gap of a feature, s^2 a variance estimate. Given
the estimates of the variances T is a quadratic form in normal variates; here its characteristic function phi, which is what every exact error rests
on, is asked by itself: at single points, real and complex, for every kind of variance, against eigenvalues and plain quadrature in s.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import gammaln

from theorylab.laboratory import Laboratory
from theorylab.numerics.characteristic_functions import LogarithmicGrid, probability_below_zero
from theorylab.papers.naive_bayes_logistic import closed_form as theory
from theorylab.papers.naive_bayes_logistic import monte_carlo as simulate
from theorylab.papers.naive_bayes_logistic.closed_form.score_law import (
    FeatureGroups,
    KnownVariance,
    PooledVariance,
    SeparateVariances,
    integration_ray,
    score_characteristic_function,
)
from theorylab.pytest_plugin import claim

# NB-11 -----------------------------------------------------------------------------------------------------------------------------------

score_law = claim(
    "NB-11",
    kind="identity",
    statement="The score of naive Bayes has a characteristic function that is elementary up to a mean over variances, and analytic in a sector.",
    tex=r"\mathbb{E}\,e^{itT}=\left(\tfrac{m_1}{m_2}\right)^{it}\prod_i\mathbb{E}_s\left[\left(\tfrac{s_2}{s_1}\right)^{it}D^{-1/2}"
    r"e^{\frac{i\delta_i^2}{2}\frac{a_2(1+i(1+1/m_1)a_1)}{D}}\right],\quad "
    r"\mathbb P(T<0)=\tfrac12-\tfrac\alpha\pi-\tfrac1\pi\int_{-\infty}^\infty\mathrm{Im}\,\varphi(e^{u+i\alpha})\,du",
    source="derived here for the classifier of arXiv:2302.02334",
)

GAPS, MULTIPLICITIES = np.array([0.8, 0.3, 0.0]), np.array([2, 3, 1])
POINTS = np.array([0.03, 0.4, 1.7, 6.0])
# Training points of the test point's class and of the other, and the constant in T: three laws in general position.
OWN, OTHER, ODDS = np.array([3.0, 8.0, 5.0]), np.array([7.0, 4.0, 6.0]), np.array([-0.6, 0.9, 0.2])


def form_value(t: Any, own: float, other: float, gap: float, first: Any, second: Any) -> Any:
    """Return E exp(i t (q^2/s_2^2 - p^2/s_1^2)/2) by the eigenvalues of the form, for arrays of t and of s_1^2, s_2^2 that broadcast."""
    root = np.linalg.cholesky(np.array([[1.0 + 1.0 / own, 1.0], [1.0, 1.0 + 1.0 / other]]))
    first, second = np.broadcast_arrays(np.asarray(first, dtype=float), np.asarray(second, dtype=float))
    forms = np.zeros((*first.shape, 2, 2))
    forms[..., 0, 0], forms[..., 1, 1] = -1.0 / first, 1.0 / second
    eigenvalues, vectors = np.linalg.eigh(root.T @ forms @ root)
    shifts = np.linalg.solve(root, np.array([0.0, gap])) @ vectors
    linear = np.asarray(t)[..., None] * eigenvalues
    return np.exp(np.sum(0.5j * linear * shifts**2 / (1.0 - 1j * linear), axis=-1)) / np.sqrt(1.0 - 1j * linear).prod(axis=-1)


def chi_square_nodes(degrees: float, scale: float, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes of s^2 and weights for ``scale s^2 ~ chi^2``: Gauss and Legendre's rule in the cube root of chi."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    end = np.cbrt(np.sqrt(degrees) + 9.0)
    root = 0.5 * end * (1.0 + x)
    density = (degrees - 1.0) * 3.0 * np.log(root) - 0.5 * root**6 - (0.5 * degrees - 1.0) * np.log(2.0) - gammaln(0.5 * degrees)
    return root**6 / scale, 0.5 * end * w * 3.0 * root**2 * np.exp(density)


def witness(points: np.ndarray, law: int, kind: str, *, degrees_added: int = 0, gaps: np.ndarray = GAPS, nodes: int = 240) -> np.ndarray:
    """Return the characteristic function of one of the laws at some points by the eigenvalues and, where variances are estimated, by quadrature."""
    own, other, t = OWN[law], OTHER[law], np.asarray(points)
    if kind == "known":
        parts = [form_value(t, own, other, gap, 1.0, 1.0) for gap in gaps]
    elif kind == "pooled":
        s, shares = chi_square_nodes(own + other - 2.0 + degrees_added, own + other, nodes)
        parts = [form_value(t[:, None], own, other, gap, s, s) @ shares for gap in gaps]
    else:
        (s, p), (r, q) = (chi_square_nodes(count - 1.0 + degrees_added, count, nodes // 3) for count in (own, other))
        first, second = (each.ravel() for each in np.meshgrid(s, r, indexing="ij"))
        phase = np.exp(0.5j * t[:, None] * np.log(second / first))
        parts = [(phase * form_value(t[:, None], own, other, gap, first, second)) @ np.outer(p, q).ravel() for gap in gaps]
    return np.asarray(np.exp(1j * t * ODDS[law]) * np.prod([part**n for part, n in zip(parts, MULTIPLICITIES, strict=True)], axis=0))


def claimed(point: complex, kind: str, groups: FeatureGroups, laws: np.ndarray) -> np.ndarray:
    """Return the closed characteristic function of some of the laws at one point."""
    values = []
    for law in laws:
        own, other = OWN[law], OTHER[law]
        variance: Any = KnownVariance()
        if kind == "pooled":
            variance = PooledVariance(own + other - 2.0, own + other)
        if kind == "class":
            variance = SeparateVariances(own - 1.0, other - 1.0, int(groups.multiplicities.sum()))
        # The second of two points of a grid; two quadratures need half the step that the inversion begins with.
        step = variance.step if kind != "class" else 0.5 * variance.step
        grid = LogarithmicGrid(np.array([law]), np.array([np.log(abs(point)) - step]), step, 2, np.array([np.angle(point)]))
        values.append(score_characteristic_function(grid, groups, OWN, OTHER, ODDS, variance)[0, 1])
    return np.array(values)


@score_law
@pytest.mark.parametrize(
    ("kind", "angle", "margin"),
    [("known", 0.0, 2e-14), ("known", 0.35, 2e-14), ("pooled", 0.0, 2e-13), ("pooled", 0.35, 2e-13), ("pooled", -0.3, 2e-13), ("class", 0.0, 5e-12)],
)
def test_characteristic_function_by_eigenvalues(lab: Laboratory, kind: str, angle: float, margin: float) -> None:
    """Three groups of features, three pairs of counts, four points on a ray; rays off the real line where one variance serves both classes."""
    points, laws, groups = POINTS * np.exp(1j * angle) if angle else POINTS, np.arange(3), FeatureGroups(GAPS, MULTIPLICITIES)
    values = np.array([claimed(point, kind, groups, laws) for point in points])
    seen = np.array([witness(points, law, kind) for law in laws]).T
    wrong = {
        "the other class's prior": seen * np.exp(-2j * points[:, None] * ODDS),
        "a gap of 0 in every feature": np.array([witness(points, law, kind, gaps=0.0 * GAPS) for law in laws]).T,
        "the other sign of T": np.conj(seen),
    }
    if kind != "known":
        wrong["one degree of freedom more"] = np.array([witness(points, law, kind, degrees_added=1) for law in laws]).T
        wrong["variances known"] = np.array([witness(points, law, "known") for law in laws]).T
    apart = {label: np.stack([each.real, each.imag]) for label, each in wrong.items()}
    both = np.stack([values.real, values.imag]), np.stack([seen.real, seen.imag])
    assert lab.identical(*both, absolute=margin, refutes=apart, question=f"phi, {kind} variances, angle {angle:g}")


@score_law
def test_characteristic_function_of_a_million_features(lab: Laboratory) -> None:
    """Powers up to 10^6 of what is nearly 1, in fifty digits: nothing is lost, neither at small t nor where phi has almost vanished."""
    gap, own, other, d = 2e-3, 40_000.0, 25_000.0, 10**6
    points, seen, rounded = np.array([1e-6, 1e-3, 0.05, 0.3]), [], []
    with mpmath.workdps(50):
        for t in points.tolist():
            u, v, c = 1 + 1 / mpmath.mpf(own), 1 + 1 / mpmath.mpf(other), mpmath.mpf(1)
            a = mpmath.mpf(t)
            # Mean and covariance of (p, q), and det(I - i t C B) written out.
            determinant = (1 + 1j * a * u) * (1 - 1j * a * v) - (1j * a * c) * (-1j * a * c)
            one = mpmath.exp(0.5j * a * mpmath.mpf(gap) ** 2 * (1 + 1j * a * u) / determinant) / mpmath.sqrt(determinant)
            seen.append(complex(one**d * mpmath.exp(1j * a * mpmath.mpf(0.2))))
            rounded.append(complex(np.complex64(complex(one)) ** d))
    grid = LogarithmicGrid(np.array([0]), np.array([0.0]), 0.1, 1, np.zeros(1))
    groups = FeatureGroups(np.array([gap]), np.array([d]))
    counts = np.array([own]), np.array([other]), np.array([0.2])
    values = np.array(
        [score_characteristic_function(grid._replace(start=np.log([t])), groups, *counts, KnownVariance())[0, 0] for t in points.tolist()]
    )
    excess, true = (np.stack([each.real - 1.0, each.imag]) / points for each in (values, np.array(seen)))
    wrong = {"in single precision": np.stack([np.real(rounded) - 1.0, np.imag(rounded)]) / points, "one feature": 0.0}
    assert lab.identical(excess, true, absolute=1e-13, refutes=wrong, question="(phi - 1)/t")


@score_law
@pytest.mark.parametrize(
    ("kind", "law", "multiplicities", "odds"),
    [("known", 0, (2, 5, 1), -0.6), ("known", 1, (9, 3, 4), 0.0), ("pooled", 1, (12, 3, 4), 0.9), ("pooled", 2, (6, 2, 5), 0.0)],
)
def test_every_ray_gives_the_same_probability(lab: Laboratory, kind: str, law: int, multiplicities: tuple[int, ...], odds: float) -> None:
    """Turning the ray of integration, to the side of the prior if there is one, changes the integral by the pole's part in the angle, no more."""
    own, other, groups = OWN[law], OTHER[law], FeatureGroups(GAPS, np.array(multiplicities))
    variance = KnownVariance() if kind == "known" else PooledVariance(own + other - 2.0, own + other)
    counts = np.array([own]), np.array([other]), np.array([odds])
    scale, _ = integration_ray(groups, *counts, variance)
    angles, found = np.array([0.0, 0.15, 0.3, 0.55]) * np.sign(odds) if odds else np.array([0.0, -0.15, 0.3, 0.55]), []
    for angle in angles:
        result = probability_below_zero(
            lambda grid: score_characteristic_function(grid, groups, *counts, variance), scale, angle=angle, tolerance=1e-9, first_step=variance.step
        )
        found.append(float(result.value[0]))
    error = theory.naive_bayes_class_error(GAPS, multiplicities, own, other, variance=kind, log_prior_odds=odds)
    wrong = {"without the pole": np.array(found) + angles / np.pi}
    assert lab.identical(np.full(4, error), found, absolute=1e-13, refutes=wrong, question=f"four rays, {kind} variances")


FAR = [
    (8.0, 1, 40.0, 3.0),
    (8.0, 1, 3.0, 40.0),
    (0.4, 1, 2.0, 300.0),
    (0.4, 2, 300.0, 2.0),
    (14.0, 2, 0.5, 90.0),
    (1.0, 3, 1e4, 0.7),
    (0.2, 60, 3.0, 1e3),
]


@score_law
@pytest.mark.parametrize(("distance", "dimension", "own", "other"), FAR)
def test_one_sided_training_sets(lab: Laboratory, distance: float, dimension: int, own: float, other: float) -> None:
    """Few features, counts far from equal: the prior turns phi many times before it vanishes, and the probability is still exact."""
    error = theory.naive_bayes_class_error([distance / np.sqrt(dimension)], [dimension], own, other, variance="known")
    seen = simulate.conditioned_class_error(distance, dimension, own, other, nodes=600)
    plain = theory.naive_bayes_class_error([distance / np.sqrt(dimension)], [dimension], own, other, variance="known", log_prior_odds=0.0)
    swapped = theory.naive_bayes_class_error([distance / np.sqrt(dimension)], [dimension], other, own, variance="known")
    wrong = {label: value for label, value in {"no prior": plain, "the other class": swapped}.items() if abs(value - error) > 1e-9}
    assert lab.identical(error, seen, absolute=1e-12, refutes={**wrong, "a toss": 0.5}, question=f"{own:g} + {other:g} points")


@score_law
@pytest.mark.parametrize("degrees", [1.0, 2.0, 6.0, 50.0, 2000.0])
def test_equal_steps_in_the_logarithm_have_the_moments_of_the_variance(lab: Laboratory, degrees: float) -> None:
    """The average over s^2 is a sum over equal steps of log s^2: its moments are those of chi-squared to twelve digits."""
    law = PooledVariance(degrees, 10.0)
    largest, weights = law.nodes(law.step)
    s = np.exp(largest - law.step * np.arange(weights.size))
    powers = np.array([0.5, 1.0, 2.0, 3.0])
    exact = np.exp(gammaln(degrees / 2 + powers) - gammaln(degrees / 2)) * (2.0 / 10.0) ** powers
    seen = np.array([weights @ s**power for power in powers])
    wrong = {"one degree of freedom more": np.exp(gammaln(degrees / 2 + 0.5 + powers) - gammaln(degrees / 2 + 0.5)) * 0.2**powers / exact}
    assert lab.identical(seen / exact, np.ones(4), absolute=3e-12, refutes=wrong, question="moments of s^2")


@score_law
@pytest.mark.parametrize(("own", "other"), [(1.0, 1.0), (1.0, 7.0), (12.0, 3.0), (300.0, 200.0)])
def test_equal_steps_in_the_logit_have_the_moments_of_the_share(lab: Laboratory, own: float, other: float) -> None:
    """The share B of one class in both sums of squares is a beta variate: the same for equal steps of its logit."""
    law = SeparateVariances(own, other, 10)
    width, log_share, log_rest, weights = law.logit_nodes(law.step)
    p, q = own / 2, other / 2
    logarithm = [
        gammaln(p + a) + gammaln(q + b) - gammaln(p + q + a + b) - (gammaln(p) + gammaln(q) - gammaln(p + q)) for a, b in ((1, 0), (0, 2), (3, 1))
    ]
    exact = np.exp(logarithm)
    seen = [weights @ np.exp(a * log_share + b * log_rest) for a, b in ((1, 0), (0, 2), (3, 1))]
    seen += [np.max(np.abs(np.diff(log_share - log_rest) / width - 1.0)) + 1.0, np.max(np.abs(np.exp(log_share) + np.exp(log_rest)))]
    wrong = {"the classes exchanged": 1.1, "one degree of freedom more": np.array([1.01] * 5)}
    assert lab.identical(np.array(seen) / np.append(exact, [1.0, 1.0]), np.ones(5), absolute=1e-12, refutes=wrong, question="moments of the share")
