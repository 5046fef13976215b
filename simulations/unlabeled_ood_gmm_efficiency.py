"""The sweep of arXiv:2310.00027 over what an unlabelled sample is worth: efficiencies of estimators, and shifted samples beside labels."""

from __future__ import annotations

import math

from scipy.special import ndtr

from theorylab.laboratory import Laboratory
from theorylab.papers.unlabeled_ood_gmm import closed_form, monte_carlo
from theorylab.rows import Row, Rows, point

__all__ = ["efficiency"]


def inverted(row: Row) -> Row:
    """Return the row of one over a positive quantity."""
    return row | {"estimate": 1 / row["estimate"], "low": 1 / row["high"], "high": 1 / row["low"]}


def _ramp_moments(half_distance: float, threshold: float) -> tuple[float, float]:
    """Return P(|t| < tau) and P(0 < t < tau) - P(-tau < t < 0), t ~ N(s, 1)."""
    above, below = ndtr(threshold - half_distance) - ndtr(-half_distance), ndtr(-half_distance) - ndtr(-threshold - half_distance)
    return float(above + below), float(above - below)


def efficiency(lab: Laboratory) -> Rows:
    """Measure how many labelled samples an unlabelled one replaces, by estimator, and the excess risk against the shift."""
    rows: Rows = []
    width = lab.at_scale(0.1, 0.02)
    for s in lab.at_scale((0.75, 1.0, 1.5, 2.0), (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)):
        # Weak signals need more samples before the limit is near.
        n = lab.at_scale(1000, 8000) * (1 if s >= 1.0 else 4)
        run = lab.run(
            monte_carlo.sample_direction_errors,
            statistics=("likelihood", "absolute", "leading", "likelihood_score", "absolute_score", "leading_score"),
            dimension=5,
            sample_size=n,
            half_distance=s,
        )
        # The squared score over (s E h(t + s))^2 has this mean, the price itself, at every n.
        prices = {
            "likelihood": (closed_form.unlabeled_information(s), closed_form.unlabeled_information(s)),
            "absolute": (closed_form.ramp_efficiency(s, math.inf), math.sqrt(closed_form.ramp_efficiency(s, math.inf))),
            "leading": (closed_form.pca_efficiency(s), s),
        }
        for name, (worth, factor) in prices.items():
            price = run.mean(name) - run.mean(f"{name}_score") * factor**-2 + 1 / worth
            rows.append(inverted(point(price, relative=width, panel="efficiency", estimator=name, half_distance=s, dimension=5, sample_size=n)))
    for threshold in (1.0, 3.0):
        for s in lab.at_scale((1.0, 1.5, 2.0), (0.75, 1.0, 1.25, 1.5, 2.0, 2.5)):
            n = round(lab.at_scale(1000, 20_000) * (2 if threshold == 1.0 else 1))
            run = lab.run(monte_carlo.sample_plane_ramp, sample_size=n, mean=(s, 0.0), threshold=threshold)
            inside, balance = _ramp_moments(s, threshold)
            # To first order the angle is a normal sum over the samples within tau, of which there is a binomial number.
            first_order = math.sqrt(2 * inside / math.pi) * (1 - (1 - inside) / (8 * n * inside))
            size = run.mean("scaled_sine") - (run.mean("score") - first_order) / balance
            fields = {"panel": "efficiency", "estimator": f"ramp {threshold:g}", "half_distance": s, "dimension": 2, "sample_size": n}
            # The angle is normal in the limit, so its mean size says what its mean square is.
            rows.append(point(size.mapped(lambda q: 2 / (math.pi * q**2), "2/(pi q^2)"), relative=lab.at_scale(0.15, 0.03), **fields))
    d, m, n = 20, *lab.at_scale((200, 2000), (400, 4000))
    for shift in lab.at_scale((0.0, 0.1, 0.2, 0.3, 0.45, 0.6), (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6)):
        weight = round(float(closed_form.optimal_labeled_weight(d, m, n, 1.0, shift)), 6)
        setting = {"dimension": d, "labeled_size": m, "unlabeled_size": n, "half_distance": 1.0, "shift": shift}
        rules = ("labeled", "unlabeled", "weighted")
        run = lab.run(monte_carlo.sample_weighted_excess, statistics=rules, separate=True, labeled_weight=weight, score_scale=0.0, **setting)
        rows += [point(run.mean(rule) / m, relative=lab.at_scale(0.1, 0.02), panel="shift", rule=rule, **setting) for rule in rules]
    return rows
