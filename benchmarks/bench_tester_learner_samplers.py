"""Contests of the samplers and closed forms of tester_learner: gradients, null laws of the tests, the angle at which descents settle."""

from __future__ import annotations

import math

import numpy as np
from agreement import assert_means_agree
from contest import Contender, Contest
from peers_tester_learner import average, descend, draw, extreme_eigenvalues, gradient_by_quadrature, gradient_of_rows

from theorylab.papers.tester_learner.closed_form import asymptotic_angle_rms, surrogate_gradient
from theorylab.papers.tester_learner.monte_carlo import (
    sample_band_gradient,
    sample_descent_angles,
    sample_extreme_eigenvalues,
    sample_local_angles,
    sample_null_report,
    sample_null_report_raw,
    sample_plane,
)

__all__ = ["sampler_contests"]

SLUG = "tester_learner"


def gradient_by_simulation() -> Contest:
    """Return the gradient of the ramp loss at an angle: rows of the band, rows of the plane, rows of ten dimensions."""
    setting = {"angle": 0.3, "ramp_width": 0.2, "noise_rate": 0.1}
    exact = float(surrogate_gradient(*setting.values()))
    rng = np.random.default_rng(0)
    draws = 65_536
    band = float(np.std(sample_band_gradient(rng, draws, **setting)["gradient"]))
    raw = float(np.std(sample_plane(rng, 4 * draws, **setting)["ramp"]))

    def rows() -> np.ndarray:
        return gradient_of_rows(rng, draws, dimension=10, **setting)

    def check() -> None:
        samples = {"band": sample_band_gradient(rng, draws, **setting)["gradient"], "plane": sample_plane(rng, draws, **setting)["ramp"]}
        assert_means_agree(samples | {"rows": rows()}, {"closed form": exact})

    return Contest(
        SLUG,
        "surrogate gradient by simulation, theta = .3, sigma = .2, eta = .1",
        (
            Contender("sample_band_gradient, flips integrated out", lambda: sample_band_gradient(rng, draws, **setting), draws, band),
            Contender("numpy, rows of d = 10 dimensions", rows, draws, raw),
            Contender("sample_plane, ten statistics of a row", lambda: sample_plane(rng, draws, **setting), draws, raw),
        ),
        answer="means equal to the closed form",
        check=check,
        standard_error=2.5e-4,
    )


def gradient_in_closed_form() -> Contest:
    """Return the gradient on a grid of angles and widths."""
    angles, widths = np.linspace(0.01, 1.5, 100), np.geomspace(0.05, 1.0, 50)

    def ours() -> np.ndarray:
        return np.asarray(surrogate_gradient(angles[:, None], widths, 0.2))

    def check() -> None:
        assert np.max(np.abs(ours() / gradient_by_quadrature(angles, widths, 0.2) - 1.0)) < 1e-10

    return Contest(
        SLUG,
        "surrogate gradient on a grid of 100 angles and 50 widths",
        (
            Contender("surrogate_gradient", ours),
            Contender("scipy.integrate.quad, point by point", lambda: gradient_by_quadrature(angles, widths, 0.2)),
        ),
        answer="equal to 1e-10",
        check=check,
    )


def eigenvalues() -> Contest:
    """Return the mean largest eigenvalue of second moments of Gaussian rows: Bartlett factors, rows, scipy's Wishart matrices."""
    from scipy.stats import wishart

    rows, p = 2000, 19
    rng = np.random.default_rng(1)
    draws, few = 4096, 200

    def ours() -> np.ndarray:
        return np.asarray(sample_extreme_eigenvalues(rng, draws, rows=rows, dimension=p + 1)["largest"])

    def by_scipy() -> np.ndarray:
        return np.linalg.eigvalsh(wishart.rvs(rows, np.eye(p), size=draws, random_state=rng) / rows)[:, -1]

    spread = float(ours().std())

    def check() -> None:
        assert_means_agree({"ours": ours(), "scipy": by_scipy(), "rows": extreme_eigenvalues(rng, few, rows, p)[:, 1]})

    return Contest(
        SLUG,
        "mean largest second moment of m = 2000 Gaussian rows in p = 19 dimensions",
        (
            Contender("sample_extreme_eigenvalues, Bartlett factors", ours, draws, spread),
            Contender("numpy, one sample at a time", lambda: extreme_eigenvalues(rng, few, rows, p), few, spread),
            Contender("scipy.stats.wishart.rvs and eigvalsh in a batch", by_scipy, draws, spread),
        ),
        answer="means of the same law",
        check=check,
        standard_error=1e-4,
    )


def null_reports() -> Contest:
    """Return how often the calibrated tests reject a Gaussian sample: counts and Wishart matrices, or whole samples."""
    setting = {"sample_size": 40_000, "dimension": 20, "ramp_width": 0.3}
    rng = np.random.default_rng(2)
    draws, few = 64, 8

    def ours() -> np.ndarray:
        return np.asarray(sample_null_report(rng, draws, **setting)["without_fourth"])

    def check() -> None:
        # At a level where most samples are rejected both shares are far from 0 and 1.
        small = {"sample_size": 5000, "dimension": 5, "ramp_width": 0.5, "failure_probability": 0.9}
        samples = {
            "ours": sample_null_report(rng, 300, **small)["without_fourth"],
            "raw": sample_null_report_raw(rng, 300, **small)["without_fourth"],
        }
        assert 0.1 < samples["ours"].mean() < 0.9
        assert_means_agree(samples)

    return Contest(
        SLUG,
        "false rejections of the calibrated tests, n = 4e4, d = 20, sigma = .3",
        (
            Contender("sample_null_report, counts and Wishart matrices", ours, draws, 0.2),
            Contender("sample_null_report_raw, numpy rows and run_tests", lambda: sample_null_report_raw(rng, few, **setting), few, 0.2),
        ),
        answer="a share of the same law, near .04, with standard deviation .2; but for the fourth moments, which only rows have",
        check=check,
        standard_error=0.002,
    )


def settled_angles() -> Contest:
    """Return the mean square angle at which descents settle: rows near the boundary and Newton's step, or whole samples and descents."""
    n, d, width, eta = 20_000, 40, 0.3, 0.1
    setting = {"dimension": d, "sample_size": n, "ramp_width": width, "noise_rate": eta}
    descent = {"step": width, "iterations": 80}
    rng = np.random.default_rng(3)
    local, whole, few = 64, 8, 4
    exact = float(asymptotic_angle_rms(n, d, width, eta)) ** 2

    def ours() -> np.ndarray:
        return np.asarray(sample_local_angles(rng, local, **setting)["square"])

    def batch() -> np.ndarray:
        return np.asarray(sample_descent_angles(rng, whole, **setting, **descent)["square"])

    def plain() -> np.ndarray:
        found = np.empty(few)
        for index in range(few):
            x, y, target = draw(rng, n, d, eta)
            w = descend(x, y, average((x, y, target)), ramp_width=width, **descent)
            found[index] = math.acos(min(1.0, float(w @ target))) ** 2
        return found

    spread = float(ours().std())

    def check() -> None:
        # A few percent are the terms of higher order.
        for values in (ours(), batch(), plain()):
            assert abs(float(values.mean()) / exact - 1.0) < 0.06 + 5.0 * spread / exact / math.sqrt(len(values))

    return Contest(
        SLUG,
        "mean square angle of settled descents, n = 2e4, d = 40, sigma = .3, eta = .1",
        (
            Contender("sample_local_angles, rows near the boundary", ours, local, spread),
            Contender("numpy, one sample and 80 steps at a time", plain, few, spread),
            Contender("sample_descent_angles, whole samples and 80 steps", batch, whole, spread),
        ),
        answer="means of the same law",
        check=check,
        standard_error=5e-6,
    )


def sampler_contests() -> list[Contest]:
    """Return the contests of samplers and closed forms."""
    return [gradient_by_simulation(), gradient_in_closed_form(), eigenvalues(), null_reports(), settled_angles()]
