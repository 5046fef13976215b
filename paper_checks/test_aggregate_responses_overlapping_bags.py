"""arXiv:2401.11081, beyond the paper: bags of several random partitions of the same samples.

n sample_size, d dimension, k bag_size, m = n/k bags in a partition, t overlap, N_t and P_t the variance of the estimator per unit of label noise and
per unit of what privacy noise of one partition puts on each average.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from theorylab.laboratory import Laboratory
from theorylab.papers.aggregate_responses import closed_form as theory
from theorylab.papers.aggregate_responses import monte_carlo as simulate
from theorylab.pytest_plugin import claim

Shape = tuple[int, int, int]


def sizes(shape: Shape) -> dict[str, Any]:
    """Name the three sizes."""
    return dict(zip(("sample_size", "dimension", "bag_size"), shape, strict=True))


# AGG-16 ----------------------------------------------------------------------------------------------------------------------------------

overlapping_bags = claim(
    "AGG-16",
    kind="ordering",
    statement="Averages over t random partitions: without privacy a second partition lowers the risk, to less than a half with few bags per "
    "feature and to (1 + 1/k)/2 with many; with Laplace noise the noise part of the risk grows with t.",
    tex=r"N_t\downarrow,\quad P_t\uparrow,\quad \tfrac{m}{d}N_t\to\tfrac1t\Bigl(1+\tfrac{t-1}{k}\Bigr),\ \tfrac{m}{d}P_t\to tk\quad(m/d\to\infty)",
    source="derived here: for m/d large Xbar'Xbar is near (t m/k) I, and two random partitions share E tr P_1 P_2 = 1 + (m-1)^2/(n-1) dimensions",
)

FEW_BAGS_PER_FEATURE = [(180, 30, 3), (200, 20, 4)]
OVERLAP_SHAPES = [(90, 10, 3), (72, 5, 4)]
PARTS = ("noise_variance_part", "private_part")


@overlapping_bags
@pytest.mark.parametrize("shape", OVERLAP_SHAPES)
def test_one_partition_is_the_bag_level(lab: Laboratory, shape: Shape) -> None:
    """With one partition label noise costs d / (m - d - 1), noise of variance 1 on each average k times as much."""
    n, d, k = shape
    run = lab.run(simulate.sample_overlapping_bags, statistics=PARTS, **sizes(shape), overlap=1)
    claimed = theory.bag_level_risk_exact(*shape).variance
    wrong = {"m for m - d - 1": d * k / n, "the limit": d / (n / k - d), "instance level": theory.instance_level_risk_exact(*shape).variance}
    assert run.mean("noise_variance_part").agrees_with(claimed, relative=0.03, refutes=wrong)
    wrong = {"as label noise": claimed, "k^2": k**2 * claimed, "the limit": k * d / (n / k - d)}
    assert run.mean("private_part").agrees_with(k * claimed, relative=0.03, refutes=wrong)


@overlapping_bags
@pytest.mark.parametrize("shape", OVERLAP_SHAPES)
def test_overlap_helps_without_and_hurts_with_privacy(lab: Laboratory, shape: Shape) -> None:
    """Label noise costs less, privacy noise more, with every further partition; where the two balance depends on their variances."""
    runs = [lab.run(simulate.sample_overlapping_bags, statistics=PARTS, **sizes(shape), overlap=overlap) for overlap in (1, 2, 3)]
    for fewer, more in pairwise(runs):
        gain = fewer.mean("noise_variance_part") - more.mean("noise_variance_part")
        assert gain.greater_than(0.0, refutes={"a further partition adds nothing": 0.0})
        loss = more.mean("private_part") - fewer.mean("private_part")
        assert loss.greater_than(0.0, refutes={"partitions are free": 0.0, "independent noise averages out": -0.1})
    gain = runs[0].mean("noise_variance_part") - runs[1].mean("noise_variance_part")
    loss = runs[1].mean("private_part") - runs[0].mean("private_part")
    assert (20.0 * gain - loss).greater_than(0.0, refutes={"overlap hurts however weak the privacy noise": 0.0})
    assert (2.0 * gain - loss).less_than(0.0, refutes={"overlap helps however strong the privacy noise": 0.0})


@overlapping_bags
@pytest.mark.parametrize("overlap", [2, 3])
def test_overlap_is_not_more_bags(lab: Laboratory, overlap: int) -> None:
    """Bags of different partitions share samples: t m independent bags predict too little of both, by more than 5 and 25 percent here."""
    n, d, k = 90, 10, 3
    run = lab.run(simulate.sample_overlapping_bags, statistics=PARTS, sample_size=n, dimension=d, bag_size=k, overlap=overlap)
    one, independent = theory.bag_level_risk_exact(n, d, k).variance, theory.bag_level_risk_exact(overlap * n, d, k).variance
    low, high = 1.25 * independent, 1.15 * one / overlap * (1 + (overlap - 1) / k)
    wrong = {"t m independent bags": independent, "nothing gained": one}
    assert run.mean("noise_variance_part").inside(low, high, refutes=wrong)
    private = overlap**2 * k * independent
    wrong = {"t m independent bags": private, "one label in one average": private / overlap**2, "variance t times": private / overlap}
    assert run.mean("private_part").inside(1.05 * private, 1.2 * private, refutes=wrong)


@overlapping_bags
@pytest.mark.parametrize("shape", FEW_BAGS_PER_FEATURE)
def test_a_second_partition_more_than_halves_the_risk(lab: Laboratory, shape: Shape) -> None:
    """With two, and with two and a half, bags per feature."""
    one, two = (lab.run(simulate.sample_overlapping_bags, statistics=PARTS, **sizes(shape), overlap=overlap) for overlap in (1, 2))
    exact = theory.bag_level_risk_exact(*shape).variance
    surplus = one.mean("noise_variance_part") - 2 * two.mean("noise_variance_part")
    assert surplus.greater_than(0.0, refutes={"exactly halves": 0.0, "no gain": -exact})
    assert (two.mean("private_part") - one.mean("private_part")).greater_than(0.0, refutes={"the noise part halves too": -exact})


@overlapping_bags
@pytest.mark.parametrize(("shape", "overlap"), [((90, 10, 3), 2), ((1200, 2, 3), 2), ((1200, 2, 3), 3), ((1200, 2, 2), 2), ((1200, 2, 5), 4)])
def test_with_many_bags_it_does_not_halve(lab: Laboratory, shape: Shape, overlap: int) -> None:
    """Not with three bags per feature; with many, t partitions leave (1 + (t-1)/k)/t of the risk, since samples are shared."""
    n, d, k = shape
    run = lab.run(simulate.sample_overlapping_bags, statistics=PARTS, **sizes(shape), overlap=overlap)
    one = theory.bag_level_risk_exact(*shape).variance
    assert (run.mean("noise_variance_part") - one / overlap).greater_than(
        0.0, refutes={"t partitions divide the risk by t": 0.0, "and by more": -0.01}
    )
    if n > 30 * d:
        left = (1 + (overlap - 1) / k) / overlap
        wrong = {"1/t": 1 / overlap, "1/t + 1/k": 1 / overlap + 1 / k, "nothing gained": 1.0}
        assert (run.mean("noise_variance_part") / one).agrees_with(left, relative=0.03, refutes=wrong)
        wrong = {"1": 1.0, "t^2": overlap**2, "sqrt(t)": overlap**0.5}
        assert (run.mean("private_part") / (k * one)).agrees_with(overlap, relative=0.03, refutes=wrong)


@overlapping_bags
def test_noise_grows_with_the_overlap(lab: Laboratory) -> None:
    """A label is in t averages: the Laplace scale is t times that of one partition, the variance of an average's noise t^2 times; epsilon stays."""
    overlap = np.array([1, 2, 3, 7])
    scales = theory.laplace_scale(2.0, 5, 0.7, overlap)
    wrong = {"one partition's scale": np.ones(4), "sqrt(t), as for Gaussian noise": overlap**0.5, "the scale itself": overlap}
    assert lab.identical((scales / scales[0]) ** 2, overlap**2, relative=1e-13, refutes=wrong, question="variance against one partition")
    wrong = {"with one partition's scale": theory.privacy_loss(2.0, 5, scales[0], overlap)}
    assert lab.identical(theory.privacy_loss(2.0, 5, scales, overlap), np.full(4, 0.7), relative=1e-13, refutes=wrong, question="epsilon")
