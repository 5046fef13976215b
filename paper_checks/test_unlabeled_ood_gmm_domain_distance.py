"""arXiv:2310.00027, how far apart two domains are: Wasserstein distance, total variation, and the shift of the mean that they allow."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import foldnorm, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

PAIRS = [(1.0, 1.3), (0.0, 0.1), (0.0, 0.2), (0.5, 1.5)]
# Near and far, small and large, and nearly the same.
APART = [
    (0.0, 1e-3),
    (0.7, 0.7001),
    (1.43, 1.430001),
    (1.0, 1.9),
    (0.3, 1.7),
    (2.5, 2.9),
    (2.5, 2.500001),
    (0.4, 2.5),
    (3.0, 4.5),
    (0.3, 6.0),
    (0.0, 8.0),
]

wasserstein = claim(
    "OOD-13",
    kind="identity",
    statement="Along the mean the Wasserstein distance is a difference of E|x|: alpha allows a shift alpha/(2 Phi(s) - 1), near 0 sqrt(alpha).",
    tex=r"W_1=|A(|\mu_1|)-A(|\mu_0|)|,\ A(u)=u(2\Phi(u)-1)+2\varphi(u);\quad |\mu_0-\mu_1|\approx\frac{\alpha}{2\Phi(s)-1}",
    source="derived here for arXiv:2310.00027, whose theorems are stated in this distance",
)


def distribution(x: np.ndarray | float, u: float) -> np.ndarray | float:
    """Return the distribution function of y u + z."""
    return 0.5 * (norm.cdf(x - u) + norm.cdf(x + u))


@wasserstein
def test_distance_is_the_area_between_the_distribution_functions(lab: Laboratory) -> None:
    """Quadrature of |F0 - F1|; with a standard deviation, by a change of units."""
    rng = np.random.default_rng([lab.seed, 1])
    for u0, u1 in [*PAIRS, tuple(float(u) for u in rng.uniform(0, 3, 2))]:
        area = 2 * quad(lambda x, u0=u0, u1=u1: abs(distribution(x, u0) - distribution(x, u1)), 0, 16, limit=400, epsabs=1e-13)[0]
        wrong = {"|mu0 - mu1|": abs(u0 - u1), "total variation": theory.mixture_total_variation(u0, u1)}
        assert lab.identical(theory.mixture_wasserstein1(u0, u1), area, absolute=1e-9, refutes=wrong)
        assert lab.identical(theory.mixture_wasserstein1(3 * u0, 3 * u1, 3.0), 3 * area, absolute=3e-9, refutes={"unit dropped": area})
    values = theory.mixture_wasserstein1(*np.transpose(PAIRS[:3]))
    assert lab.identical(values, [0.2244250, 0.0039861, 0.0159047], absolute=6e-8, refutes={"|mu0 - mu1|": [0.3, 0.1, 0.2]})


@wasserstein
def test_distance_of_samples(lab: Laboratory) -> None:
    """The mean distance of sorted samples, whose bias is a part of the margin."""
    for u0, u1, margin in ((1.0, 1.3, 0.012), (0.5, 1.5, 0.012)):
        run = lab.run(simulate.sample_sorted_distance, sample_size=4000, mean_norm0=u0, mean_norm1=u1)
        assert run.mean("distance").agrees_with(
            theory.mixture_wasserstein1(u0, u1), absolute=margin, refutes={"|mu0 - mu1|": u1 - u0, "phi(0) (u1^2 - u0^2)": 0.3989 * (u1**2 - u0**2)}
        )


@wasserstein
def test_a_small_distance_allows_a_large_shift_of_a_weak_mean(lab: Laboratory) -> None:
    """The hidden constant diverges as s -> 0; at s = 0 the shift is the root of the distance."""
    for s in (0.2, 0.5, 1.0, 2.0):
        alpha = 1e-7
        shift = np.array([-1.0, 1.0]) * alpha * theory.mean_shift_per_wasserstein(s)
        seen = theory.mixture_wasserstein1(s, s + shift)
        wrong = {"|mu0 - mu1| = alpha": seen * (2 * norm.cdf(s) - 1), "alpha/Phi(s)": seen * (2 * norm.cdf(s) - 1) / norm.cdf(s)}
        assert lab.identical([alpha, alpha], seen, relative=1e-5, refutes=wrong)
    assert lab.exact(theory.mean_shift_per_wasserstein(0.05)).greater_than(20.0, refutes={"bounded": 2.0})
    ratio = theory.mixture_wasserstein1(0.0, 0.2) / theory.mixture_wasserstein1(0.0, 0.1)
    assert lab.exact(ratio).inside(3.95, 4.0, refutes={"linear": 2.0})
    u = np.array([0.1, 0.03, 0.01])
    claimed = u**2 * norm.pdf(0)
    assert lab.limit(1 / u, theory.mixture_wasserstein1(0.0, u) / claimed - 1, order=2.0, within=0.1, refutes={"order 1": 1.0})


@wasserstein
@pytest.mark.parametrize(("u0", "u1"), APART)
def test_distance_in_long_arithmetic(lab: Laboratory, u0: float, u1: float) -> None:
    """The difference of two nearly equal means of |x| keeps its digits."""
    with mpmath.workdps(40):
        size = [mpmath.mpf(u) * mpmath.erf(mpmath.mpf(u) / mpmath.sqrt(2)) + 2 * mpmath.npdf(mpmath.mpf(u)) for u in (u0, u1)]
        exact = float(size[1] - size[0])
    wrong = {"|mu0 - mu1|": u1 - u0 if u0 < 2 else 1.01 * (u1 - u0), "total variation": theory.mixture_total_variation(u0, u1)}
    assert lab.identical(theory.mixture_wasserstein1(u1, u0), exact, relative=1e-11, refutes=wrong)
    assert lab.identical(theory.mixture_wasserstein1(0.4 * u0, 0.4 * u1, 0.4), 0.4 * exact, relative=1e-9, refutes={"unit dropped": exact})


@wasserstein
def test_mean_of_the_absolute_margin(lab: Laboratory) -> None:
    """The folded normal law, for means on both sides; and one over the slope of its mean, for weak and for strong signals."""
    for mean, deviation in ((0.7, 1.3), (-1.2, 0.4), (0.0, 2.2), (3.0, 0.6)):
        folded = float(foldnorm.mean(abs(mean) / deviation, scale=deviation))
        wrong = {"the mean alone": abs(mean) * 0.999, "at deviation 1": float(foldnorm.mean(abs(mean)))}
        assert lab.identical(theory.mean_absolute_margin(mean, deviation), folded, relative=1e-11, refutes=wrong)
    s = np.array([0.1, 0.6, 1.7, 4.0])
    slope = np.array([math.erf(x / math.sqrt(2)) for x in s])
    assert lab.identical(theory.mean_shift_per_wasserstein(s) * slope, np.ones(4), absolute=1e-12, refutes={"1/Phi(s)": slope / norm.cdf(s)})


variation = claim(
    "OOD-16",
    kind="identity",
    statement="The total variation of the abstract is another distance, of order |mu1|^2 near 0, and with a closed form along the mean.",
    tex=r"TV=\bigl[\bar\Phi(x^*-u_1)+\bar\Phi(x^*+u_1)\bigr]-\bigl[\bar\Phi(x^*-u_0)+\bar\Phi(x^*+u_0)\bigr],\quad "
    r"\log\tfrac{\cosh u_1x^*}{\cosh u_0x^*}=\tfrac{u_1^2-u_0^2}2",
    source="derived here for arXiv:2310.00027, whose abstract speaks of total variation",
)


@variation
def test_total_variation_is_half_the_area_between_the_densities(lab: Laboratory) -> None:
    """Quadrature of |p0 - p1|/2, and the printed values."""
    rng = np.random.default_rng([lab.seed, 2])
    grid = np.linspace(0, 16, 400_001)
    for u0, u1 in [*PAIRS, tuple(float(u) for u in rng.uniform(0, 3, 2))]:
        densities = [0.5 * (norm.pdf(grid - u) + norm.pdf(grid + u)) for u in (u0, u1)]
        area = np.trapezoid(np.abs(densities[0] - densities[1]), grid)
        wrong = {"Wasserstein": theory.mixture_wasserstein1(u0, u1), "two normals": 2 * norm.cdf(abs(u0 - u1) / 2) - 1}
        assert lab.identical(theory.mixture_total_variation(u0, u1), area, absolute=1e-9, refutes=wrong)
    values = theory.mixture_total_variation([1.0, 0.0, 0.5], [1.3, 0.1, 1.5])
    assert lab.identical(values, [0.1118757626, 0.0024156801, 0.3350768850], absolute=6e-11, refutes={"Wasserstein": [0.2244250, 0.0039861, 0.5]})


@variation
def test_total_variation_in_many_dimensions(lab: Laboratory) -> None:
    """The likelihood ratio of whole samples, in one dimension and in thirty."""
    for d in (1, 30):
        run = lab.run(simulate.sample_total_variation, mean_norm0=0.5, mean_norm1=1.5, dimension=d)
        wrong = {"two normals": 2 * norm.cdf(0.5) - 1, "Wasserstein": theory.mixture_wasserstein1(0.5, 1.5)}
        assert run.mean("distance").agrees_with(theory.mixture_total_variation(0.5, 1.5), absolute=0.012, refutes=wrong)


@variation
def test_total_variation_allows_a_shift_of_its_root(lab: Laboratory) -> None:
    """TV ~ u^2 phi(1) at mu0 = 0, with a relative error of order u^2."""
    u = np.array([0.2, 0.1, 0.05])
    relative = theory.mixture_total_variation(0.0, u) / (u**2 * norm.pdf(1)) - 1
    assert lab.limit(1 / u, relative, order=2.0, within=0.1, refutes={"order 1": 1.0})
    small = theory.mixture_total_variation(0.0, 0.1) / 0.01
    assert lab.exact(small).inside(
        0.99 * norm.pdf(1), 1.01 * norm.pdf(1), refutes={"phi(0)": norm.pdf(0), "linear": 10 * small, "phi(1)/2": norm.pdf(1) / 2}
    )
    assert lab.exact(theory.mixture_total_variation(2.0, 2.0)).agrees_with(0.0, absolute=1e-15, refutes={"some": 1e-3})
    assert math.isclose(theory.mixture_total_variation(0.3, 1.1), theory.mixture_total_variation(1.1, 0.3))


@variation
@pytest.mark.parametrize(("u0", "u1"), APART)
def test_total_variation_in_long_arithmetic(lab: Laboratory, u0: float, u1: float) -> None:
    """The place x* and the difference of the tails beyond it, by a root search in 40 digits; in another unit it is the same."""
    with mpmath.workdps(40):
        low, high = mpmath.mpf(u0), mpmath.mpf(u1)

        def ratio(x: mpmath.mpf) -> mpmath.mpf:
            return mpmath.log(mpmath.cosh(high * x) / mpmath.cosh(low * x)) - (high**2 - low**2) / 2

        place = mpmath.findroot(ratio, (mpmath.mpf("0.5"), high + 1), solver="anderson")
        exact = float(sum(sign * (mpmath.ncdf(u - place) + mpmath.ncdf(-u - place)) for sign, u in ((1, high), (-1, low))))
    wrong = {"two normals": 2 * norm.cdf((u1 - u0) / 2) - 1, "Wasserstein": theory.mixture_wasserstein1(u0, u1)}
    wrong = {name: value for name, value in wrong.items() if abs(value / exact - 1) > 1e-3}
    assert lab.identical(theory.mixture_total_variation(u1, u0), exact, relative=1e-11, refutes=wrong)
    scaled = theory.mixture_total_variation(0.4 * u0, 0.4 * u1, 0.4)
    other = theory.mixture_total_variation(0.4 * u0, 0.4 * u1)
    assert lab.identical(scaled, exact, relative=1e-9, refutes={"the unit is ignored": other}, question="in another unit")
