"""A scikit-learn classifier: two classes, few labels, many unlabelled samples that may come from elsewhere."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from theorylab.papers.unlabeled_ood_gmm.estimators.functional import fit_rss
from theorylab.validation import choice, covariance, real

__all__ = ["RobustSelfTrainingClassifier"]

CENTRES = ("midpoint", "all", "none")
NORMS = ("l2", "linf")


class RobustSelfTrainingClassifier(ClassifierMixin, BaseEstimator):
    """Linear classifier trained on labelled samples and, by its own labels, on unlabelled ones (arXiv:2310.00027).

    A sample with margin t = y <w, x>/|w| is charged the ramp max(0, 1 - gamma t), at most 1: the worst that an adversary who pays gamma per unit of
    transport can do. An unlabelled sample has the label that the rule gives it, so it is charged for lying near the boundary. The sum of both
    averages is minimised over the direction w, see `fit_rss`.

    Parameters
    ----------
    unlabeled_weight
        kappa >= 0, the weight of the unlabelled average (the paper's lambda gamma'/gamma; its lambda where `radius` is given). 0 ignores the
        unlabelled samples. Do not choose it by the test set.
    slope, unlabeled_slope
        gamma and gamma' > 0, or None for the limit of small slopes: fast, and the most efficient for Gaussian classes.
    radius
        Instead of `slope`: Wasserstein radius >= 0 of the labelled term; needs an `unlabeled_slope`.
    center
        Where the boundary passes: "midpoint" of the means of the two labelled classes, the mean of "all" samples (for classes of equal size), or
        "none", the origin, as in the paper.
    transport_covariance
        (d, d), symmetric positive definite: the price of transport is the length of Sigma^(-1/2)(z - x). None for Euclidean length, which prefers
        directions of large variance whether or not they tell the classes apart.
    solver
        "ascent" (monotone) or "gradient" (plain steps, for comparison).
    max_iter
        Limit of the steps, >= 1.

    Attributes
    ----------
    classes_
        The two labels, sorted.
    coef_, intercept_
        (1, d), of length 1 in the geometry of the transport, and (1,).
    objective_
        What was maximised, see `fit_rss`; with `radius` minus the loss.
    n_iter_, n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 0.2], [-1.0, 0.1], [1.2, 4.0], [0.9, -4.0], [-1.1, 4.0], [-0.8, -4.0]])
    >>> y = [1, 0, -1, -1, -1, -1]
    >>> RobustSelfTrainingClassifier(transport_covariance=np.diag([0.01, 16.0])).fit(X, y).predict(X)
    array([1, 0, 1, 1, 0, 0])
    """

    def __init__(
        self,
        unlabeled_weight: float = 20.0,
        *,
        slope: float | None = None,
        unlabeled_slope: float | None = None,
        radius: float | None = None,
        center: str = "midpoint",
        transport_covariance: ArrayLike | None = None,
        solver: str = "ascent",
        max_iter: int = 500,
    ) -> None:
        self.unlabeled_weight = unlabeled_weight
        self.slope = slope
        self.unlabeled_slope = unlabeled_slope
        self.radius = radius
        self.center = center
        self.transport_covariance = transport_covariance
        self.solver = solver
        self.max_iter = max_iter

    def __sklearn_tags__(self) -> Tags:
        """Return the tags: two classes only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, X_unlabeled: ArrayLike | None = None) -> RobustSelfTrainingClassifier:
        """Fit the direction.

        Parameters
        ----------
        X
            Samples, (m, d).
        y
            Labels, (m,). Without ``X_unlabeled`` a label -1 means "unlabelled", as elsewhere in scikit-learn, and the classes are the other values.
        X_unlabeled
            Unlabelled samples, (n, d), n >= 0. With them every entry of y is a label, -1 too.

        Returns
        -------
        RobustSelfTrainingClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If there is no labelled sample, a single class or more than two, unlabelled samples of another dimension, a missing or infinite value,
            or a parameter out of range.
        """
        x, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        if X_unlabeled is None:
            marked = np.zeros(len(labels), dtype=bool) if labels.dtype.kind not in "iuf" else labels == -1
            x, labels, unlabeled = x[~marked], labels[~marked], x[marked]
        else:
            unlabeled = check_array(X_unlabeled, dtype=np.float64, ensure_min_samples=0, input_name="X_unlabeled")
            if unlabeled.shape[1] != x.shape[1]:
                raise ValueError(f"X_unlabeled must have {x.shape[1]} features, as X has; got {unlabeled.shape[1]}")
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self._check_classes(X_unlabeled is None, len(labels), len(unlabeled))
        signs = 2.0 * codes - 1.0
        centre = self._centre(x, codes, unlabeled)
        root = self._root(x.shape[1])
        whitened = [points - centre if root is None else np.linalg.solve(root, (points - centre).T).T for points in (x, unlabeled)]
        found = fit_rss(
            whitened[0],
            signs,
            whitened[1],
            self.unlabeled_weight,
            self.slope,
            self.unlabeled_slope,
            radius=self.radius,
            solver=self.solver,
            max_iter=self.max_iter,
        )
        if not found.converged:
            warnings.warn(f"the ascent did not end within {self.max_iter} steps; raise max_iter", ConvergenceWarning, stacklevel=2)
        self.coef_ = found.directions if root is None else np.linalg.solve(root.T, found.directions.T).T
        self.intercept_ = -self.coef_ @ centre
        self.objective_ = float(found.value[0])
        self.n_iter_ = found.iterations
        return self

    def _check_classes(self, marked: bool, labeled: int, unlabeled: int) -> None:
        if labeled == 0:
            raise ValueError(
                f"y must hold labelled samples; got {unlabeled} samples, all marked -1 as unlabelled: which side is which cannot be told"
            )
        if self.classes_.size == 2:
            return
        hint = ""
        if marked and self.classes_.size == 1 and unlabeled:
            hint = ". Without X_unlabeled a label -1 means unlabelled: for classes -1 and 1 pass the unlabelled samples (or none) as X_unlabeled"
        count = "1 class" if self.classes_.size == 1 else f"{self.classes_.size} classes"
        raise ValueError(f"y must hold 2 classes; got {count}, {self.classes_[:5].tolist()}{hint}. Only binary classification is supported.")

    def _centre(self, x: np.ndarray, codes: np.ndarray, unlabeled: np.ndarray) -> np.ndarray:
        kind = choice("center", self.center, CENTRES)
        if kind == "none":
            return np.zeros(x.shape[1])
        if kind == "all":
            return np.asarray(np.concatenate([x, unlabeled]).mean(axis=0))
        return np.asarray(0.5 * (x[codes == 0].mean(axis=0) + x[codes == 1].mean(axis=0)))

    def _root(self, dimension: int) -> np.ndarray | None:
        """Return the Cholesky factor of the covariance in whose norm samples are moved; None where it is the identity, which whitens nothing."""
        if self.transport_covariance is None:
            return None
        return np.linalg.cholesky(covariance("transport_covariance", self.transport_covariance, dimension=dimension))

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Return the signed margin of each sample, (n,), positive for ``classes_[1]``."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(x @ self.coef_[0] + self.intercept_[0])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the label of each sample, (n,)."""
        scores = self.decision_function(X)
        return np.asarray(self.classes_[(scores > 0.0).astype(int)])

    def robust_score(self, X: ArrayLike, y: ArrayLike, *, radius: float, norm: str = "l2") -> float:
        """Return the accuracy when an attacker may move every sample, exactly: a linear rule has its worst move in closed form.

        Parameters
        ----------
        X, y
            Samples, (n, d), and their labels.
        radius
            Length of a move, >= 0.
        norm
            "l2" or "linf", in which lengths of moves are measured.

        Returns
        -------
        float
            The share of samples that stay on their side whatever the move.

        Raises
        ------
        ValueError
            If the radius is negative, the norm unknown, or there are not as many labels as samples.
        """
        reach = real("radius", radius, minimum=0.0)
        order = 2 if choice("norm", norm, NORMS) == "l2" else 1
        scores = self.decision_function(X)
        labels: Any = np.asarray(y)
        if labels.shape != scores.shape:
            raise ValueError(f"y must have shape {scores.shape}, one label for each sample; got shape {labels.shape}")
        # A score of 0 is answered with the first class.
        right = np.where(labels == self.classes_[1], scores - reach * np.linalg.norm(self.coef_[0], ord=order) > 0.0, False)
        left = np.where(labels == self.classes_[0], scores + reach * np.linalg.norm(self.coef_[0], ord=order) <= 0.0, False)
        return float(np.mean(right | left))
