r"""The learner under a Gaussian marginal and random classification noise: how many steps it takes, and how accurate it gets.

One population step of length beta turns w by arctan(beta G(theta)). Far from w* that is a constant (1 - 2 eta) beta/pi a step; near it the angle
shrinks by a constant factor. With n rows w* is a Z-estimator: slope (1 - 2 eta) sqrt(2/pi)/sigma, score variance erf(sigma/(2 sqrt 2))/sigma^2 per
coordinate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf

from theorylab.backend import check_broadcast
from theorylab.papers.tester_learner.closed_form.surrogate_gradient import surrogate_gradient
from theorylab.validation import integers, moderate, plain, real, reals, whole_number

__all__ = [
    "asymptotic_angle_rms",
    "contraction_factor",
    "gradient_flow_iterations",
    "largest_stable_step",
    "population_angles",
    "population_iterations",
]


def population_angles(start: float, iterations: int, *, ramp_width: float, noise_rate: float, step: float) -> np.ndarray:
    r"""Return the angles before each population step and after the last, ``theta <- |theta - arctan(beta G(theta))|``.

    Parameters
    ----------
    start
        theta_0 in (0, pi).
    iterations
        >= 0.
    ramp_width, noise_rate, step
        sigma > 0, eta in [0, 1/2), beta > 0.

    Returns
    -------
    ndarray
        (iterations + 1,).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    beta = moderate("step", real("step", step, above=0.0), most=1e50, least=1e-50)
    angles = np.empty(whole_number("iterations", iterations, minimum=0) + 1)
    angles[0] = real("start", start, above=0.0, below=np.pi)
    for k in range(angles.size - 1):
        angles[k + 1] = abs(angles[k] - np.arctan(beta * surrogate_gradient(angles[k], ramp_width, noise_rate)))
    return angles


def population_iterations(start: float, end: float, *, ramp_width: float, noise_rate: float, step: float) -> int:
    """Return the number of population steps from one angle to a smaller one; a step that is not stable never arrives.

    Parameters
    ----------
    start, end
        0 < end < start < pi.
    ramp_width, noise_rate, step
        As in `population_angles`.

    Raises
    ------
    ValueError
        If an argument is out of range, or 10^7 steps are not enough.
    """
    theta = real("start", start, above=0.0, below=np.pi)
    last, beta = real("end", end, above=0.0, below=theta), moderate("step", real("step", step, above=0.0), most=1e50, least=1e-50)
    ramp_width = moderate("ramp_width", real("ramp_width", ramp_width, above=0.0), least=1e-50)
    noise_rate = real("noise_rate", noise_rate, minimum=0.0, below=0.5)
    for count in range(10**7):
        if theta <= last:
            return count
        theta = abs(theta - np.arctan(beta * surrogate_gradient(theta, ramp_width, noise_rate)))
    raise ValueError(f"step must be one that arrives within 10^7 steps; got {step}")


def gradient_flow_iterations(start: ArrayLike, end: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike, step: ArrayLike) -> Any:
    r"""Return the number of steps far from w*, where the gradient has its largest length.

    Formula: ``pi (theta_0 - theta_1)/((1 - 2 eta) beta)``, for sin(theta) much larger than sigma.

    Parameters
    ----------
    start, end
        theta_0 and theta_1 in [0, pi].
    ramp_width
        sigma > 0; does not enter as long as it is small.
    noise_rate, step
        eta in [0, 1/2) and beta > 0.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(start=start, end=end, noise_rate=noise_rate, step=step)
    first = np.asarray(reals("start", start, minimum=0.0, maximum=np.pi))
    last = np.asarray(reals("end", end, minimum=0.0, maximum=np.pi))
    moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50)
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(np.pi * (first - last) / ((1.0 - 2.0 * eta) * np.asarray(moderate("step", reals("step", step, above=0.0), most=1e50, least=1e-50))))


def contraction_factor(ramp_width: ArrayLike, noise_rate: ArrayLike, step: ArrayLike) -> Any:
    r"""Return the factor by which a population step multiplies a small angle, ``1 - beta (1 - 2 eta) sqrt(2/pi)/sigma``.

    Parameters
    ----------
    ramp_width, noise_rate, step
        sigma > 0, eta in [0, 1/2), beta > 0.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(ramp_width=ramp_width, noise_rate=noise_rate, step=step)
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    beta = np.asarray(moderate("step", reals("step", step, above=0.0), most=1e50, least=1e-50))
    return plain(1.0 - beta * (1.0 - 2.0 * eta) * np.sqrt(2.0 / np.pi) / width)


def largest_stable_step(ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the step at which the factor is -1: ``2 sigma sqrt(pi/2)/(1 - 2 eta)``; half of it is Newton's step, with factor 0.

    Parameters
    ----------
    ramp_width, noise_rate
        As in `contraction_factor`.
    """
    check_broadcast(ramp_width=ramp_width, noise_rate=noise_rate)
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(np.sqrt(2.0 * np.pi) * width / (1.0 - 2.0 * eta))


def asymptotic_angle_rms(sample_size: ArrayLike, dimension: ArrayLike, ramp_width: ArrayLike, noise_rate: ArrayLike) -> Any:
    r"""Return the root mean square angle at which the learner ends, for many rows.

    Formula: ``E theta^2 = (d - 1) pi erf(sigma/(2 sqrt 2))/(2 n (1 - 2 eta)^2)``, up to a factor 1 + o(1) for theta much smaller than sigma. For
    sigma -> inf it is the mean of y x, whose gradient is linear.

    Parameters
    ----------
    sample_size
        n >= 1, the rows of the learner.
    dimension
        d >= 2.
    ramp_width, noise_rate
        sigma > 0 and eta in [0, 1/2).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(sample_size=sample_size, dimension=dimension, ramp_width=ramp_width, noise_rate=noise_rate)
    n = np.asarray(integers("sample_size", sample_size))
    p = np.asarray(integers("dimension", dimension, minimum=2)) - 1.0
    width = np.asarray(moderate("ramp_width", reals("ramp_width", ramp_width, above=0.0), least=1e-50))
    eta = np.asarray(reals("noise_rate", noise_rate, minimum=0.0, below=0.5))
    return plain(np.sqrt(p * np.pi * erf(width / (2.0 * np.sqrt(2.0))) / (2.0 * n)) / (1.0 - 2.0 * eta))
