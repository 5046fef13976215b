r"""The bag-level and the instance-level loss, and what lies between them.

For a loss l(y, f), bags B_a of k_a samples with average label ybar_a, predictions f_i and their bag averages fbar_a,

    L_bag = (1/n) sum_a k_a l(ybar_a, fbar_a),
    L_ins = (1/n) sum_a sum_{i in B_a} l(ybar_a, f_i),
    R     = (1/n) sum_a sum_{i in B_a} (f_i - fbar_a)^2.

With bags of one size k the weights k_a/n are 1/m. For the squared loss L_ins = L_bag + R: in each bag the squares around ybar_a split at the bag's
own mean. In general, Taylor's formula for l(ybar_a, .) at fbar_a, whose linear term sums to zero in each bag, gives (mu/2) R <= L_ins - L_bag <=
(Lambda/2) R whenever mu <= d^2 l/df^2 <= Lambda.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.aggregate_responses.closed_form._size_arguments import checked_weight
from theorylab.papers.aggregate_responses.closed_form.bags import average_over_bags, bag_codes, means_by_code
from theorylab.validation import array_of_shape, choice, real

__all__ = ["bag_level_loss", "convex_loss_gap_bounds", "instance_level_loss", "interpolating_loss", "within_bag_variance"]

Loss = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _squared(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return (target - prediction) ** 2


def _logistic(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, prediction) - target * prediction


def _poisson(target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    return np.exp(prediction) - target * prediction


_LOSSES: dict[str, Loss] = {"logistic": _logistic, "poisson": _poisson, "squared": _squared}


def instance_level_loss(
    predictions: ArrayLike, bag_means: ArrayLike | Mapping[Any, float], bag_labels: ArrayLike, *, loss: str | Loss = "squared"
) -> float:
    r"""Return the instance-level loss: every prediction against the average label of its bag.

    Formula: ``(1/n) sum_a sum_{i in B_a} l(ybar_a, f_i)``.

    Parameters
    ----------
    predictions
        f (n,).
    bag_means
        ybar (m,) in the order of the sorted distinct bag labels, or a mapping from label to mean.
    bag_labels
        (n,), the bag of each sample, of any sortable kind; bags may differ in size.
    loss
        ``"squared"`` (y - f)^2, ``"logistic"`` log(1 + e^f) - y f, ``"poisson"`` e^f - y f, or a vectorised function l(y, f).

    Returns
    -------
    float
        The loss.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, or bags and means do not match.

    Notes
    -----
    arXiv:2401.11081, definition of the instance-level loss.
    """
    f = array_of_shape("predictions", predictions, ("n",))
    codes, _, means = _matching(f, bag_means, bag_labels)
    return _mean(_values(loss, means[codes], f))


def bag_level_loss(
    predictions: ArrayLike, bag_means: ArrayLike | Mapping[Any, float], bag_labels: ArrayLike, *, loss: str | Loss = "squared"
) -> float:
    r"""Return the bag-level loss: the average prediction of every bag against its average label, bags weighted by their sizes.

    Formula: ``(1/n) sum_a k_a l(ybar_a, fbar_a)``.

    Parameters
    ----------
    predictions, bag_means, bag_labels, loss
        As in `instance_level_loss`.

    Returns
    -------
    float
        The loss.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, or bags and means do not match.

    Notes
    -----
    arXiv:2401.11081, definition of the bag-level loss; for bags of different sizes the weights k_a/n keep `instance_level_loss` = this +
    `within_bag_variance` for the squared loss.
    """
    f = array_of_shape("predictions", predictions, ("n",))
    codes, sizes, means = _matching(f, bag_means, bag_labels)
    return _mean(_values(loss, means, average_over_bags(f, codes, sizes)), sizes)


def interpolating_loss(
    predictions: ArrayLike,
    bag_means: ArrayLike | Mapping[Any, float],
    bag_labels: ArrayLike,
    weight: float,
    *,
    loss: str | Loss = "squared",
    largest_weight: float = 1.0,
) -> float:
    r"""Return the loss between the two: bag level at weight 0, instance level at weight 1.

    Formula: ``(1 - rho) L_bag + rho L_ins``; for the squared loss it is ``L_bag + rho R``.

    Parameters
    ----------
    predictions, bag_means, bag_labels, loss
        As in `instance_level_loss`.
    weight
        rho in [0, largest_weight].
    largest_weight
        Upper end of the range of rho.

    Returns
    -------
    float
        The loss.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, bags and means do not match, or the weight is out of range.

    Notes
    -----
    arXiv:2401.11081, the interpolating estimator's objective.
    """
    rho = float(checked_weight(real("weight", weight), largest_weight))
    bag = bag_level_loss(predictions, bag_means, bag_labels, loss=loss)
    return (1.0 - rho) * bag + rho * instance_level_loss(predictions, bag_means, bag_labels, loss=loss)


def within_bag_variance(predictions: ArrayLike, bag_labels: ArrayLike) -> float:
    r"""Return the spread of the predictions within bags, the regulariser that turns the bag-level into the instance-level squared loss.

    Formula: ``R = (1/n) sum_a sum_{i in B_a} (f_i - fbar_a)^2``; with bags of one size k, ``(1/(2 m k^2)) sum_a sum_{i,j in B_a} (f_i - f_j)^2`` over
    ordered pairs.

    Parameters
    ----------
    predictions
        f (n,).
    bag_labels
        (n,), the bag of each sample.

    Returns
    -------
    float
        R >= 0; 0 if every sample is its own bag.

    Raises
    ------
    ValueError
        If shapes disagree, or an entry is NaN or infinite.

    Notes
    -----
    arXiv:2401.11081, lemma on the decomposition of the instance-level loss; the constant derived here (module's docstring).
    """
    f = array_of_shape("predictions", predictions, ("n",))
    codes, sizes = _codes_for(f, bag_labels)
    return _mean((f - average_over_bags(f, codes, sizes)[codes]) ** 2)


def convex_loss_gap_bounds(predictions: ArrayLike, bag_labels: ArrayLike, curvature_lower: float, curvature_upper: float) -> tuple[float, float]:
    r"""Return lower and upper bound of L_ins - L_bag for a loss whose second derivative in the prediction is bounded.

    Formula: ``(mu/2) R <= L_ins - L_bag <= (Lambda/2) R``. Squared loss: mu = Lambda = 2; logistic: mu = 0, Lambda = 1/4; mu = 0
    for every convex loss.

    Parameters
    ----------
    predictions
        f (n,).
    bag_labels
        (n,), the bag of each sample.
    curvature_lower
        mu, a lower bound of d^2 l(y, f)/df^2; negative for a loss that is not convex.
    curvature_upper
        Lambda >= mu.

    Returns
    -------
    tuple
        (low, high).

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, or Lambda < mu.

    Notes
    -----
    Upper bound: arXiv:2401.11081 (losses with a bounded second derivative); both sides derived here (module's docstring). Both are attained in the
    limit of small spread, where (L_ins - L_bag)/R -> l''/2.
    """
    lower = real("curvature_lower", curvature_lower)
    upper = real("curvature_upper", curvature_upper, minimum=lower)
    spread = within_bag_variance(predictions, bag_labels)
    return 0.5 * lower * spread, 0.5 * upper * spread


def _matching(
    predictions: np.ndarray, bag_means: ArrayLike | Mapping[Any, float], bag_labels: ArrayLike
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    _codes_for(predictions, bag_labels)
    return means_by_code(bag_means, bag_labels)


def _codes_for(predictions: np.ndarray, bag_labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    codes, sizes = bag_codes(bag_labels)
    if codes.shape != predictions.shape:
        raise ValueError(f"bag_labels must have shape {predictions.shape}, one label for each prediction; got shape {codes.shape}")
    return codes, sizes


def _values(loss: str | Loss, targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    function = loss if callable(loss) else _LOSSES[choice("loss", loss, tuple(_LOSSES))]
    values = np.asarray(function(targets, predictions), dtype=np.float64)
    if values.shape != targets.shape or not np.all(np.isfinite(values)):
        raise ValueError(f"loss must return finite values of shape {targets.shape}; got shape {values.shape} or values that are NaN or infinite")
    return values


def _mean(values: np.ndarray, weights: np.ndarray | None = None) -> float:
    return float(np.average(values, weights=weights))
