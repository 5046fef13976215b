"""arXiv:2401.11081, label differential privacy of bag averages: clip to [-T, T], average over bags of k, add noise.

T clip, k bag_size, epsilon, delta, b laplace_scale, s standard deviation of Gaussian noise, t overlap: how many bags hold one sample.
D = 2T/k: how far one label can move one bag average.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr
from scipy.stats import laplace, norm

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.papers.aggregate_responses.estimators import PrivateAggregator, audit_privacy
from theorylab.pytest_plugin import claim

# C = 2.05, n = 600: C^2 exceeds 2 (1 + sigma^2) at r2 = sigma^2 = 1, so that T = C sqrt(log n) hardly ever clips.
CLIP = 2.05 * math.sqrt(math.log(600))
# A bag size, a privacy level and a clip, all different from 1.
SETTINGS = pytest.mark.parametrize(("clip", "bag_size", "epsilon"), [(CLIP, 5, 0.7), (1.3, 2, 1.2), (3.0, 1, 0.4)])

# AGG-13 ----------------------------------------------------------------------------------------------------------------------------------

label_privacy = claim(
    "AGG-13",
    kind="bound",
    statement="Laplace noise of scale 2T/(k epsilon) on clipped bag averages is epsilon-label-private, and exactly so; half of it is 2 epsilon.",
    tex=r"\max_y\Big|\log\frac{p(y)}{p'(y)}\Big|=\frac{2T}{kb},\quad b=\frac{2T}{k\varepsilon};\qquad "
    r"\delta=\Phi\big(\tfrac{D}{2s}-\tfrac{\varepsilon s}{D}\big)-e^{\varepsilon}\Phi\big(-\tfrac{D}{2s}-\tfrac{\varepsilon s}{D}\big)",
    source="arXiv:2401.11081 (the mechanism); the scale and its attainment derived here; arXiv:1805.06530, Theorem 8 (Gaussian noise)",
)


@label_privacy
@pytest.mark.parametrize(("bags", "bag_size", "overlap"), [(3, 1, 1), (3, 5, 1), (4, 3, 2), (2, 4, 3)])
def test_largest_log_likelihood_ratio_on_a_grid(lab: Laboratory, bags: int, bag_size: int, overlap: int) -> None:
    """Every label in turn goes from one end of the clip to the other; releases at, between and beyond the averages, densities from scipy."""
    rng = np.random.default_rng([lab.seed, bags, bag_size, overlap])
    clip, epsilon = rng.uniform(0.5, 4.0), rng.uniform(0.2, 2.0)
    n = bags * bag_size
    labels = rng.normal(scale=clip, size=n)
    partitions = [rng.permutation(n).reshape(bags, bag_size) for _ in range(overlap)]
    steps = np.linspace(-2.0, 2.0, 9 if overlap < 3 else 5)

    def averages(values: np.ndarray) -> np.ndarray:
        return np.concatenate([np.clip(values, -clip, clip)[members].mean(axis=1) for members in partitions])

    def worst_ratio(scale: float) -> float:
        worst = 0.0
        for person in range(n):
            first, second = (averages(np.where(np.arange(n) == person, end, labels)) for end in (3.0 * clip, -2.0 * clip))
            moved = np.flatnonzero(first != second)
            centre, reach = (first + second)[moved] / 2, np.abs(first - second)[moved]
            release = centre + np.stack(np.meshgrid(*[steps] * moved.size, indexing="ij"), axis=-1).reshape(-1, moved.size) * reach
            ratio = laplace.logpdf(release, first[moved], scale) - laplace.logpdf(release, second[moved], scale)
            worst = max(worst, float(np.abs(ratio.sum(axis=1)).max()))
        return worst

    scale = theory.laplace_scale(clip, bag_size, epsilon, overlap)
    wrong = {"sensitivity T/k": epsilon / 2, "half as much again": 1.5 * epsilon}
    if overlap > 1:
        wrong |= {"overlap does not matter": epsilon / overlap, "sqrt(t) for t": epsilon / math.sqrt(overlap)}
    assert lab.identical(epsilon, worst_ratio(scale), relative=1e-10, refutes=wrong, question="the privacy budget is spent to the full")
    halved = worst_ratio(scale / 2)
    assert lab.identical(
        theory.privacy_loss(clip, bag_size, scale / 2, overlap), halved, relative=1e-10, refutes={"half the scale keeps epsilon": epsilon}
    )
    assert lab.identical(2 * epsilon, halved, relative=1e-10, question="half the scale is 2 epsilon")


@label_privacy
@pytest.mark.parametrize(("overlap", "bag_size"), [(1, 3), (3, 5)])
def test_log_likelihood_ratio_density_by_density(lab: Laboratory, overlap: int, bag_size: int) -> None:
    """The ratio at random releases, and that none exceeds the privacy loss."""
    rng = np.random.default_rng([lab.seed, overlap, bag_size])
    clip, scale = rng.uniform(0.5, 3.0, size=2)
    means = rng.normal(size=overlap + 2)
    neighbour = means - np.where(np.arange(overlap + 2) < overlap, 2 * clip / bag_size, 0.0)
    release = means + 2.0 * rng.normal(size=(400, means.size))
    claimed = theory.log_likelihood_ratio(release, means, neighbour, scale)
    seen = (laplace.logpdf(release, means, scale) - laplace.logpdf(release, neighbour, scale)).sum(axis=1)
    assert lab.identical(claimed, seen, absolute=1e-11, refutes={"the neighbours exchanged": -claimed, "scale squared": claimed / scale})
    loss = theory.privacy_loss(clip, bag_size, scale, overlap)
    assert lab.exact(np.abs(seen).max(), 1e-12 * loss).at_most(loss * (1 + 1e-10), tightness=0.9)


@label_privacy
@SETTINGS
def test_audit_of_tail_counts(lab: Laboratory, clip: float, bag_size: int, epsilon: float) -> None:
    """Counts of releases above the larger average: attained with probability one half under one label, e^-epsilon / 2 under the other."""
    for factor, spent in ((1.0, epsilon), (0.5, 2 * epsilon)):
        scale = factor * theory.laplace_scale(clip, bag_size, epsilon)
        threshold = clip / bag_size
        # Labels outside the clip do no more harm than its ends.
        one, other = (
            lab.run(simulate.sample_private_releases, label=label, clip=clip, bag_size=bag_size, laplace_scale=scale) for label in (clip, -1.7 * clip)
        )
        frequent, rare = one.probability_above(threshold, "release"), other.probability_above(threshold, "release")
        assert frequent.agrees_with(0.5, absolute=0.02, refutes={"the bound is attained in the limit only": 0.0})
        loss = (frequent / rare).mapped(math.log, "log ratio of the tails")
        wrong = {"the other scale": epsilon if factor == 0.5 else 2 * epsilon, "sensitivity T/k": spent / 2, "no budget spent": 0.0}
        margin = 0.1 * epsilon if lab.scale == "quick" else 0.03 * epsilon
        assert loss.agrees_with(spent, absolute=margin, refutes=wrong)
        if factor == 0.5:
            lab.refutes(loss.less_than(1.5 * epsilon), "half the scale is epsilon-private, even with half of epsilon to spare")


@label_privacy
def test_clipping_is_what_bounds_the_loss(lab: Laboratory) -> None:
    """Noise for T, labels clipped at 2T only: twice the loss; and elsewhere than beyond both averages the ratio is smaller."""
    clip, bag_size, epsilon = 1.5, 4, 0.8
    scale = theory.laplace_scale(clip, bag_size, epsilon)
    one, other = (
        lab.run(simulate.sample_private_releases, label=label, clip=2 * clip, bag_size=bag_size, laplace_scale=scale) for label in (9.0, -9.0)
    )
    loss = (one.probability_above(2 * clip / bag_size, "release") / other.probability_above(2 * clip / bag_size, "release")).mapped(math.log, "loss")
    assert loss.agrees_with(theory.privacy_loss(2 * clip, bag_size, scale), absolute=0.15, refutes={"noise alone fixes the loss": epsilon})
    one, other = (lab.run(simulate.sample_private_releases, label=label, clip=clip, bag_size=bag_size, laplace_scale=scale) for label in (9.0, -9.0))
    middle = (one.probability_above(0.0, "release") / other.probability_above(0.0, "release")).mapped(math.log, "ratio of the half lines")
    claimed = math.log(2 * math.exp(epsilon / 2) - 1)
    assert middle.agrees_with(claimed, absolute=0.06, refutes={"the full budget at every threshold": epsilon, "half of it": epsilon / 2})


@label_privacy
@SETTINGS
def test_black_box_audit_tells_the_scale_from_its_half(lab: Laboratory, clip: float, bag_size: int, epsilon: float) -> None:
    """An audit that sees releases only, with exact binomial limits: it clears the right scale and convicts the half."""
    labels = np.zeros(bag_size)
    labels[0] = clip
    rng = np.random.default_rng([lab.seed, bag_size])
    bounds = []
    for factor in (1.0, 0.5):
        scale = factor * theory.laplace_scale(clip, bag_size, epsilon)

        def mechanism(values: np.ndarray, releases: int, stream: np.random.Generator, scale: float = scale) -> np.ndarray:
            drawn = simulate.sample_private_releases(stream, releases, label=float(values[0]), clip=clip, bag_size=bag_size, laplace_scale=scale)
            return drawn["release"]

        found = audit_privacy(mechanism, labels=labels, neighbour=-labels, epsilon=epsilon, random_state=rng)
        assert found.refuted is (factor == 0.5)
        bounds.append(found.epsilon_lower)
    assert lab.exact(bounds[0]).inside(0.75 * epsilon, epsilon, refutes={"half of epsilon is spent": epsilon / 2, "twice epsilon": 2 * epsilon})
    assert lab.exact(bounds[1]).inside(1.75 * epsilon, 2 * epsilon, refutes={"half the scale keeps epsilon": epsilon})


@label_privacy
@pytest.mark.parametrize("overlap", [1, 2])
def test_audit_of_the_aggregator(lab: Laboratory, overlap: int) -> None:
    """What users call: bags of unequal size, samples in one bag or two; its noise stands, and half of it, or that of one partition, does not."""
    epsilon, rng = 0.7, np.random.default_rng([lab.seed, overlap])
    bags = np.array([0, 0, 1, 1, 1, 2, 2, 2])
    if overlap == 2:
        bags = np.column_stack([bags, [3, 4, 3, 4, 3, 4, 3, 4]])
    right = PrivateAggregator(epsilon, CLIP, overlap=overlap, random_state=rng)
    table = bags.reshape(len(bags), -1)
    sizes = np.unique(table, return_counts=True)[1]
    scales = theory.laplace_scale(CLIP, sizes, epsilon, overlap)
    assert lab.identical(right.noise_scales(bags), scales, relative=1e-12, refutes={"half the scale": scales / 2, "one scale": scales.max()})
    halved = PrivateAggregator(2 * epsilon, CLIP, overlap=overlap, random_state=rng)
    honest, quoted = (audit_privacy(each, bags=bags, epsilon=epsilon, releases=100_000) for each in (right, halved))
    assert lab.exact(honest.epsilon_lower).inside(0.7 * epsilon, epsilon, refutes={"half of epsilon is spent": epsilon / 2})
    assert lab.exact(quoted.epsilon_lower).inside(1.7 * epsilon, 2 * epsilon, refutes={"half the scale keeps epsilon": epsilon})
    assert (honest.refuted, quoted.refuted) == (False, True)
    # The exact loss of both, by the aggregator's own account.
    assert lab.identical(
        [right.privacy_loss(bags).epsilon, right.privacy_loss(bags, scales / 2).epsilon],
        [epsilon, 2 * epsilon],
        relative=1e-12,
        refutes={"no difference": [epsilon, epsilon]},
    )


@label_privacy
@pytest.mark.parametrize(("epsilon", "ratio"), [(0.7, 5.16649), (0.7, 0.8), (2.5, 1.3), (0.05, 3.0), (6.0, 0.25)])
def test_gaussian_delta_by_quadrature(lab: Laboratory, epsilon: float, ratio: float) -> None:
    """The delta is the integral of (p - e^epsilon q)_+; p, q normal densities of standard deviation ratio * D whose means are D apart."""
    sensitivity = theory.label_sensitivity(1.7, 4)
    s = ratio * sensitivity
    shift = 1.0 / ratio
    start = epsilon / shift - shift / 2
    seen = quad(lambda x: norm.pdf(x) - math.exp(epsilon) * norm.pdf(x + shift), start, max(start, 0.0) + 14.0, epsabs=0.0, epsrel=1e-11)[0]
    lower = norm.cdf(-shift / 2 - epsilon / shift)
    wrong = {
        "without the second term": norm.cdf(-start),
        "without e^epsilon": norm.cdf(-start) - lower,
        "sensitivity T/k": theory.gaussian_mechanism_delta(sensitivity / 2, s, epsilon),
        "the roles of D and s exchanged": theory.gaussian_mechanism_delta(s, sensitivity, epsilon),
    }
    assert lab.identical(theory.gaussian_mechanism_delta(sensitivity, s, epsilon), seen, relative=1e-8, refutes=wrong)


@label_privacy
@pytest.mark.parametrize("epsilon", [1e-3, 0.05, 0.4, 3.0, 30.0])
def test_gaussian_delta_is_an_integral_over_epsilon(lab: Laboratory, epsilon: float) -> None:
    """Noise from far too much to far too little: delta is the integral of e^x P(L > x) over x from epsilon on, L the log likelihood ratio under q."""
    shifts = np.array([2e-4, 3e-3, 0.02, 0.0999, 0.1001, 0.5, 1.4, 2.5, 6.0, 11.0])
    shifts = shifts[epsilon / shifts - shifts / 2 < 30]
    # d/d epsilon of Phi(-z1) - e^epsilon Phi(-z2) is -e^epsilon Phi(-z2): the normal densities cancel. Both factors are far from 1, so by logarithms.
    nodes, weights = np.polynomial.legendre.leggauss(60)
    seen = []
    for w in shifts:
        # In z = x/w + w/2 the tail ends within 40 standard deviations; panels of one, so that each is a few decades of the integrand.
        edges = epsilon / w + w / 2 + np.concatenate([[0.0], np.geomspace(0.01, 1.0, 8), np.arange(2.0, 41.0 + w)])
        centre, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        z = centre[:, None] + half[:, None] * nodes
        seen.append(float(np.sum(half[:, None] * weights * w * np.exp(w * z - w * w / 2 + log_ndtr(-z)))))
    claimed = theory.gaussian_mechanism_delta(shifts * 1.7, 1.7, epsilon)
    wrong = {
        "e^epsilon left out": claimed * np.exp(-epsilon),
        "one standard deviation for all": claimed[0],
        "twice the sensitivity": theory.gaussian_mechanism_delta(shifts * 3.4, 1.7, epsilon),
    }
    assert lab.identical(np.log(claimed), np.log(seen), absolute=1e-10, refutes={label: np.log(value) for label, value in wrong.items()})


@label_privacy
@pytest.mark.parametrize("epsilon", [1e-6, 1e-3, 0.3, 8.0, 1e3, 1e6])
def test_least_gaussian_noise(lab: Laboratory, epsilon: float) -> None:
    """The least standard deviation spends delta to the full, from 1e-290 to nearly 1, is proportional to D, and less than the textbook's."""
    delta = np.array([1.05e-290, 1e-100, 1e-12, 1e-3, 0.3, 0.9, 0.999])
    found = theory.gaussian_standard_deviation(1.0, epsilon, delta)
    back = theory.gaussian_mechanism_delta(1.0, found, epsilon)
    wrong = {
        "1 % less noise": theory.gaussian_mechanism_delta(1.0, 0.99 * found, epsilon),
        "twice the sensitivity": theory.gaussian_mechanism_delta(2.0, found, epsilon),
    }
    # The relative error of delta is that of the noise times d log delta / d log s, up to 1e4 here.
    assert lab.identical(np.log(delta), np.log(back), absolute=2e-9, refutes={label: np.log(value) for label, value in wrong.items()})
    wide = theory.gaussian_standard_deviation([0.3, 4.0], epsilon, 1e-5)
    assert lab.identical(
        wide / [0.3, 4.0], [theory.gaussian_standard_deviation(1.0, epsilon, 1e-5)] * 2, relative=1e-11, refutes={"one noise for all": wide}
    )
    if epsilon < 1.0:
        textbook = math.sqrt(2 * math.log(1.25e5)) / epsilon
        assert lab.exact(theory.gaussian_standard_deviation(1.0, epsilon, 1e-5)).less_than(textbook, refutes={"the textbook's is least": textbook})
    with pytest.raises(ValueError, match="delta"):
        theory.gaussian_standard_deviation(1.0, epsilon, 0.95e-290)


@label_privacy
def test_gaussian_against_laplace_noise(lab: Laboratory) -> None:
    """At epsilon = 0.7 and delta = 1e-5 the least standard deviation is 5.166 D; the textbook wants 6.921 D, Laplace noise 2.020 D."""
    deviation = theory.gaussian_standard_deviation(1.0, 0.7, 1e-5)
    textbook = math.sqrt(2 * math.log(1.25e5)) / 0.7
    laplace_deviation = math.sqrt(2) * theory.laplace_scale(1.0, 2, 0.7)
    assert lab.identical(deviation, 5.16649, relative=2e-6, refutes={"textbook": textbook, "Laplace": laplace_deviation})
    assert lab.identical([textbook, laplace_deviation], [6.9212, 2.0203], relative=2e-5, refutes={"half the Laplace scale": [6.9212, 1.01015]})
    back = theory.gaussian_mechanism_delta(1.0, deviation, 0.7)
    assert lab.identical(1e-5, back, relative=1e-9, refutes={"textbook": theory.gaussian_mechanism_delta(1.0, textbook, 0.7)})
    settings = [(clip, k, t) for clip in (0.5, 2.0) for k in (1, 5) for t in (1, 4)]
    moved = np.array([theory.label_sensitivity(*setting, norm="l2") for setting in settings])
    seen = np.array([np.linalg.norm(np.full(t, 2 * clip / k)) for clip, k, t in settings])
    summed = np.array([theory.label_sensitivity(*setting) for setting in settings])
    assert lab.identical(moved, seen, relative=1e-14, refutes={"the l1 norm": summed, "one bag": moved / np.sqrt([t for _, _, t in settings])})


@label_privacy
@pytest.mark.parametrize(("ratio", "epsilon"), [(1.0, 0.7), (0.6, 1.5)])
def test_gaussian_delta_on_releases(lab: Laboratory, ratio: float, epsilon: float) -> None:
    """P(event) - e^epsilon P'(event) of the worst event, a half line, counted."""
    clip, bag_size = 1.5, 4
    sensitivity = theory.label_sensitivity(clip, bag_size)
    one, other = (
        lab.run(simulate.sample_gaussian_releases, label=label, clip=clip, bag_size=bag_size, standard_deviation=ratio * sensitivity)
        for label in (clip, -3.0 * clip)
    )
    threshold = ratio**2 * epsilon * sensitivity
    excess = one.probability_above(threshold, "release") - math.exp(epsilon) * other.probability_above(threshold, "release")
    claimed = theory.gaussian_mechanism_delta(sensitivity, ratio * sensitivity, epsilon)
    wrong = {
        "pure epsilon": 0.0,
        "sensitivity T/k": theory.gaussian_mechanism_delta(sensitivity / 2, ratio * sensitivity, epsilon),
        "twice that": theory.gaussian_mechanism_delta(2 * sensitivity, ratio * sensitivity, epsilon),
    }
    assert excess.agrees_with(claimed, relative=0.1 if lab.scale == "quick" else 0.02, refutes=wrong)


@label_privacy
@pytest.mark.parametrize("overlap", [2, 3])
def test_gaussian_delta_of_overlapping_bags(lab: Laboratory, overlap: int) -> None:
    """Several averages move together: the log likelihood ratio is normal whatever t, so its mean and spread decide; sqrt(t) D against t D."""
    rng = np.random.default_rng([lab.seed, overlap])
    clip, bag_size, epsilon, s = 1.1, 3, 0.9, 0.9
    # E (1 - e^(epsilon - L))_+ over L, integrated along the first average; the t - 1 others enter L by a normal sum.
    moved, rest = 2 * clip / bag_size / s, math.sqrt(overlap - 1) * 2 * clip / bag_size / s

    def given(first: float) -> float:
        mean = first * moved + moved**2 / 2 + rest**2 / 2
        # (1 - e^(epsilon - L))_+ for L ~ N(mean, rest^2): a Black-Scholes put.
        d1 = (mean - epsilon) / rest
        return float(ndtr(d1) - math.exp(epsilon - mean + rest**2 / 2) * ndtr(d1 - rest))

    seen = quad(lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * given(x), -9.0, 9.0, epsabs=0.0, epsrel=1e-11)[0]
    claimed = theory.gaussian_mechanism_delta(theory.label_sensitivity(clip, bag_size, overlap, norm="l2"), s, epsilon)
    wrong = {
        "t D": theory.gaussian_mechanism_delta(theory.label_sensitivity(clip, bag_size, overlap), s, epsilon),
        "D": theory.gaussian_mechanism_delta(theory.label_sensitivity(clip, bag_size), s, epsilon),
        "t times the delta of one": overlap * theory.gaussian_mechanism_delta(theory.label_sensitivity(clip, bag_size), s, epsilon),
    }
    assert lab.identical(claimed, seen, relative=1e-8, refutes=wrong)
    # The aggregator calibrates to it: an audit finds no more than delta allows, and less noise convicts.
    bags = np.column_stack([np.arange(6) % (2 + column) + 10 * column for column in range(overlap)])
    right = PrivateAggregator(epsilon, clip, "gaussian", 0.01, overlap=overlap, random_state=rng)
    meagre = PrivateAggregator(3 * epsilon, clip, "gaussian", 0.01, overlap=overlap, random_state=rng)
    assert lab.exact(audit_privacy(right, bags=bags, releases=40_000).epsilon_lower).inside(
        0.0, epsilon, refutes={"noise for 3 epsilon": 3 * epsilon}
    )
    found = audit_privacy(meagre, bags=bags, epsilon=epsilon, delta=0.01, releases=40_000)
    assert lab.exact(found.epsilon_lower).greater_than(epsilon, refutes={"cleared": epsilon})
