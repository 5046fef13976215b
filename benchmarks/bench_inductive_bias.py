"""Contests of inductive_bias: the exact tail beside the published fit to sampled errors, and the samplers beside simulation as it is usually written.

The samplers' contests stand in ``bench_inductive_bias_samplers.py``.
"""

from __future__ import annotations

import math

import numpy as np
from bench_inductive_bias_samplers import sampler_contests
from contest import Contender, Contest
from peers_inductive_bias import published_bias

from theorylab.numerics.generalized_chi_squared import GeneralizedChiSquared
from theorylab.papers.inductive_bias import closed_form as theory
from theorylab.papers.inductive_bias import monte_carlo as simulate
from theorylab.papers.inductive_bias.estimators import fit_bias
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task

SLUG = "inductive_bias"
ERRORS = 10_000
SPECTRA = 10_000


def one_task() -> Contest:
    """Return the question that the paper asks of every task, with the paper's own answer to it beside ours."""
    law = theory.task_distribution(kronecker_task(4, 32, 64))
    target = 0.1 * float(law.mean())
    errors = np.asarray(law.rvs(ERRORS, 0))

    def check() -> None:
        exact = theory.required_inductive_bias(law, target)
        # Weights of tilted draws, scaled by the exact answer, have mean 1.
        tilt = theory.kl_inductive_bias(law, target).tilt
        weights = simulate.sample_tilted_weight(
            np.random.default_rng(1), 20_000, dimension=4, train=32, test=64, target_error=target, tilt=tilt, nats=exact
        )
        assert abs(weights.mean() - 1.0) < 5.0 * weights.std() / math.sqrt(weights.size)
        # On errors drawn from any spectrum the published fit ends where the Gamma fit is, and that tends to another number.
        assert abs(published_bias(errors[:1000], target) / fit_bias(errors[:1000], target) - 1.0) < 0.01
        limit, noise = theory.fitted_bias_limit(law, target), theory.fitted_bias_standard_deviation(law, target, ERRORS)
        assert abs(fit_bias(errors, target) - limit) < 5.0 * noise

    return Contest(
        SLUG,
        "bias of KRON(4, 32, 64), R = 64 weights, at a tenth of the mean error (at most 10 ms asked)",
        (
            Contender("required_inductive_bias", lambda: theory.required_inductive_bias(law, target)),
            Contender("scipy.stats.ncx2.fit to 1e4 drawn errors, as published", lambda: published_bias(errors, target)),
            Contender("fit_bias, a Gamma law fitted to the same errors", lambda: fit_bias(errors, target)),
        ),
        answer="nats: 43.65, exactly; both fits tend to 35.48, whatever the number of errors",
        check=check,
        target=1000.0,
        rounds=3,
    )


def right_family() -> Contest:
    """Return the same question where the published family contains the law: there all answers are equal but for their noise."""
    degrees, noncentrality = 64, 32.0
    law = GeneralizedChiSquared(np.full(degrees, 1.0 / degrees), 1.0, noncentrality / degrees)
    target = 0.6 * float(law.mean())
    nats = float(theory.required_inductive_bias(law, target))
    errors = np.asarray(law.rvs(ERRORS, 2))
    rng = np.random.default_rng(3)
    noise = float(theory.three_parameter_standard_deviation(degrees, noncentrality, 0.6, ERRORS))
    draws = 200_000

    def counted() -> float:
        hits = np.count_nonzero(rng.noncentral_chisquare(degrees, noncentrality, draws) <= target * degrees)
        return -math.log(hits / draws)

    def check() -> None:
        few = ERRORS // 5
        assert abs(published_bias(errors[:few], target) - nats) < 5.0 * noise * math.sqrt(ERRORS / few)
        assert abs(counted() - nats) < 5.0 * math.sqrt(math.expm1(nats) / draws)

    return Contest(
        SLUG,
        "bias of 64 equal weights with noncentrality 32, at .6 of the mean error, where the published family holds the law",
        (
            Contender("required_inductive_bias", lambda: theory.required_inductive_bias(law, target)),
            Contender("scipy.stats.ncx2.fit to 1e4 drawn errors, as published", lambda: published_bias(errors, target), spread=noise),
            Contender("numpy noncentral_chisquare, hits counted", counted, draws, math.sqrt(math.expm1(nats))),
        ),
        answer="nats, 5.787; ours has no error",
        check=check,
        standard_error=0.01,
        target=1000.0,
        rounds=3,
    )


def many_spectra() -> Contest:
    """Return 1e4 lower tails at once; the rivals take some of them one by one, and their time is that of all."""
    rng = np.random.default_rng(0)
    law = GeneralizedChiSquared(rng.exponential(size=(SPECTRA, 16)), 1.0, rng.exponential(size=(SPECTRA, 16)))
    targets = 0.3 * np.asarray(law.mean())
    few = 50
    some = GeneralizedChiSquared(law.weights[:few], 1.0, law.noncentrality[:few])
    errors = np.asarray(some.rvs(ERRORS, 1))[:, 0]

    def check() -> None:
        chances = np.exp(law.logcdf(targets)[:few])
        assert np.max(np.abs(chances - np.exp(some.logcdf(targets[:few], method="imhof")))) < 1e-8
        drawn = np.mean(errors <= targets[0])
        assert abs(drawn - chances[0]) < 5.0 * math.sqrt(chances[0] / ERRORS)

    return Contest(
        SLUG,
        "log P(L <= .3 of the mean) of 1e4 spectra of 16 weights (at most 10 s asked)",
        (
            Contender("GeneralizedChiSquared.logcdf, all at once", lambda: law.logcdf(targets)),
            Contender(
                "scipy.stats.ncx2.fit to 1e4 errors of each, as published (one timed)",
                lambda: published_bias(errors, float(targets[0])),
                1 / SPECTRA,
            ),
            Contender(
                "Imhof's integral by scipy.integrate.quad, one by one (50 timed)",
                lambda: some.logcdf(targets[:few], method="imhof"),
                few / SPECTRA,
            ),
        ),
        answer="the integral to 1e-9 of P; the fit tends to another number, however many errors it is given",
        check=check,
        target=1000.0,
        rounds=3,
    )


def contests() -> list[Contest]:
    """Return the contests of the paper."""
    return [one_task(), right_family(), many_spectra(), *sampler_contests()]
