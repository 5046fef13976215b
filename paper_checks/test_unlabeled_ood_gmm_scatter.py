"""arXiv:2310.00027, classes that are not round: the covariance of unlabelled samples in Fisher's rule can hurt."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form as theory
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as simulate
from theorylab.pytest_plugin import claim

scatter = claim(
    "OOD-14",
    kind="limit",
    statement="Fisher's rule with the scatter of independent unlabelled samples can be worse than with that of the labelled ones, however many.",
    tex=r"R\to\Phi\bigl(-\sqrt{k/(1-k)}\bigr),\ k=\frac{R_D^2(1-d/n)}{R_D+d/m},\ R_D=\frac{D^2}{1+D^2};\quad "
    r"R_{\rm lab}\to\Phi\Bigl(-\frac{D^2\sqrt{1-d/m}}{\sqrt{D^2+d/m}}\Bigr)",
    source="derived here for the anisotropic setting of arXiv:2310.00027",
)


def scatter_run(lab: Laboratory, d: int, m: int, n: int, distance: float, ratio: float):  # type: ignore[no-untyped-def]
    """Return the run of the discriminants at these sizes."""
    setting = {"half_distance": distance, "scale_ratio": ratio}
    return lab.run(simulate.sample_scatter_rules, dimension=d, labeled_size=m, unlabeled_size=n, **setting)


@scatter
@pytest.mark.parametrize("ratio", [3.0, 1.0])
def test_scatter_of_labelled_or_of_unlabelled_samples(lab: Laboratory, ratio: float) -> None:
    """Both rules on the same labels: more data for the covariance, and a higher risk, whatever the spectrum."""
    d, m, n, distance = 100, 200, 400, 1.5
    run = scatter_run(lab, d, m, n, distance, ratio)
    claimed = theory.total_scatter_lda_risk(distance, m / d, n / d)
    square = distance**2 / (1 + distance**2)
    share = square**2 / (square + d / m)
    without = {"without 1 - d/n": norm.cdf(-math.sqrt(share / (1 - share))), "D^2 for R": norm.cdf(-(distance**2) / math.sqrt(distance**2 + d / m))}
    assert run.mean("total_scatter").agrees_with(claimed, absolute=0.008, refutes=without)
    if ratio == 3.0:
        claimed = theory.labeled_lda_risk(distance, m / d)
        wrong = {"without sqrt(1 - d/m)": norm.cdf(-(distance**2) / math.sqrt(distance**2 + d / m)), "Bayes": norm.cdf(-distance)}
        assert run.mean("labeled_scatter").agrees_with(claimed, absolute=0.008, refutes=wrong)
        drawn = lab.draw(simulate.sample_scatter_rules, 50, dimension=20, labeled_size=60, unlabeled_size=200, half_distance=distance)
        assert lab.identical(drawn["labeled_scatter"], drawn["pooled_scatter"], relative=1e-10, refutes={"other samples": drawn["total_scatter"]})


@scatter
def test_fewer_labels_than_dimensions(lab: Laboratory) -> None:
    """At m = d, where the labelled scatter is singular, and m < d."""
    for distance, d, m, n, margin in ((1.2, 100, 100, 400, 0.011), (2.0, 100, 50, 500, 0.011)):
        run = scatter_run(lab, d, m, n, distance, 2.0)
        claimed = theory.total_scatter_lda_risk(distance, m / d, n / d)
        square = distance**2 / (1 + distance**2)
        share = square**2 / (square + d / m)
        wrong = {
            "without 1 - d/n": norm.cdf(-math.sqrt(share / (1 - share))),
            "the mean rule": norm.cdf(-(distance**2) / math.sqrt(distance**2 + d / m)),
        }
        assert run.mean("total_scatter").agrees_with(claimed, absolute=margin, refutes=wrong)


@scatter
def test_values_and_the_order(lab: Laboratory) -> None:
    """The printed values; the covariance known without error still loses against the labelled scatter."""
    values = theory.total_scatter_lda_risk([1.5, 1.2, 2.0], [2.0, 1.0, 0.5], [4.0, 4.0, 5.0])
    assert lab.identical(values, [0.255598, 0.328755, 0.318089], absolute=6e-7, refutes={"Bayes": norm.cdf([-1.5, -1.2, -2.0])})
    assert lab.identical(theory.labeled_lda_risk(1.5, 2.0), 0.168678, absolute=6e-7, refutes={"Bayes": norm.cdf(-1.5)})
    known, labeled = theory.total_scatter_lda_risk(1.5, 2.0, np.inf), theory.labeled_lda_risk(1.5, 2.0)
    assert lab.exact(known).inside(0.2055, 0.2065, refutes={"labelled": labeled})
    assert lab.exact(known - labeled).greater_than(0.03, refutes={"more unlabelled data never hurt": 0.0})
    # With few labels it is the other way round, of course: there the labelled scatter is nearly singular.
    assert lab.exact(theory.total_scatter_lda_risk(1.5, 1.05, 20.0) - theory.labeled_lda_risk(1.5, 1.05)).less_than(
        0.0, refutes={"always worse": 0.1}
    )


@scatter
def test_both_limits_from_random_matrices_of_finite_size(lab: Laboratory) -> None:
    """In coordinates with E x x' = I the share k is R_D^2/(R_D + d/m) exactly as n grows; unlabelled samples keep the fraction 1 - d/n of it.

    Three exact moments: |mean|^2 = R_D, the noise of the labelled mean adds (d - R_D)/m to its squared length, and for W ~ Wishart_d(n, I) and a unit
    vector u the squared cosine between W^-1 u and u has the mean (n - d + 1)/n + O(1/n), that is 1 - d/n.
    """
    d, n = 300, 900
    rng = np.random.default_rng([lab.seed, 7])
    squared = []
    for _ in range(6):
        data = rng.standard_normal((n, d))
        row = np.linalg.inv(data.T @ data)[0]
        squared.append(row[0] ** 2 / (row @ row))
    fraction = float(np.mean(squared))
    assert lab.exact(fraction).inside(1 - d / n - 0.05, 1 - d / n + 0.05, refutes={"all of it": 1.0, "(1 - d/n)^2": (1 - d / n) ** 2})


@scatter
def test_ends_of_both_limits(lab: Laboratory) -> None:
    """Endless samples of both kinds give Bayes' rule; no distance gives a coin; and both formulas word for word, for weak classes too."""
    for s in (0.4, 1.4):
        ends = [theory.labeled_lda_risk(s, np.inf), theory.total_scatter_lda_risk(s, np.inf, np.inf)]
        coins = [theory.labeled_lda_risk(0.0, 2.0), theory.total_scatter_lda_risk(0.0, 0.3, 2.0)]
        assert lab.identical(ends + coins, [norm.cdf(-s)] * 2 + [0.5] * 2, absolute=1e-13, refutes={"coins": [0.5] * 4})
    for distance, labels, unlabeled in ((0.6, 1.3, 1.7), (2.4, 5.0, 30.0), (0.9, 1.1, np.inf)):
        between = distance**2 / (1 + distance**2)
        share = between**2 * (1 - 1 / unlabeled) / (between + 1 / labels)
        seen = [norm.cdf(-math.sqrt(share / (1 - share))), norm.cdf(-(distance**2) * math.sqrt(1 - 1 / labels) / math.sqrt(distance**2 + 1 / labels))]
        found = [theory.total_scatter_lda_risk(distance, labels, unlabeled), theory.labeled_lda_risk(distance, labels)]
        assert lab.identical(found, seen, absolute=1e-13, refutes={"exchanged": found[::-1], "Bayes": [norm.cdf(-distance)] * 2})
