"""A scikit-learn classifier: Gaussian naive Bayes with variances that the classes share, so a linear rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from theorylab.validation import array_of_shape

__all__ = ["PooledNaiveBayes"]


class PooledNaiveBayes(ClassifierMixin, BaseEstimator):
    """Gaussian naive Bayes with one variance per feature for all classes, the generative partner of logistic regression (arXiv:2302.02334).

    With m_k of m samples in class k, class means mean_k and

        s_i^2 = (1/m) sum_k sum_{y = k} (x_i - mean_ki)^2,

    a sample is given to the class of the largest log(m_k / m) - (1/2) sum_i (x_i - mean_ki)^2 / s_i^2. Since the squares x_i^2 / s_i^2 are the same
    for all classes, the rule is linear, of the form that logistic regression fits. ``sklearn.naive_bayes.GaussianNB`` has variances of each class
    instead, so a quadratic rule, and twice (K times) as many variances to estimate.

    Parameters
    ----------
    priors
        Class probabilities, (K,), positive with sum 1, in the order of the sorted labels; None for the frequencies m_k / m.

    Attributes
    ----------
    classes_
        Sorted labels, (K,).
    class_count_
        m_k, (K,).
    class_prior_
        The class probabilities used, (K,).
    theta_
        Class means, (K, d).
    var_
        s^2, (d,).
    coef_, intercept_
        Of the linear rule: (1, d) and (1,) for two classes, the log-odds of the second against the first; (K, d) and (K,) for more, scores up to
        a term that all classes share: ``coef_[k] = (theta_[k] - mean) / var_`` with the mean of all samples.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [2.0, 0.0], [5.0, 1.0], [7.0, 2.0]])
    >>> model = PooledNaiveBayes().fit(X, ["low", "low", "high", "high"])
    >>> model.var_
    array([1.  , 0.25])
    >>> model.predict([[3.0, 0.5]])
    array(['low'], dtype='<U4')
    """

    def __init__(self, priors: ArrayLike | None = None) -> None:
        self.priors = priors

    def fit(self, X: ArrayLike, y: ArrayLike) -> PooledNaiveBayes:
        """Fit by maximum likelihood.

        Parameters
        ----------
        X
            Features, (m, d).
        y
            Labels, (m,), at least two different ones.

        Returns
        -------
        PooledNaiveBayes
            The fitted classifier.

        Raises
        ------
        ValueError
            If there is a single class, a feature that does not vary within any class (the message names it), a missing or infinite value, or
            priors that are no probabilities.
        """
        x, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        classes = self.classes_.size
        if classes < 2:
            raise ValueError(f"y must hold at least 2 classes; got 1 class, {self.classes_.tolist()[0]!r}")
        self.class_count_ = np.bincount(codes).astype(np.float64)
        self.class_prior_ = self._checked_priors(classes)
        # Around the mean of all samples: what is far from zero would lose its digits in squares.
        self._centre = x.mean(axis=0)
        centred = x - self._centre
        members = codes == np.arange(classes)[:, None]
        means = members @ centred / self.class_count_[:, None]
        with np.errstate(over="ignore"):
            self.var_ = np.mean((centred - means[codes]) ** 2, axis=0)
        self._refuse_useless_variances(x, codes)
        self.theta_ = means + self._centre
        slopes = means / self.var_
        levels = np.log(self.class_prior_) - 0.5 * (slopes * means).sum(axis=1)
        if classes == 2:
            slopes, levels = slopes[1:] - slopes[:1], levels[1:] - levels[:1]
        self.coef_, self._level = slopes, levels
        self.intercept_ = levels - slopes @ self._centre
        return self

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Return the log-odds of the second class against the first, (n,), or for more classes their scores, (n, K)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        scores: np.ndarray = (x - self._centre) @ self.coef_.T + self._level
        return scores[:, 0] if self.classes_.size == 2 else scores

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the label of each sample, (n,)."""
        scores = self.decision_function(X)
        labels: np.ndarray = self.classes_[(scores > 0.0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)]
        return labels

    def predict_log_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the logarithms of `predict_proba`, (n, K)."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros_like(scores), scores])
        logarithms: np.ndarray = log_softmax(scores, axis=1)
        return logarithms

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the class probabilities of each sample, (n, K), as the model has them: too certain where features depend on each other."""
        return np.exp(self.predict_log_proba(X))

    def _checked_priors(self, classes: int) -> np.ndarray:
        if self.priors is None:
            shares: np.ndarray = self.class_count_ / self.class_count_.sum()
            return shares
        priors = array_of_shape("priors", self.priors, (classes,))
        if np.any(priors <= 0.0) or abs(priors.sum() - 1.0) > 1e-8:
            raise ValueError(f"priors must be positive with sum 1; got {priors.tolist()}")
        return priors

    def _refuse_useless_variances(self, x: np.ndarray, codes: np.ndarray) -> None:
        # Compared with a sample of the own class, since rounding can leave a constant a variance that is not quite zero.
        first = np.unique(codes, return_index=True)[1]
        constant = np.all(x == x[first[codes]], axis=0) | (self.var_ <= 0.0)
        if np.any(constant):
            raise ValueError(
                f"X must vary within the classes in every feature; {self._name(constant)} is constant within each of them, so its variance is 0 "
                f"(in all {int(constant.sum())} such features of {x.shape[1]}, {len(x)} samples)"
            )
        if not np.all(np.isfinite(self.var_)):
            raise ValueError(
                f"X must have finite variances; {self._name(~np.isfinite(self.var_))} has a variance that is too large for floating point"
            )

    def _name(self, which: np.ndarray) -> str:
        number, names = int(np.argmax(which)), getattr(self, "feature_names_in_", None)
        return f"feature {number}" if names is None else f"feature {names[number]!r}"
