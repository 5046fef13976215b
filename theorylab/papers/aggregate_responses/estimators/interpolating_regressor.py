"""A scikit-learn regressor that learns from bag averages of the labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted, validate_data

from theorylab.papers.aggregate_responses.closed_form import interpolating_estimator, least_within_bag_variance_interpolator, optimal_weight
from theorylab.papers.aggregate_responses.estimators.grouping import Grouping, bag_means_in_order, group_bags
from theorylab.papers.aggregate_responses.estimators.signal_strength import SignalStrength, centred, estimate_signal_strength
from theorylab.validation import choice, flag, real

__all__ = ["InterpolatingRegressor"]

LIMIT = "least_within_bag_variance"
# Below this, rounding begins to hide the penalty, and the risk is that of a smaller weight to many digits.
SMALLEST_WEIGHT = 1e-8


class InterpolatingRegressor(RegressorMixin, BaseEstimator):
    """Linear regression from averages of labels over bags: minimise (1 - rho) L_bag + rho L_ins = L_bag + rho R (arXiv:2401.11081).

    With bags of k_a samples and n samples in all, prediction f_i = <x_i, theta> + intercept and its bag average fbar_a,

        L_bag = sum_a (k_a / n) (ybar_a - fbar_a)^2,      R = (1/n) sum_a sum_{i in a} (f_i - fbar_a)^2,

    the spread of the predictions within the bags. If every sample is a bag of its own, every weight gives ordinary least squares.

    Three solutions are easily confused: ``weight=0.0`` ignores the spread, and where that leaves many minimisers (fewer bags than features)
    takes the one of least norm; ``weight="least_within_bag_variance"`` is the limit weight -> 0+, which takes among those the one whose
    predictions vary least within bags; and with fewer samples than features every weight in (0, 1] has the same minimisers, of which the one
    of least norm is taken.

    Parameters
    ----------
    weight
        rho: a number in [0, 1], or "least_within_bag_variance" for the limit to 0 from above, or "optimal" for the weight of least limiting
        risk at the signal-to-noise ratio that `estimate_signal_strength` finds in the data. "optimal" supposes a linear model and Gaussian
        features. They need not be isotropic: for n > d a linear map of the features maps the estimator, so its prediction risk is that of
        isotropic features with r2 = theta0' Sigma theta0. Nor need bags be equal: with the weights k_a / n the scatter matrices between and within
        bags are Wishart with m and n - m degrees of freedom whatever the sizes, so only the mean bag size n / m enters.
    fit_intercept
        Whether to fit an intercept, which no term of the loss shrinks. It is fitted by subtracting the mean of all samples from the
        features and the size-weighted mean of the bag means, which is the mean of all labels, from these; it takes one sample and one bag.
        The theory has no intercept: set False to compute what it describes.

    Attributes
    ----------
    coef_
        theta, shape (n_features_in_,).
    intercept_
        0.0 without an intercept.
    weight_
        The weight that was used: a number, or "least_within_bag_variance".
    bags_
        Sorted distinct bag labels, (m,); 0 to n - 1 if no bags were given.
    bag_sizes_
        Number of samples in each of them, (m,).
    signal_variance_, noise_variance_, signal_to_noise_ratio_
        Only with ``weight="optimal"``: the estimates, or None where they are not needed, with no more samples than features (every weight in
        (0, 1] gives the same theta) or one bag for each sample; `weight_` is 1.0 then.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    >>> InterpolatingRegressor(weight=0.0).fit(X, {"a": 1.0, "b": 3.0, "c": 7.0}, bags=["a", "a", "b", "b", "c", "c"]).coef_
    array([1.5])
    """

    # The second argument of fit is the target under another name, not metadata to be routed.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"bag_means": UNUSED}

    def __init__(self, weight: float | str = 1.0, *, fit_intercept: bool = True) -> None:
        self.weight = weight
        self.fit_intercept = fit_intercept

    def fit(self, X: ArrayLike, bag_means: ArrayLike | Mapping[Any, float], bags: ArrayLike | None = None) -> InterpolatingRegressor:
        """Fit to the mean labels of the bags.

        Parameters
        ----------
        X
            Features, shape (n, d).
        bag_means
            Mean label of each bag, shape (m,), in the order of the sorted distinct bag labels, or a mapping from bag label to mean.
        bags
            Bag label of each sample, shape (n,), anything that sorts. Left out, every sample is a bag, and ``bag_means`` its label.

        Returns
        -------
        InterpolatingRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If an argument or parameter does not fit.
        """
        weight = self._checked_weight()
        flag("fit_intercept", self.fit_intercept)
        if bags is None:
            if isinstance(bag_means, Mapping):
                raise ValueError("bags must be given when bag_means is a mapping from bag label to mean; got None")
            x, means = validate_data(self, X, bag_means, dtype=np.float64, y_numeric=True)
            means = np.asarray(means, dtype=np.float64)
            grouping = Grouping(np.arange(len(x)), np.arange(len(x)), np.ones(len(x), dtype=np.int64))
        else:
            x = validate_data(self, X, dtype=np.float64)
            grouping = group_bags(bags, len(x))
            means = bag_means_in_order(bag_means, bags)
        self.bags_, self.bag_sizes_ = grouping.labels, grouping.sizes
        centre, level = np.zeros(x.shape[1]), 0.0
        if self.fit_intercept:
            centre, level = x.mean(axis=0), float(np.average(means, weights=grouping.sizes))
            x, means = centred(x), means - level
        self.weight_ = self._optimal_weight(x, grouping, means) if weight == "optimal" else weight
        if isinstance(self.weight_, str):
            self.coef_ = least_within_bag_variance_interpolator(x, grouping.codes, means)
        else:
            self.coef_ = interpolating_estimator(x, grouping.codes, means, self.weight_)
        self.intercept_ = level - float(centre @ self.coef_)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the predictions for samples X, shape (n, d), as an array (n,)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        predictions: np.ndarray = x @ self.coef_ + self.intercept_
        return predictions

    def _checked_weight(self) -> float | str:
        if isinstance(self.weight, str):
            return choice("weight", self.weight, ("optimal", LIMIT))
        if np.ndim(self.weight) != 0:
            raise ValueError(f"weight must be one number in [0, 1], 'optimal' or {LIMIT!r}; got {self.weight!r}")
        return real("weight", self.weight, minimum=0.0, maximum=1.0)

    def _optimal_weight(self, x: np.ndarray, grouping: Grouping, means: np.ndarray) -> float | str:
        lost = int(bool(self.fit_intercept))
        samples, bags, rank = len(x) - lost, means.size - lost, int(np.linalg.matrix_rank(x))
        found: SignalStrength | None = None
        if bags < samples and 0 < rank < samples:
            found = estimate_signal_strength(x, grouping.codes, means, fit_intercept=self.fit_intercept)
        self.signal_variance_: float | None = found.signal_variance if found else None
        self.noise_variance_: float | None = found.noise_variance if found else None
        self.signal_to_noise_ratio_: float | None = found.signal_to_noise_ratio if found else None
        if found is None or found.signal_to_noise_ratio == 0.0:
            return 1.0
        if math.isinf(found.signal_to_noise_ratio):
            # Without noise only bias counts, which the bag-level loss has none of where it determines theta.
            return 0.0 if bags >= rank else LIMIT
        # The closed form wants integer bag sizes; between two of them the best weight is interpolated.
        size = max(samples / bags, 2.0)
        around = np.array([math.floor(size), math.ceil(size)])
        best = np.interp(size, around, optimal_weight(samples / rank, around, found.signal_to_noise_ratio))
        return max(float(best), SMALLEST_WEIGHT)
