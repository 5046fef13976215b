"""The law of offset + sum of w_r chi'^2(h_r, delta_r), independent terms, in the manner of scipy's distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.generalized_chi_squared.contour import Spectra, log_laplace, log_tails, mean_of_spectra
from theorylab.numerics.generalized_chi_squared.other_methods import imhof_cdf, lugannani_rice_log_cdf, ruben_log_cdf
from theorylab.validation import choice, integers, moderate, plain, reals, whole_number

__all__ = ["METHODS", "GeneralizedChiSquared"]

# Squares of larger numbers would leave the range of floating point.
LARGEST = 1e100
_MOST_CUMULANTS = 100
METHODS = ("contour", "ruben", "imhof", "saddlepoint")


class GeneralizedChiSquared:
    """offset + sum over r of w_r chi'^2(h_r, delta_r): positive weights, independent noncentral chi-squared terms, h_r degrees of freedom.

    scipy has one noncentral chi-squared law (`scipy.stats.ncx2`, whose logarithms end where doubles do) and no weighted sums; other packages compute
    probabilities with an absolute error. Here the logarithm of either tail has a relative error below 1e-10 in every regime.

    Parameters
    ----------
    weights
        w, (..., R), >= 0; a term of weight 0 is no term.
    degrees
        h > 0, fractions allowed; broadcasts with the weights.
    noncentrality
        delta >= 0, the squared mean of the underlying normals; broadcasts.
    offset
        A number, or an array of the leading shape.

    Raises
    ------
    ValueError
        If a number is out of range or shapes do not fit.
    """

    def __init__(self, weights: ArrayLike, degrees: ArrayLike = 1.0, noncentrality: ArrayLike = 0.0, offset: ArrayLike = 0.0) -> None:
        w = np.asarray(moderate("weights", reals("weights", weights, minimum=0.0), most=LARGEST))
        h = np.asarray(moderate("degrees", reals("degrees", degrees, above=0.0), most=LARGEST))
        delta = np.asarray(moderate("noncentrality", reals("noncentrality", noncentrality, minimum=0.0), most=LARGEST))
        shift = np.asarray(moderate("offset", reals("offset", offset), most=LARGEST))
        try:
            w, h, delta = np.broadcast_arrays(np.atleast_1d(w), h, delta)
            self.offset = np.broadcast_to(shift, w.shape[:-1])
        except ValueError as error:
            shapes = f"{np.shape(weights)}, {np.shape(degrees)}, {np.shape(noncentrality)}, {np.shape(offset)}"
            raise ValueError(f"weights, degrees, noncentrality and offset must broadcast; got {shapes}") from error
        self.weights, self.degrees = w.astype(float), np.where(w > 0.0, h, 0.0)
        self.noncentrality = np.where(w > 0.0, delta, 0.0)

    def __repr__(self) -> str:
        return f"<GeneralizedChiSquared of {self.weights.shape[-1]} terms, batch {self.weights.shape[:-1]}, mean {np.mean(self.mean()):.4g}>"

    @property
    def total_degrees(self) -> Any:
        """Sum of the degrees of freedom."""
        return plain(self.degrees.sum(axis=-1))

    def _asked(self, x: ArrayLike) -> tuple[Spectra, np.ndarray, tuple[int, ...]]:
        places = np.asarray(reals("x", x, finite=False))
        moderate("x", np.where(np.isinf(places), 0.0, places), most=LARGEST)
        shape = check_broadcast(x=places, offset=self.offset)
        parts = (self.weights, self.degrees, self.noncentrality)
        terms = [np.broadcast_to(part, (*shape, part.shape[-1])).reshape(-1, part.shape[-1]) for part in parts]
        return Spectra(*terms), np.broadcast_to(places - self.offset, shape).ravel(), shape

    def _tails(self, x: ArrayLike) -> tuple[Any, Any]:
        spectra, y, shape = self._asked(x)
        lower, upper = np.where(y < 0.0, -np.inf, 0.0), np.where(y < 0.0, 0.0, -np.inf)
        # At the offset itself: no mass unless nothing is random.
        random = (spectra.weights > 0.0).any(axis=1)
        lower[random & (y == 0.0)], upper[random & (y == 0.0)] = -np.inf, 0.0
        inside = np.flatnonzero(random & (y > 0.0) & np.isfinite(y))
        if inside.size:
            lower[inside], upper[inside] = log_tails(spectra.rows(inside), y[inside])
        return plain(lower.reshape(shape)), plain(upper.reshape(shape))

    def logcdf(self, x: ArrayLike, *, method: str = "contour") -> Any:
        """Return log P(L <= x), broadcast over the batch; -inf at and below the offset.

        Parameters
        ----------
        x
            Real numbers.
        method
            "contour", exact everywhere; "ruben", a series, exact for weights not far apart; "imhof", absolute error near 1e-10 only; "saddlepoint",
            Lugannani and Rice's approximation, off by percents. The other three are there for comparison.

        Raises
        ------
        ValueError
            If x is NaN or the method is unknown.
        ConvergenceError
            If Imhof's integral does not converge.
        """
        how = choice("method", method, METHODS)
        if how == "contour":
            return self._tails(x)[0]
        spectra, y, shape = self._asked(x)
        routes: dict[str, Any] = {"ruben": ruben_log_cdf, "imhof": imhof_cdf, "saddlepoint": lugannani_rice_log_cdf}
        if how == "saddlepoint" and np.any(y >= mean_of_spectra(spectra)):
            raise ValueError("x must be below the mean for the saddle-point approximation")
        found = np.where((y > 0.0) | ((y == 0.0) & ~(spectra.weights > 0.0).any(axis=1)), 0.0, -np.inf)
        for row in np.flatnonzero((y > 0.0) & np.isfinite(y) & (spectra.weights > 0.0).any(axis=1)):
            found[row] = routes[how](*(part[row] for part in spectra), y[row])
            if how == "imhof":
                with np.errstate(invalid="ignore", divide="ignore"):
                    found[row] = np.log(found[row])
        return plain(found.reshape(shape))

    def logsf(self, x: ArrayLike) -> Any:
        """Return log P(L > x), -inf at infinity; arguments as in `logcdf`."""
        return self._tails(x)[1]

    def cdf(self, x: ArrayLike) -> Any:
        """Return P(L <= x)."""
        return plain(np.exp(self.logcdf(x)))

    def sf(self, x: ArrayLike) -> Any:
        """Return P(L > x)."""
        return plain(np.exp(self.logsf(x)))

    def cumulants(self, order: int) -> Any:
        """Return the cumulants kappa_1 to kappa_order, (..., order).

        Formula: kappa_q = 2^(q - 1) (q - 1)! sum of w^q (h + q delta), and the offset in the first.

        Parameters
        ----------
        order
            From 1 to 100.

        Raises
        ------
        ValueError
            If the order is not an integer in range, or a cumulant leaves the range of floating point.
        """
        found, factor = [], 1.0
        for q in range(1, whole_number("order", order, maximum=_MOST_CUMULANTS) + 1):
            found.append(factor * (self.weights**q * (self.degrees + q * self.noncentrality)).sum(axis=-1))
            factor *= 2.0 * q
        found[0] = found[0] + self.offset
        if not np.all(np.isfinite(found[-1])):
            raise ValueError(f"order must be smaller for these weights: a cumulant leaves the range of floating point; got {order!r}")
        return np.stack(found, axis=-1)

    def mean(self) -> Any:
        """Return the mean."""
        return plain(self.cumulants(1)[..., 0])

    def var(self) -> Any:
        """Return the variance."""
        return plain(self.cumulants(2)[..., 1])

    def std(self) -> Any:
        """Return the standard deviation."""
        return plain(np.sqrt(self.var()))

    def log_laplace(self, s: ArrayLike) -> Any:
        """Return log E exp(-s (L - offset)), broadcast over the batch, for s > -1/(2 w_max).

        Raises
        ------
        ValueError
            If s is not above -1/(2 w_max).
        """
        places = np.asarray(moderate("s", reals("s", s), most=1e250))
        check_broadcast(s=places, offset=self.offset)
        if np.any(1.0 + 2.0 * places * self.weights.max(axis=-1) <= 0.0):
            raise ValueError(f"s must be above -1/(2 largest weight) = {np.max(-0.5 / self.weights.max(axis=-1)):g}; got {np.min(places):g}")
        # Not through `_asked`: adding an offset and taking it away would cost the digits of a small s.
        spectra, _, shape = self._asked(np.broadcast_to(self.offset, np.broadcast_shapes(places.shape, self.offset.shape)))
        return plain(log_laplace(spectra, np.broadcast_to(places, shape).reshape(-1, 1)).reshape(shape))

    def mean_log(self) -> Any:
        """Return E log(L - offset).

        Formula: integral over s > 0 of (exp(-s) - M(s))/s ds, by the trapezoid rule in log s; batches of the same weights share the nodes.

        Raises
        ------
        ValueError
            If no weight is positive.
        """
        if np.any(self.weights.max(axis=-1) == 0.0):
            raise ValueError("weights must have a positive entry for log L to have a mean; got none")
        scale = (self.weights * (self.degrees + self.noncentrality)).sum(axis=-1)
        smallest = np.min(np.where(self.weights > 0.0, self.weights, np.inf), axis=-1)
        # M falls like s^(-H/2) only once s exceeds the inverse of the smallest weight.
        total = self.degrees.sum(axis=-1).reshape(-1)
        spread = min(600.0, 90.0 / min(1.0, 0.5 * float(np.min(total)))) + float(np.max(np.log(scale / smallest)))
        step = 0.05
        v = np.arange(-45.0, spread, step)
        spectra, _, shape = self._asked(np.zeros(self.offset.shape))
        s = np.exp(v)
        normal = Spectra(spectra.weights / scale.reshape(-1, 1), spectra.degrees, spectra.noncentrality)
        m = np.exp(np.concatenate([log_laplace(normal.rows(slice(row, row + 1)), s[None]) for row in range(len(spectra.weights))]))
        # What is left of the sum is geometric.
        ratio = np.exp(-0.5 * step * total)
        rest = m[:, -1] * ratio / (1.0 - ratio)
        return plain((step * ((np.exp(-s) - m).sum(axis=1) - rest)).reshape(shape) + np.log(scale))

    def rvs(self, size: int | tuple[int, ...] = (), random_state: Any = None) -> Any:
        """Draw from the law.

        Parameters
        ----------
        size
            Shape of independent draws, put before the batch shape.
        random_state
            A `numpy.random.Generator`, a seed or None.

        Returns
        -------
        float or ndarray
            (*size, *batch).
        """
        try:
            is_number = np.ndim(random_state) == 0 and hasattr(random_state, "real")
            rng = np.random.default_rng(whole_number("random_state", random_state, minimum=0) if is_number else random_state)
        except (TypeError, ValueError) as error:
            raise ValueError(f"random_state must be a Generator, a seed or None ({error})") from None
        if np.ndim(size) > 1:
            raise ValueError(f"size must be a number or a tuple of numbers; got shape {np.shape(size)}")
        count = tuple(np.atleast_1d(integers("size", size, minimum=0)).tolist()) if not isinstance(size, tuple) or size else ()
        total = np.zeros((*count, *self.offset.shape))
        # Term by term: R draws for each value are never held at once.
        for r in range(self.weights.shape[-1]):
            w, h, delta = self.weights[..., r], self.degrees[..., r], self.noncentrality[..., r]
            total += w * rng.noncentral_chisquare(np.maximum(h, 1e-300), delta, total.shape)
        return plain(total + self.offset)
