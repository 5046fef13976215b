"""Headline samplers of the papers on learning from unlabelled, noisy or shifted data; units of work as told in ``limit_cases.py``."""

from __future__ import annotations

import numpy as np
from limit_case import Case

from theorylab.papers.inductive_bias import monte_carlo as inductive_bias
from theorylab.papers.pac_invariance import monte_carlo as pac_invariance
from theorylab.papers.tester_learner import monte_carlo as tester_learner
from theorylab.papers.unlabeled_ood_gmm import monte_carlo as unlabeled_ood_gmm

__all__ = ["inductive_bias_cases", "pac_invariance_cases", "tester_learner_cases", "unlabeled_ood_gmm_cases"]


def unlabeled_ood_gmm_cases() -> list[Case]:
    """Return the headline samplers of unlabeled_ood_gmm."""
    mean = (1.0, 0.8, 0.5, 0.3, 0.1, 0.0)
    covariance = tuple(tuple(row) for row in (np.diag([1.0, 2.0, 0.5, 1.0, 1.0, 1.0]) + 0.2).tolist())
    shifted = {"half_distance": 1.0, "shifted_half_distance": 1.0, "alignment": 1.0}
    return [
        Case(
            "labelled mean, any m and d",
            unlabeled_ood_gmm.sample_mean_rule,
            {"dimension": 1000, "labeled_size": 100, "half_distance": 1.0},
            ("excess",),
            {"sqrt": 1, "division": 1, "ndtr": 1, "element": 5},
        ),
        Case(
            "leading eigenvector, n = 1000, d = 500",
            unlabeled_ood_gmm.sample_spectral_rule,
            {"dimension": 500, "labeled_size": 10, "unlabeled_size": 1000, **shifted},
            ("squared_cosine",),
            # The pivots at least three times from above on the way to the eigenvalue, and from both sides for the eigenvector.
            {"division": 5 * 500, "flop": 5 * 4 * 500},
        ),
        Case(
            "fewest errors in the plane, m = 300",
            unlabeled_ood_gmm.sample_plane_erm,
            {"labeled_size": 300, "half_distance": 1.0},
            ("excess", "angle"),
            {"arctan": 300, "order 600": 600, "element": 12 * 300},
        ),
        Case(
            "message passing, d = 200, n = 600, 30 rounds",
            unlabeled_ood_gmm.sample_message_passing,
            {"dimension": 200, "labeled_size": 100, "unlabeled_size": 600, "iterations": 30, **shifted},
            ("risk",),
            # Two products with the samples a round, which are read from the memory twice: 4 data sets a block do not fit the cache.
            {"flop": 30 * 4 * 200 * 600, "tanh": 30 * 600},
        ),
        Case(
            "ramp in the plane, n = 1000",
            unlabeled_ood_gmm.sample_plane_ramp,
            {"sample_size": 1000, "mean": (1.5, 0.0), "threshold": 3.0},
            ("scaled_sine", "score"),
            # Three jumps a sample: their angles, their order, and on every arc the value at its ends or its top.
            {"arctan": 1000, "arccos": 1000, "sqrt": 4000, "order 3000": 3000, "cos": 3000, "sin": 3000, "element": 20 * 3000},
        ),
        Case(
            "attacked rules, d = 6",
            unlabeled_ood_gmm.sample_attacked_errors,
            {"mean": mean, "covariance": covariance, "radius": 0.3, "norm": "linf", "directions": (mean, covariance[0], covariance[1])},
            ("error[0]", "error[1]", "error[2]"),
            {"flop": 2 * 36 + 2 * 18, "element": 3 * 6 + 4 * 3},
            separate=True,
        ),
    ]


def tester_learner_cases() -> list[Case]:
    """Return the headline samplers of tester_learner."""
    n, d, steps = 200_000, 10, 181
    return [
        Case(
            "gradients of three losses",
            tester_learner.sample_plane,
            {"angle": 0.3, "ramp_width": 0.2, "noise_rate": 0.1},
            ("ramp", "smooth_ramp", "logistic"),
            {"exp": 1, "division": 2, "element": 30},
            separate=True,
        ),
        Case(
            "gradient of the ramp in its band",
            tester_learner.sample_band_gradient,
            {"angle": 0.3, "ramp_width": 0.2, "noise_rate": 0.1},
            ("gradient",),
            {"ndtri": 1, "element": 8},
        ),
        Case(
            "worst flips, n = 5000",
            tester_learner.sample_worst_flips,
            {"angle": 1.570796, "ramp_width": 0.1, "flipped_mass": 0.005, "sample_size": 5000},
            ("gradient", "other"),
            {"ndtri": 5000, "element": 8 * 5000},
            separate=True,
        ),
        Case(
            "descent, n = 2e5, d = 10, 181 steps",
            tester_learner.sample_descent_path,
            {"dimension": d, "sample_size": n, "ramp_width": 0.2, "noise_rate": 0.2, "step": 0.05, "iterations": steps, "start_angle": 1.5},
            ("value[180]",),
            {"flop": 2 * n * d * steps, "byte": 8 * n * d * steps},
            replicates=1,
        ),
        Case(
            "power against a pinch, n = 1000, d = 20",
            tester_learner.sample_pinch_power,
            {"dimension": 20, "sample_size": 1000, "half_width": 0.1, "factor": 0.05, "level": 0.05, "turned": False},
            ("band", "kurtosis", "covariance", "mardia"),
            # The covariance and its factor, squared lengths, and fourth powers.
            {"flop": 1000 * 20 * 21 + 1000 * 20 * 20, "element": 4 * 1000 * 20},
        ),
        Case(
            "learner, tests and search, n = 2e4, d = 8",
            tester_learner.sample_runs,
            {
                "scenario": "gaussian_massart",
                "dimension": 8,
                "sample_size": 20_000,
                "ramp_width": 0.3,
                "noise_rate": 0.2,
                "excess_error": 0.0245,
                "search": True,
            },
            ("excess",),
            # The margins of 10^4 rows in the learner's steps (55 on 8000 rows, then 67) and in the descents of the search, 100 margins at least.
            {"flop": 2 * 8 * (122 * 10_000 + 100 * 10_000), "order 10000": 20 * 10_000},
            "one data set at a time: some 120 steps of the learner, then the descents of a search over a few hundred rows of eight numbers",
        ),
    ]


def pac_invariance_cases() -> list[Case]:
    """Return the headline samplers of pac_invariance."""

    # The minimax head: at least ten steps of an interior-point method on the twelve constraints that matter, 40 operations and three divisions each.
    def head(environments: int, features: int) -> dict[str, float]:
        return {"element": 12 * 160, "flop": 8 * environments * features + 10 * 12 * 40, "division": 10 * 12 * 3}

    sequential = "an interior-point method: some 17 steps, each waiting for the one before, on a dozen constraints"
    return [
        Case(
            "gap of a head on 80 rows",
            pac_invariance.sample_empirical_gap,
            {"sample_size": 80, "nodes": (1, 2), "head": (0.9, -0.8)},
            ("square",),
            {"sqrt": 4, "flop": 2 * 9 + 2 * 9, "element": 15},
        ),
        Case(
            "fixed head, N = m = 80",
            pac_invariance.sample_fixed_head,
            {"interventions": 80, "fresh": 80},
            ("share",),
            {"element": 14 * 160},
        ),
        Case(
            "trained head, N = m = 80, r = 1",
            pac_invariance.sample_scalar_head,
            {"interventions": 80, "fresh": 80},
            ("share",),
            head(80, 1),
            sequential,
        ),
        Case(
            "trained head, N = m = 80, r = 2",
            pac_invariance.sample_shift_heads,
            {"interventions": 80, "fresh": 80, "features": 2},
            ("share",),
            head(80, 2),
            sequential,
        ),
        Case(
            "all representations, N = 80, m = 1000",
            pac_invariance.sample_uniform_violation,
            {"interventions": 80, "fresh": 1000},
            ("supremum",),
            # In each of 90 directions two products and a sum, two comparisons and a count.
            {"element": 90 * 6 * 1080},
        ),
        Case(
            "hull of N = 80, m = 1000",
            pac_invariance.sample_hull,
            {"interventions": 80, "fresh": 1000},
            ("hull_mass", "vertex_share"),
            # A fresh point is held against some six of a dozen edges.
            {"order 80": 2 * 80, "element": 6 * 1080, "flop": 6 * 6 * 1000},
        ),
        Case(
            "missing mass, N = 32, k = 16",
            pac_invariance.sample_missing_mass,
            {"interventions": 32, "probabilities": (1.0 / 16,) * 16},
            ("mass",),
            {"element": 3 * 16},
        ),
    ]


def inductive_bias_cases() -> list[Case]:
    """Return the headline samplers of inductive_bias."""
    small = {"dimension": 3, "train": 10, "test": 12, "target_error": 0.1}
    # 200 particles, moved 10 times at a number of levels that the draws tell: 12 numbers, then their weighted squares.
    proposals = 76_000 / 12
    hidden = 12 * 256
    return [
        Case(
            "test errors, 64 points",
            inductive_bias.sample_errors,
            {"dimension": 4, "train": 32, "test": 64},
            ("error",),
            {"element": 4 * 64, "log": 1},
        ),
        Case(
            "reweighted errors, 12 points",
            inductive_bias.sample_tilted_weight,
            {**small, "tilt": 10.0, "nats": 5.0},
            ("value",),
            {"element": 5 * 12, "exp": 1},
        ),
        Case(
            "splitting, 200 particles, 10 moves",
            inductive_bias.sample_splitting,
            {**small, "particles": 200, "moves": 10},
            ("value",),
            {"element": proposals * 12 * 7},
        ),
        Case(
            "half-planes, n = 20",
            inductive_bias.sample_half_planes,
            {"sample_size": 20, "target_error": 0.02},
            ("nats",),
            {"element": 3 * 20 + 30, "log": 4, "division": 5, "exp": 2},
        ),
        Case(
            "networks, width 256, depth 3, 12 points",
            inductive_bias.sample_finite_width,
            {"dimension": 3, "train": 6, "test": 6, "width": 256, "depth": 3, "nugget": 0.01, "target_errors": (0.1,)},
            ("joint_0", "evidence"),
            # Products with the short layers, two orthogonal factors, the kernel, and a tail by a contour sum of some 30 nodes.
            {"flop": 2 * 12 * 256 * (3 + 12 + 12) + 2 * 2 * 12**2 * 256 + 12 * 13 * 256, "element": 2 * 3 * hidden, "exp": 60, "log": 6 * 60},
        ),
    ]
