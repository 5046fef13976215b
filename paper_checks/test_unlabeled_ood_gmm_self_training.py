"""arXiv:2310.00027, pseudo-labels: what one round of self-training makes of a rule, in many dimensions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

pseudo_labels = claim(
    "OOD-12",
    kind="limit",
    statement="One round of pseudo-labels maps the cosine of a rule to a known one; without a shift and with many samples it always helps.",
    tex=r"\cos(w',\mu_0)\to\frac{p\,s_1r+2fc_0}{\sqrt{p^2s_1^2+4f^2+4ps_1fc_1+d/n}},\quad c_1=rc_0,\ p=1-2\Phi(-s_1c_1),\ f=\varphi(s_1c_1)",
    source="derived here for the pseudo-labels of arXiv:2310.00027",
)

# d, m, n, s, s1, r
CASES = [
    (1000, 500, 4000, 1.0, 1.0, 1.0),
    (1000, 500, 4000, 1.0, math.sqrt(1.25), 1 / math.sqrt(1.25)),
    (1000, 1000, 2000, 1.5, 1.5, 1.0),
    (1000, 666, 3333, 1.2, 1.4, 0.8),
]


def mapped(d: int, m: int, n: int, s: float, s1: float, r: float) -> float:
    """Return the claimed cosine."""
    return float(theory.self_training_overlap(theory.labeled_overlap(s, m / d), s1, n / d, alignment=r))


@pseudo_labels
@pytest.mark.parametrize(("d", "m", "n", "s", "s1", "r"), CASES)
def test_cosine_after_one_round(lab: Laboratory, d: int, m: int, n: int, s: float, s1: float, r: float) -> None:
    """The exact sampler in three coordinates."""
    run = lab.run(
        simulate.sample_pseudo_label_step,
        dimension=d,
        labeled_size=m,
        unlabeled_size=n,
        half_distance=s,
        shifted_half_distance=s1,
        alignment=r,
    )
    c0 = s / math.sqrt(s**2 + d / m)
    c1 = r * c0
    p, f = 1 - 2 * norm.cdf(-s1 * c1), norm.pdf(s1 * c1)
    length = p**2 * s1**2 + 4 * f**2 + 4 * p * s1 * f * c1
    wrong = {
        "without d/n": (p * s1 * r + 2 * f * c0) / math.sqrt(length),
        "without the 2f term": p * s1 * r / math.sqrt(p**2 * s1**2 + d / n),
        "true labels": s1 * r / math.sqrt(s1**2 + d / n),
        "the first rule": c0,
    }
    assert run.mean("cosine").agrees_with(mapped(d, m, n, s, s1, r), absolute=0.005, refutes=wrong)


@pseudo_labels
def test_values_of_the_map(lab: Laboratory) -> None:
    """The printed values; and Stein's identity behind them, by quadrature over the margin."""
    values = [mapped(*case) for case in CASES[:3]]
    assert lab.identical(values, [0.742950, 0.729056, 0.896261], absolute=6e-7, refutes={"labels only": [0.577350, 0.577350, 0.832050]})
    # The rounded sizes matter in the fourth digit: 2/3 and 10/3 give .780271.
    exact = theory.self_training_overlap(theory.labeled_overlap(1.2, 2 / 3), 1.4, 10 / 3, alignment=0.8)
    assert lab.identical(exact, 0.780271, absolute=6e-7, refutes={"sizes 666 and 3333": mapped(*CASES[3])})
    rng = np.random.default_rng([lab.seed, 5])
    s1, cosine = float(rng.uniform(0.5, 2)), float(rng.uniform(0.2, 0.9))
    margin = np.linspace(-12, 12, 200_001)
    # E |t| for t ~ N(s1 c1, 1) is the component of E sign(t) x along w: p s1 c1 + 2 f.
    size = np.trapezoid(np.abs(margin) * norm.pdf(margin - s1 * cosine), margin)
    p, f = 1 - 2 * ndtr(-s1 * cosine), norm.pdf(s1 * cosine)
    assert lab.identical(p * s1 * cosine + 2 * f, size, relative=1e-7, refutes={"f for 2f": p * s1 * cosine + f, "p s1": p * s1})


@pseudo_labels
def test_many_samples_without_a_shift_always_help(lab: Laboratory) -> None:
    """The cosine grows for every 0 < c0 < 1; with few samples it can hurt, and a shift can turn it away."""
    cosine, distances = np.linspace(0.001, 0.999, 400)[:, None], np.array([0.1, 0.3, 1.0, 2.0, 4.0])
    gain = theory.self_training_overlap(cosine, distances, np.inf) - cosine
    assert lab.exact(float(gain.min())).greater_than(0.0, refutes={"it may lose": -1e-9})
    few = theory.self_training_overlap(0.8, 1.0, 0.2) - 0.8
    assert lab.exact(float(few)).less_than(0.0, refutes={"any number of samples helps": 0.01})
    turned = theory.self_training_overlap(0.95, 1.0, np.inf, alignment=0.5) - 0.95
    assert lab.exact(float(turned)).less_than(0.0, refutes={"any shift is harmless": 0.01})


@pseudo_labels
@pytest.mark.parametrize(
    ("c0", "s1", "r", "ratio"), [(0.4, 0.7, 0.6, 3.0), (0.9, 1.8, -0.5, 0.4), (-0.3, 1.1, 0.8, 7.0), (0.6, 0.0, 1.0, 2.0), (0.7, 0.5, 0.9, math.inf)]
)
def test_map_by_quadrature_over_the_margin(lab: Laboratory, c0: float, s1: float, r: float, ratio: float) -> None:
    """E sign(<w, x>) x along w and along mu1, from the law of the margin alone; the rest is noise of squared length d/n."""
    margin = np.linspace(-14, 14, 280_002)
    c1 = r * c0
    density = norm.pdf(margin - s1 * c1)
    side = float(np.trapezoid(np.sign(margin) * density, margin))
    noise = float(np.trapezoid(np.sign(margin) * (margin - s1 * c1) * density, margin))
    # Given y: x = s1 mu1 + z, and z along w is what the sign depends on; mu0, mu1 and w with <w, mu1> = r <w, mu0>.
    along_home, square = side * s1 * r + noise * c0, side**2 * s1**2 + noise**2 + 2 * side * s1 * noise * c1
    exact = along_home / math.sqrt(square + 1 / ratio)
    claimed = theory.self_training_overlap(c0, s1, ratio, alignment=r)
    wrong = {"the first rule": c0 if abs(c0 - exact) > 1e-6 else 0.0, "noise twice": along_home / math.sqrt(square + 2 / ratio + 0.01)}
    assert lab.identical(claimed, exact, absolute=1e-8, refutes=wrong)
    labeled = theory.labeled_overlap([0.4, 1.7], [0.6, 3.0])
    exact_pair = [0.4 / math.sqrt(0.16 + 1 / 0.6), 1.7 / math.sqrt(1.7**2 + 1 / 3)]
    assert lab.identical(labeled, exact_pair, relative=1e-12, refutes={"m/d for d/m": [0.4 / math.sqrt(0.76), 1.7 / math.sqrt(5.89)]})


@pseudo_labels
def test_ends_of_the_map(lab: Laboratory) -> None:
    """The true direction stays without noise, whichever its sign, a useless rule finds nothing without a shift."""
    values = theory.self_training_overlap([1.0, -1.0, 0.0], 1.3, np.inf)
    assert lab.identical(values, [1.0, -1.0, 0.0], absolute=1e-13, refutes={"always the true side": [1.0, 1.0, 0.0]})
    turned = theory.self_training_overlap(1.0, 1.3, np.inf, alignment=-1.0)
    assert lab.identical(turned, 1.0, absolute=1e-13, refutes={"the other side": -1.0}, question="classes with their names exchanged")
