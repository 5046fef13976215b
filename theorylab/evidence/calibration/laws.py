"""The laws that the intervals are tried on: drawn plainly, and tilted exponentially where they have a moment generating function."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theorylab.validation import flag, function, real, text

__all__ = ["LAWS", "TILTED_LAWS", "BernoulliLaw", "Law", "TiltedLaw"]

Shape = int | tuple[int, ...]
Draw = Callable[[np.random.Generator, Shape], np.ndarray]


@dataclass(frozen=True)
class Law:
    """A law of one replicate: its name, mean, standard deviation, and how it is drawn; ``hard`` if its tails make a verdict wait very long."""

    name: str
    mean: float
    deviation: float
    draw: Draw
    hard: bool = False

    def __post_init__(self) -> None:
        text("name", self.name)
        real("mean", self.mean)
        real("deviation", self.deviation, minimum=0.0)
        function("draw", self.draw)
        flag("hard", self.hard)


@dataclass(frozen=True)
class BernoulliLaw:
    """Zero or one; sums of many are binomial, so they are drawn in one go."""

    name: str
    mean: float

    def __post_init__(self) -> None:
        text("name", self.name)
        real("mean", self.mean, minimum=0.0, maximum=1.0)

    @property
    def deviation(self) -> float:
        """Standard deviation of one replicate."""
        return math.sqrt(self.mean * (1 - self.mean))


def _lognormal(sigma: float, *, hard: bool) -> Law:
    mean = math.exp(sigma**2 / 2)

    def draw(rng: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.exp(sigma * rng.standard_normal(shape))

    return Law(f"lognormal({sigma:g})", mean, mean * math.sqrt(math.expm1(sigma**2)), draw, hard)


def _sixth_power(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    square = rng.standard_normal(shape) ** 2
    return square * square * square


LAWS: tuple[Law | BernoulliLaw, ...] = (
    Law("normal", 0.0, 1.0, lambda rng, shape: rng.standard_normal(shape)),
    Law("exponential", 1.0, 1.0, lambda rng, shape: rng.standard_exponential(shape)),
    Law("Laplace", 0.0, math.sqrt(2), lambda rng, shape: rng.laplace(size=shape)),
    Law("chi-squared(1)", 1.0, math.sqrt(2), lambda rng, shape: rng.standard_normal(shape) ** 2),
    Law("Student t(5)", 0.0, math.sqrt(5 / 3), lambda rng, shape: rng.standard_t(5, shape)),
    BernoulliLaw("Bernoulli(0.01)", 0.01),
    _lognormal(1.0, hard=False),
    _lognormal(1.5, hard=True),
    Law("normal^6", 15.0, math.sqrt(10395 - 225), _sixth_power, hard=True),
)


@dataclass(frozen=True)
class TiltedLaw:
    """The exponential family through a law: density times ``exp(theta x - K(theta))``.

    Attributes
    ----------
    name
        Name of the law itself, theta = 0.
    logarithm
        K(theta), the logarithm of the moment generating function.
    moments
        Mean, variance, skewness and excess kurtosis under a tilt.
    draw
        ``(rng, theta, shape) -> values``; for a Bernoulli law None, since its sums are binomial.
    least, most
        Range in which a tilt is looked for.
    """

    name: str
    logarithm: Callable[[float], float]
    moments: Callable[[float], tuple[float, float, float, float]]
    draw: Callable[[np.random.Generator, float, Shape], np.ndarray] | None
    least: float
    most: float

    def __post_init__(self) -> None:
        text("name", self.name)
        function("logarithm", self.logarithm)
        function("moments", self.moments)
        if self.draw is not None:
            function("draw", self.draw)
        real("most", self.most, above=real("least", self.least, maximum=0.0), minimum=0.0)


def normal_family() -> TiltedLaw:
    """Return the standard normal law; tilting shifts it."""

    def draw(rng: np.random.Generator, theta: float, shape: Shape) -> np.ndarray:
        return rng.standard_normal(shape) + theta

    return TiltedLaw("normal", lambda theta: theta**2 / 2, lambda theta: (theta, 1.0, 0.0, 0.0), draw, -5.0, 5.0)


def gamma_family(shape_parameter: float, name: str) -> TiltedLaw:
    """Return a gamma law of unit scale; tilting rescales it."""
    a = shape_parameter
    return TiltedLaw(
        name,
        lambda theta: -a * math.log1p(-theta),
        lambda theta: (a / (1 - theta), a / (1 - theta) ** 2, 2 / math.sqrt(a), 6 / a),
        lambda rng, theta, shape: rng.standard_gamma(a, shape) / (1 - theta),
        -20.0,
        0.99,
    )


def laplace_family() -> TiltedLaw:
    """Return the Laplace law; tilting gives its two sides different weights and rates."""

    def moments(theta: float) -> tuple[float, float, float, float]:
        up, down = 1 / (1 - theta), 1 / (1 + theta)
        variance = up**2 + down**2
        return up - down, variance, 2 * (up**3 - down**3) / variance**1.5, 6 * (up**4 + down**4) / variance**2

    def draw(rng: np.random.Generator, theta: float, shape: Shape) -> np.ndarray:
        size = rng.standard_exponential(shape)
        return np.where(rng.random(shape) < (1 + theta) / 2, size / (1 - theta), -size / (1 + theta))

    return TiltedLaw("Laplace", lambda theta: -math.log1p(-(theta**2)), moments, draw, -0.95, 0.95)


def bernoulli_family(probability: float) -> TiltedLaw:
    """Return a Bernoulli law; tilting changes its probability."""
    p = probability

    def moments(theta: float) -> tuple[float, float, float, float]:
        q = p * math.exp(theta) / (1 - p + p * math.exp(theta))
        variance = q * (1 - q)
        return q, variance, (1 - 2 * q) / math.sqrt(variance), (1 - 6 * variance) / variance

    return TiltedLaw(f"Bernoulli({p:g})", lambda theta: math.log1p(p * math.expm1(theta)), moments, None, -5.0, 5.0)


def spiked_family(probability: float, mean: float, deviation: float, name: str) -> TiltedLaw:
    """Return a standard normal law that with a small ``probability`` is replaced by one of another mean and deviation."""
    means, variances = np.array([0.0, mean]), np.array([1.0, deviation**2])

    def weights(theta: float) -> np.ndarray:
        return np.array([1 - probability, probability]) * np.exp(means * theta + variances * theta**2 / 2)

    def moments(theta: float) -> tuple[float, float, float, float]:
        share = weights(theta) / weights(theta).sum()
        centres = means + variances * theta
        value = float(share @ centres)
        gap = centres - value
        second = float(share @ (variances + gap**2))
        third = float(share @ (3 * gap * variances + gap**3))
        fourth = float(share @ (3 * variances**2 + 6 * gap**2 * variances + gap**4))
        return value, second, third / second**1.5, fourth / second**2 - 3

    def draw(rng: np.random.Generator, theta: float, shape: Shape) -> np.ndarray:
        spike = rng.random(shape) < weights(theta)[1] / weights(theta).sum()
        normal = rng.standard_normal(shape)
        return np.where(spike, mean + variances[1] * theta + deviation * normal, theta + normal)

    return TiltedLaw(name, lambda theta: float(np.log(weights(theta).sum())), moments, draw, -3.0, 3.0)


TILTED_LAWS: tuple[TiltedLaw, ...] = (
    normal_family(),
    gamma_family(1.0, "exponential"),
    gamma_family(0.5, "gamma(0.5)"),
    gamma_family(0.1, "gamma(0.1)"),
    bernoulli_family(0.05),
    laplace_family(),
    spiked_family(0.05, 0.0, 5.0, "normal with symmetric spikes"),
    spiked_family(0.05, 2.0, 3.0, "normal with lopsided spikes"),
)
