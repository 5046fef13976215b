"""arXiv:2310.00027, the corollaries of its Theorem 4.2: the algebra of the sizes, and how labelled samples alone do at these sizes."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.pytest_plugin import claim

corollaries = claim(
    "OOD-8a",
    kind="bound",
    statement="Corollaries: (a) beats sqrt(d/m) from n = m^2/d, alpha = d/m; (b) m free of d at n = d^3, alpha = 1/d; (c) eps only if d >= 1/eps.",
    tex=r"(d/m)^{1/4}(d/n)^{1/8}\le(d/m)^{1/2}\iff n\ge m^2/d;\quad \alpha\le\tfrac1d,\ n\ge d^3:\ m\sim\varepsilon^{-4};\quad "
    r"m=\tfrac d\varepsilon,\ n=\tfrac d{\varepsilon^6}:\ \varepsilon\text{ only if }d\gtrsim\tfrac1\varepsilon",
    source="arXiv:2310.00027, corollaries of Theorem 4.2",
)


def prefactor(s: float) -> float:
    """Return A at sigma0 = 1."""
    return math.exp(-(s**2) / 4) / math.sqrt(2 * math.sqrt(2 * math.pi))


@corollaries
def test_corollary_a_beats_the_benchmark(lab: Laboratory) -> None:
    """The display meets sqrt(d/m) at n = m^2/d and at alpha = d/m; ten times as good is enough and a tenth is not."""
    rng = np.random.default_rng([lab.seed, 3])
    for d, m in [(20, 2000), (200, 10_000), (int(rng.integers(5, 100)), int(rng.integers(500, 5000)))]:
        n, shift, benchmark = theory.corollary_unlabeled_size(d, m), theory.corollary_shift(d, m), math.sqrt(d / m)
        without = (d / m) ** 0.25 * (d / n) ** 0.125
        assert lab.identical(without, benchmark, relative=1e-12, refutes={"n = m": (d / m) ** 0.375, "exponent 1/2": without**2})
        shifted = (shift * d / m) ** 0.25
        assert lab.identical(shifted, benchmark, relative=1e-12, refutes={"alpha = sqrt(d/m)": (d / m) ** 0.375, "exponent 1/2": shifted**2})
        for better, worse in (((d / m) ** 0.25 * (0.1 * d / n) ** 0.125, (d / m) ** 0.25 * (10 * d / n) ** 0.125), (0.6 * shifted, 1.7 * shifted)):
            assert lab.exact(better / benchmark).less_than(1.0, refutes={"no gain": 1.0})
            assert lab.exact(worse / benchmark).greater_than(1.0, refutes={"less is enough": 1.0})
        # The display itself: once the labels' term is small beside the benchmark it follows that algebra.
        shares = [
            theory.theorem_nonrobust_bound(d, m, round(n), mean_norm=1.0, wasserstein_shift=alpha).direction / benchmark for alpha in (0.0, shift)
        ]
        assert lab.exact(shares[0]).inside(0.3, 0.8, refutes={"sqrt(m/d)": math.sqrt(m / d)})
        assert lab.exact(shares[1]).inside(0.4, 1.0, refutes={"sqrt(m/d)": math.sqrt(m / d)})
    sizes = np.array([10**6, 10**8, 10**10])
    first = theory.theorem_nonrobust_bound(1000, sizes, 0, mean_norm=1.0).direction
    slope = np.diff(np.log(first)) / np.diff(np.log(sizes))
    assert lab.identical(slope, [-0.375, -0.375], absolute=1e-9, refutes={"-1/4": [-0.25] * 2, "-1/2": [-0.5] * 2, "exponent 1/2": [-0.75] * 2})


@corollaries
def test_corollary_b_frees_the_labels_from_the_dimension(lab: Laboratory) -> None:
    """At alpha = 1/d and n = d^3 the first term no longer grows with d, and falls like m^(-1/4); with n = d^2 it grows like d^(1/8)."""
    dimensions = np.array([10**3, 10**4, 10**5, 10**6])
    shift, unlabeled = theory.corollary_dimension_free_sizes(dimensions)
    assert lab.identical(shift * dimensions, np.ones(4), relative=1e-12, refutes={"1/sqrt(d)": dimensions**0.5})
    terms = {
        power: theory.theorem_nonrobust_bound(dimensions, 100, dimensions**power, mean_norm=1.0, wasserstein_shift=shift).direction
        for power in (2, 3)
    }
    assert lab.identical(unlabeled, 1.0 * dimensions**3, relative=1e-12, refutes={"d^2": 1.0 * dimensions**2})
    assert lab.identical(terms[3] / terms[3][-1], np.ones(4), absolute=0.001, refutes={"n = d^2": terms[2] / terms[2][-1]})
    assert lab.exact(float(np.log10(terms[2][-1] / terms[2][-2]))).inside(0.1, 0.125, refutes={"free of d": 0.0})
    ladder = 10 ** np.arange(2, 9)
    first = theory.theorem_nonrobust_bound(10**6, ladder, 10**18, mean_norm=1.0, wasserstein_shift=1e-6).direction
    steps = np.diff(np.log10(first))
    assert lab.identical(steps, np.full(6, -0.25), absolute=1e-3, refutes={"m ~ eps^-2": np.full(6, -0.5)})
    # Labels alone are no better than a coin then.
    assert lab.exact(theory.mean_classifier_risk(10**8, 100, 1.0)).greater_than(
        0.49, refutes={"free of d": theory.mean_classifier_risk(100, 100, 1.0)}
    )


@corollaries
def test_corollary_c_and_its_error(lab: Laboratory) -> None:
    """Sizes d/eps and d/eps^6 do not bring the display to eps unless d >= 1/eps, where d/eps labelled samples would do alone."""
    for d, expected in ((10, 0.0774), (1000, 0.0077)):
        m, n = theory.corollary_error_sizes(d, 0.01)
        bound = theory.theorem_nonrobust_bound(d, round(m), round(n), mean_norm=1.0)
        assert lab.identical(bound.labels, expected, absolute=6e-5, refutes={"eps": 0.01})
        assert lab.identical([m, n], [d / 0.01, d / 0.01**6], relative=1e-12, refutes={"n = d/eps^4": [d / 0.01, d / 0.01**4]})
        # The first term is A (4 eps sqrt(eps^6))^(1/4) = sqrt(2) A eps.
        expected = math.sqrt(2) * prefactor(1.0)
        assert lab.identical(bound.direction / 0.01, expected, relative=0.04, refutes={"without A": math.sqrt(2), "A eps": expected / math.sqrt(2)})
        alone = theory.mean_classifier_excess(d, round(m), 1.0) / 0.01
        assert lab.identical(alone, norm.pdf(1) / 2 * (d - 1) / d, relative=0.01, refutes={"not eps": 1.0})
    shares = [theory.theorem_nonrobust_bound(round(k / 0.01), round(k / 0.01**2), 10**15, mean_norm=1.0).labels / 0.01 for k in (1, 6, 24)]
    assert lab.identical(shares, [math.sqrt(2 * math.log(20) / k) for k in (1, 6, 24)], relative=1e-9, refutes={"1": [1.0, 1.0, 1.0]})
