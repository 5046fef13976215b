"""arXiv:2302.14853, what a Gaussian has in a band around a hyperplane."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm, truncnorm

from theorylab.laboratory import Laboratory
from theorylab.papers.tester_learner import closed_form as theory
from theorylab.papers.tester_learner import monte_carlo as simulate
from theorylab.pytest_plugin import claim

band = claim(
    "TL-6",
    kind="identity",
    statement="A band |a| <= c has mass erf(c/sqrt 2), second moment 1 - 2 c phi(c)/P along w, and is normal across.",
    tex=r"P=\mathrm{erf}\tfrac{c}{\sqrt2},\ E[a^2]=1-\tfrac{2c\varphi(c)}P=\tfrac{c^2}3-\tfrac{2c^4}{45}+..,\ E|a|=\tfrac{2\varphi(0)-2\varphi(c)}P",
    source="textbook; used by arXiv:2302.14853",
)


@band
@pytest.mark.parametrize("half_width", [0.15, 1.0, 2.5])
def test_band_of_simulated_rows(lab: Laboratory, half_width: float) -> None:
    """Mass, both moments along w, and the moments across, where it is as if there were no band."""
    c = half_width
    run = lab.run(simulate.sample_band_moments, half_width=c, dimension=4)
    mass, second, first = theory.band_probability(c), theory.band_second_moment(c), theory.band_mean_distance(c)
    flat = 2 * c * norm.pdf(0)
    assert run.probability("inside").agrees_with(mass, relative=0.03, refutes={"flat density": flat} if c > 0.5 else {"half": mass / 2})
    wrong = {"c^2": c * c, "c^2/2": c * c / 2}
    if c > 0.5:
        wrong["c^2/3"] = c * c / 3
    assert run.mean("square").agrees_with(second, relative=0.03, refutes=wrong)
    assert run.mean("distance").agrees_with(first, relative=0.02, refutes={"c": c, "root of the square": math.sqrt(second)})
    assert run.mean("across").agrees_with(1.0, relative=0.02, refutes={"as along w": second, "uniform": 1 / 3})
    assert run.mean("fourth").agrees_with(3.0, relative=0.05, refutes={"uniform": 1.8, "6": 6.0})
    assert run.mean("product").agrees_with(0.0, absolute=0.05, refutes={"correlated": 0.2, "against": -0.2})


@band
def test_flat_density_is_refuted_in_a_narrow_band_too(lab: Laboratory) -> None:
    """Relative c^2/6: too small to see on rows at c = .15, but plain in the numbers."""
    c = 0.15
    values = theory.band_probability(c)
    assert lab.identical(values, 0.1192354, absolute=6e-8, refutes={"flat density": 2 * c * norm.pdf(0)})
    assert lab.identical(2 * c * norm.pdf(0) / values - 1, c * c / 6, relative=0.01, refutes={"c^2/3": c * c / 3})
    assert lab.identical(theory.band_probability(0.1), 0.0796557, absolute=6e-8, refutes={"flat density": 0.2 * norm.pdf(0)})
    seconds = theory.band_second_moment([0.1, 0.15])
    assert lab.identical(seconds, [0.00332889, 0.00747752], absolute=6e-9, refutes={"c^2/3": [0.01 / 3, 0.0225 / 3]})


@band
def test_moments_by_quadrature_and_series(lab: Laboratory) -> None:
    """Against scipy's truncated normal and the series at small widths, where the plain formula cancels."""
    rng = np.random.default_rng([lab.seed, 7])
    for c in rng.uniform(0.3, 4.0, 6):
        law = truncnorm(-c, c)
        plain = 1 - 2 * c * norm.pdf(c) / (2 * norm.cdf(c) - 1)
        assert lab.identical(theory.band_second_moment(c), plain, relative=1e-10, refutes={"phi once": 1 - c * norm.pdf(c) / (2 * norm.cdf(c) - 1)})
        assert lab.identical(theory.band_second_moment(c), law.var(), relative=1e-8, refutes={"uniform": c * c / 3})
        mean = quad(lambda a, q=law: 2 * a * q.pdf(a), 0, c)[0]
        assert lab.identical(theory.band_mean_distance(c), mean, relative=1e-8, refutes={"c/2": c / 2})
    small = np.array([1e-3, 1e-2])
    series = small**2 / 3 - 2 * small**4 / 45
    assert lab.identical(theory.band_second_moment(small), series, relative=1e-9, refutes={"+": small**2 / 3 + 2 * small**4 / 45})
    assert lab.identical(theory.band_mean_distance(1e-4), 0.5e-4, relative=1e-8, refutes={"c": 1e-4})
