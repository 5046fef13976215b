"""arXiv:2205.15196, latent variables seen through a linear map: nothing changes without noise, and with noise the gap falls like 1/p."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from theorylab.laboratory import Laboratory
from theorylab.models.structural_equations import structural_second_moment
from theorylab.papers.pac_invariance import closed_form as theory
from theorylab.papers.pac_invariance import monte_carlo as simulate
from theorylab.papers.pac_invariance.reference_models import core_model
from theorylab.pytest_plugin import claim

indirect = claim(
    "INV-14",
    kind="limit",
    statement="Phi T^+ on X = T L has the gaps of Phi on L; through p noisy sensors the smallest largest gap falls like 1/p.",
    tex=r"\min_w\max_\theta G=\frac{2bt(u-l)}{l+u+2t},\quad t=\tau^2/p",
    source="topic of arXiv:2205.15196 (abstract), taken as X = T L + noise; derived here",
)
CORE = core_model()


def _observed(moments: np.ndarray, mixing: np.ndarray, noise: float) -> np.ndarray:
    """Return moments of (X, Y), Y last, for X = T L + noise and L the covariates of CORE."""
    rest = np.delete(np.arange(6), CORE.target)
    whole = np.zeros((len(mixing) + 1, 6))
    whole[:-1, rest], whole[-1, CORE.target] = mixing, 1.0
    seen = whole @ moments @ whole.T
    seen[..., np.arange(len(mixing)), np.arange(len(mixing))] += noise
    return seen


@indirect
def test_gaps_through_a_map(lab: Laboratory) -> None:
    """Twelve sensors for five covariates: all three gaps in ten environments, for random representations."""
    rng = np.random.default_rng([lab.seed, 13])
    drawn = lab.draw(simulate.draw_moments, 10, name="core")
    mixing = rng.standard_normal((12, 5))
    seen = _observed(drawn, mixing, 0.0)
    for r in (1, 3):
        phi, w = rng.standard_normal((r, 5)), rng.standard_normal(r)
        through = theory.latent_representation(phi, mixing)
        for gap in theory.GAP_KINDS:
            latent = theory.invariance_gap(drawn, CORE.target, phi, w, gap)
            found = theory.invariance_gap(seen, 12, through, w, gap)
            transposed = theory.invariance_gap(seen, 12, phi @ mixing.T, w, gap)
            assert lab.identical(found / latent, np.ones(10), absolute=1e-7, refutes={"Phi T^T": transposed / latent}, question=f"{gap}, r = {r}")


@indirect
def test_dimension_through_noisy_sensors(lab: Laboratory) -> None:
    """Fifteen sensors with noise: still D = 7; but the causal head has a gap."""
    rng = np.random.default_rng([lab.seed, 14])
    drawn = lab.draw(simulate.draw_moments, 40, name="core")
    mixing = rng.standard_normal((15, 5))
    found = [theory.moment_span_dimension(_observed(drawn, mixing, noise)) for noise in (0.0, 0.5)]
    assert lab.identical(found, [7, 7], absolute=0.5, refutes={"one more for the noise": [7, 8], "p": [15, 15]})
    causal = theory.latent_representation(np.eye(5)[[1, 2]], mixing)
    gaps = [float(np.max(theory.invariance_gap(_observed(drawn, mixing, noise), 15, causal, [0.9, -0.8]))) for noise in (0.0, 0.5)]
    assert lab.identical(gaps[0], 0.0, absolute=1e-8, refutes={"noise keeps the causal head invariant": gaps[1]})


@indirect
def test_minimax_gap_of_sensors(lab: Laboratory) -> None:
    """.8, .3, .085714, .022222, .005607 for p = 1, 4, 16, 64, 256: formula, scalar search, and the minimax head of whole moments."""
    sensors = np.array([1, 4, 16, 64, 256])
    claimed = theory.noisy_observation_minimax_gap(1.2, 1.0, sensors, 0.5, 2.0)
    printed = [0.8, 0.3, 0.085714, 0.022222, 0.005607]
    assert lab.identical(claimed.gap, printed, absolute=1e-6, refutes={"1/sqrt(p)": 0.8 / np.sqrt(sensors)})
    for p, gap, head in zip(sensors, claimed.gap, claimed.head, strict=True):
        variance = np.array([0.5, 0.9, 1.4, 2.0])
        found = minimize_scalar(lambda w, t=1 / p, v=variance: np.max(abs(2 * ((v + t) * w - 1.2 * v))), bounds=(0.0, 2.4), options={"xatol": 1e-12})
        assert lab.identical(gap, float(found.fun), absolute=1e-7, refutes={"the causal head": 2 * 1.2 / p})
        assert lab.identical(head, float(found.x), absolute=1e-7, refutes={"causal": 1.2} if p < 100 else {"zero": 0.0})
        if p <= 16:
            whole = np.array([_sensors(v, int(p)) for v in variance])
            average = np.full((1, int(p)), 1 / p)
            solved = theory.minimax_head(whole, int(p), average)
            # The gradient of the averaged feature.
            assert lab.identical(gap, float(solved.gap), absolute=1e-8, refutes={"half": gap / 2}, question=f"whole moments, p = {p}")


def _sensors(variance: float, sensors: int) -> np.ndarray:
    """Return the second moment of p sensors and the target by the structural equations L -> X_j, L -> Y, without L."""
    b = np.zeros((sensors + 2, sensors + 2))
    b[1:, 0] = 1.0
    b[-1, 0] = 1.2
    return structural_second_moment(b, np.concatenate([[variance], np.ones(sensors), [0.7]]))[1:, 1:]


@indirect
def test_rate_of_sensors(lab: Laboratory) -> None:
    """P times the gap tends to 2 b tau^2 (u - l)/(l + u) at order 1/p."""
    sensors = np.array([64, 128, 256, 512])
    gaps = theory.noisy_observation_minimax_gap(1.2, 1.0, sensors, 0.5, 2.0).gap
    assert lab.limit(sensors.astype(float), sensors * gaps - 2 * 1.2 * 1.5 / 2.5, order=1.0, within=0.05, refutes={"1/sqrt(p)": 0.5})
    ratio = float(gaps[2] / gaps[0])
    assert lab.identical(ratio, 0.252, absolute=1e-3, refutes={"1/sqrt(p)": 0.5})
