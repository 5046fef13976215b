"""Single rows in the plane of w and w*, and what they contribute: disagreement, errors, gradients. Word for word the definitions."""

from __future__ import annotations

import math
from typing import Any

from theorylab.backend import check_draw, namespace_of
from theorylab.models.label_noise import flip_labels, halfspace_labels, oriented_massart_noise, random_classification_noise
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.tester_learner.estimators.learner import checked_width
from theorylab.validation import choice, real

__all__ = ["NOISES", "sample_plane", "sample_space_gradient"]

NOISES = ("random", "oriented", "helpful", "elsewhere")


def _flips(noise: str, clean_margins: Any, across: Any, third: Any, noise_rate: float) -> Any:
    if noise == "random":
        return random_classification_noise(clean_margins, noise_rate)
    coordinate = {"oriented": across, "helpful": -across, "elsewhere": third}[noise]
    return oriented_massart_noise(clean_margins, coordinate, noise_rate)


@block_size(fitting_block(numbers=30.0, nanoseconds=60.0))
def sample_plane(rng: Any, size: int, *, angle: float, ramp_width: float, noise_rate: float, noise: str = "random") -> dict[str, Any]:
    """Sample rows with a = <w, x>, b across it and one more coordinate, with labels of w* at the angle and flips.

    Parameters
    ----------
    rng, size
        Generator and number of rows.
    angle
        theta in [0, pi].
    ramp_width
        sigma > 0.
    noise_rate
        eta in [0, 1/2).
    noise
        "random"; "oriented": eta where b times the clean label is positive; "helpful": eta where it is negative; "elsewhere": the same along the
        third coordinate.

    Returns
    -------
    dict
        "disagreement" (0 or 1), "excess" (1 - 2 eta(x)) where they disagree, "error" of w, "target_error" of w*; "ramp", "smooth_ramp", "logistic":
        y l'(a) b, whose mean is the component of minus the gradient towards w*; "across": the ramp's along the third coordinate; "average_along" y a
        and "average_across" y b. All bounded by a normal variable over sigma: all moments exist.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta, sigma, eta = _checked(angle, ramp_width, noise_rate)
    kind = choice("noise", noise, NOISES)
    xp = namespace_of(rng)
    a, b, third = rng.standard_normal((3, size))
    margins = math.cos(theta) * a + math.sin(theta) * b
    clean = halfspace_labels(margins)
    flips = _flips(kind, margins, b, third, eta)
    labels = flip_labels(rng.random((size,)), clean, flips)
    answer = halfspace_labels(a)
    scaled = abs(a) / sigma
    tail = xp.exp(-scaled)
    u = xp.maximum(3.0 * (scaled - 1.0 / 6.0), 0.0)
    slopes = {
        "ramp": (scaled <= 0.5) / sigma,
        "smooth_ramp": (scaled <= 0.5) * (1.0 + 2.0 * u - 3.0 * u**2) / sigma,
        "logistic": tail / (1.0 + tail) ** 2 / sigma,
    }
    found = {name: labels * slope * b for name, slope in slopes.items()}
    return found | {
        "disagreement": 1.0 * (answer != clean),
        "excess": (1.0 - 2.0 * flips) * (answer != clean),
        "error": 1.0 * (answer != labels),
        "target_error": 1.0 * (clean != labels),
        "across": labels * slopes["ramp"] * third,
        "average_along": labels * a,
        "average_across": labels * b,
    }


def _checked(angle: float, ramp_width: float, noise_rate: float) -> tuple[float, float, float]:
    return (
        real("angle", angle, minimum=0.0, maximum=math.pi),
        checked_width(ramp_width),
        real("noise_rate", noise_rate, minimum=0.0, below=0.5),
    )


@block_size(1024)
def sample_space_gradient(rng: Any, size: int, *, angle: float, ramp_width: float, noise_rate: float, sample_size: int = 200) -> dict[str, Any]:
    """Sample gradients of the ramp loss at a direction in four dimensions by its definition: a difference quotient of the empirical loss.

    Parameters
    ----------
    rng, size
        Generator and number of data sets.
    angle, ramp_width, noise_rate
        As in `sample_plane`; random classification noise.
    sample_size
        Rows of a data set.

    Returns
    -------
    dict
        "towards", "along", "other": minus the derivative of mean l(-y <w, x>/|w|) along v, w and a third axis, at w of length 2 times that length.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    theta, sigma, eta = _checked(angle, ramp_width, noise_rate)
    xp = namespace_of(rng)
    x = rng.standard_normal((size, sample_size, 4))
    target = xp.asarray([math.cos(theta), math.sin(theta), 0.0, 0.0])
    clean = halfspace_labels(x @ target)
    labels = flip_labels(rng.random((size, sample_size)), clean, random_classification_noise(clean, eta))

    def loss(w: Any) -> Any:
        margins = x @ (w / xp.sqrt((w**2).sum()))
        return xp.clip(0.5 - labels * margins / sigma, 0.0, 1.0).mean(axis=1)

    step, w = 1e-6, xp.asarray([2.0, 0.0, 0.0, 0.0])
    found = {}
    for name, axis in (("towards", 1), ("along", 0), ("other", 2)):
        move = xp.zeros(4)
        move[axis] = step
        found[name] = -2.0 * (loss(w + move) - loss(w - move)) / (2.0 * step)
    return found
