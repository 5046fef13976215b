"""arXiv:2310.00027, the rule with the fewest training errors in the plane: a cube root, with Chernoff's law (beyond the paper).

m labeled_size, s half_distance, theta the angle to mu0.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ai_zeros, airy
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

cube_root = claim(
    "OOD-5",
    kind="rate",
    statement="In the plane the rule with the fewest training errors is off by m^(-1/3), its excess risk m^(-2/3), by Chernoff's law.",
    tex=r"m^{2/3}\,\mathbb E[R-R^*]\to\tfrac k2\Bigl(\tfrac{4b}{k^2}\Bigr)^{2/3}\mathbb E C^2,\quad k=s\varphi(s),\ b=\varphi(s)\sqrt{2/\pi},\ "
    r"C=\operatorname{argmax}\{W(t)-t^2\}",
    source="derived here (Kim, Pollard 1990; Groeneboom 1989) for arXiv:2310.00027",
)


@cube_root
def test_chernoff_law(lab: Laboratory) -> None:
    """Its density against Groeneboom's tail, which is a sum over the zeros of the Airy function; its moments."""
    zeros = ai_zeros(40)
    # g(t) for t > 0 by residues at the zeros a_k of Ai: 4^(1/3) sum exp(a_k 2^(1/3) t)/Ai'(a_k); g(-t) by quadrature.
    place = np.array([0.4, 0.7, 1.0, 1.4])
    right = 4 ** (1 / 3) * np.sum(np.exp(zeros[0] * 2 ** (1 / 3) * place[:, None]) / zeros[3], axis=1)
    other = np.array([0.5 / math.pi * quad(lambda u, t=t: transform(u, t), 0, 60, limit=400)[0] * 2 for t in place])
    wrong = {"standard normal": norm.pdf(place), "without the half": right * other}
    assert lab.identical(theory.chernoff_density(place), 0.5 * right * other, relative=1e-7, refutes=wrong)
    assert lab.identical(theory.chernoff_density(-place), theory.chernoff_density(place), relative=1e-10, refutes={"one-sided": np.zeros(4)})
    mass = 2 * quad(theory.chernoff_density, 0, 5, epsabs=1e-12)[0]
    assert lab.identical(mass, 1.0, absolute=1e-8, refutes={"2": 2.0})
    beyond = theory.chernoff_density([-7.0, -5.5, 6.0])
    assert lab.identical(beyond, np.zeros(3), absolute=1e-20, refutes={"normal": norm.pdf(6.0) * np.ones(3)}, question="beyond 5")
    moments = theory.chernoff_moments()
    assert lab.identical([moments.mean_absolute, moments.mean_square], [0.4127366, 0.26355964], absolute=5e-8, refutes={"normal": [0.3989, 0.25]})
    seen = [2 * quad(lambda t, k=k: t**k * theory.chernoff_density(t), 0, 5, epsabs=1e-13)[0] for k in (1, 2)]  # type: ignore[misc]
    assert lab.identical([moments.mean_absolute, moments.mean_square], seen, absolute=1e-10, refutes={"exchanged": seen[::-1]}, question="moments")


def transform(frequency: float, place: float) -> float:
    """Return the real integrand of g at a place."""
    return float((np.exp(-1j * frequency * place) * 2 ** (1 / 3) / airy(1j * 2 ** (-1 / 3) * frequency)[0]).real)


@cube_root
def test_constants(lab: Laboratory) -> None:
    """Curvature and wedge by differences of risks and by quadrature, and what they make."""
    rng = np.random.default_rng([lab.seed, 1])
    for s in (0.6, 1.0, 1.5, float(rng.uniform(0.5, 2.5))):
        step = 1e-4
        curvature = 2 * (norm.cdf(-s * math.cos(step)) - norm.cdf(-s)) / step**2
        # The probability that two rules at a small angle differ: |Z| times the density of the margin at 0, over both coordinates.
        wedge = quad(lambda z: abs(z) * norm.pdf(z), -12, 12, points=[0.0])[0] * norm.pdf(s)
        scale = (4 * wedge / curvature**2) ** (1 / 3)
        assert lab.identical(theory.erm_angle_scale(s), scale, relative=1e-6, refutes={"b/k^2": scale / 4 ** (1 / 3), "b = phi(s)": scale * 1.0782})
        square, size = theory.chernoff_moments().mean_square, theory.chernoff_moments().mean_absolute
        wrong = {"E C^2 = 1/2": 0.25 * curvature * scale**2, "k for k/2": curvature * scale**2 * square}
        assert lab.identical(theory.erm_cube_root_constant(s), 0.5 * curvature * scale**2 * square, relative=1e-6, refutes=wrong)
        assert lab.identical(theory.erm_angle_constant(s), scale * size, relative=1e-6, refutes={"E C^2": scale * square})
    assert lab.identical(theory.erm_cube_root_constant(1.0), 0.1780068, absolute=6e-8, refutes={"E C^2 = 1/2": 0.3376993})


@cube_root
@pytest.mark.parametrize(("s", "margin"), [(1.0, 0.04), (1.5, 0.05)])
def test_angle(lab: Laboratory, s: float, margin: float) -> None:
    """The exact minimiser on raw data at m = 500, where the limit is nearly reached."""
    m = 500
    unit = theory.erm_angle_scale(s) / m ** (1 / 3)
    run = lab.run(simulate.sample_plane_erm, statistics=("angle", "squared_angle"), labeled_size=m, half_distance=s)
    moments = theory.chernoff_moments()
    wrong = {"1/2": 0.5, "E C^2": moments.mean_square}
    assert (run.mean("angle") / unit).agrees_with(moments.mean_absolute, absolute=margin, refutes=wrong)
    wrong = {"1/2": 0.5, "(E |C|)^2": moments.mean_absolute**2}
    assert (run.mean("squared_angle") / unit**2).agrees_with(moments.mean_square, absolute=0.055, refutes=wrong)


@cube_root
def test_excess_risk(lab: Laboratory) -> None:
    """m^(2/3) times the excess, at m = 500 and beyond at full scale."""
    for m, margin in lab.at_scale(((500, 0.25),), ((500, 0.2), (5000, 0.08), (50_000, 0.06))):
        run = lab.run(simulate.sample_plane_erm, statistics=("excess",), labeled_size=m, half_distance=1.0)
        limit = theory.erm_cube_root_constant(1.0)
        wrong = {"E C^2 = 1/2": limit * 0.5 / theory.chernoff_moments().mean_square, "the labelled mean": m ** (2 / 3) * norm.pdf(1) / (2 * m)}
        assert (run.mean("excess") * m ** (2 / 3)).agrees_with(limit, relative=margin, refutes=wrong)


@cube_root
def test_rate(lab: Laboratory) -> None:
    """The slope of log E |theta|: neither that of the worst case, -1/4, nor that of a smooth rule, -1/2."""
    sizes = lab.at_scale((100, 400, 1600), (200, 2000, 20_000, 200_000))
    points = [lab.run(simulate.sample_plane_erm, statistics=("angle",), labeled_size=m, half_distance=1.0).mean("angle") for m in sizes]
    slope = lab.exponent(sizes, points)
    assert slope.agrees_with(-1 / 3, absolute=0.06, refutes={"excess m^(-1/2)": -0.25, "excess 1/m": -0.5})


@cube_root
def test_the_optimism_of_the_fewest_errors(lab: Laboratory) -> None:
    """The least training error lies below the Bayes risk, by the order m^(-2/3); that of the true rule does not."""
    run = lab.run(simulate.sample_plane_erm, statistics=("training_error",), labeled_size=100, half_distance=1.0)
    assert run.mean("training_error").less_than(float(norm.cdf(-1)) - 0.01, refutes={"the Bayes risk": float(norm.cdf(-1))})
