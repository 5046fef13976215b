"""A scikit-learn classifier that learns a halfspace, tests the sample around it, and refuses to predict if the tests fail."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from theorylab.numerics.concentration import binomial_upper_bound
from theorylab.papers.tester_learner.estimators.adversary_search import search_adversary
from theorylab.papers.tester_learner.estimators.certificate import massart_certificate
from theorylab.papers.tester_learner.estimators.learner import LOSSES, check_rows, fit_surrogate, unit_vector
from theorylab.papers.tester_learner.estimators.marginal_tests import run_tests
from theorylab.papers.tester_learner.estimators.moment_test import conditional_moment_deviation
from theorylab.papers.tester_learner.estimators.report import NotAcceptedError, NotAcceptedWarning, TestReport, TestResult
from theorylab.papers.tester_learner.estimators.settings import default_ramp_width, smallest_ramp_width, width_grid
from theorylab.validation import choice, flag, real, whole_number

__all__ = ["MODES", "TesterLearner"]

MODES = ("tolerant", "calibrated", "certified")
NOISES = ("massart", "adversarial")


class _Settings(NamedTuple):
    """The parameters that a fit needs, checked."""

    noise_rate: float
    excess_error: float
    failure_probability: float
    widths: tuple[float, ...]


class _Candidate(NamedTuple):
    """One halfspace with its tests."""

    direction: np.ndarray
    errors: int
    report: TestReport
    width: float
    excess_bound: float


class TesterLearner(ClassifierMixin, BaseEstimator):
    """Halfspace sign<w, x> through the origin, learnt by descent on a ramp loss and tested around its boundary (arXiv:2302.14853).

    One half of the sample, drawn at random, learns w, the other half tests and scores, so that the null laws of the tests are exact. What is
    promised, if labels are noisy as `noise` says:

    ============  ==================================================================================================================================
    mode          after `fit`, with ``accepted_`` true
    ============  ==================================================================================================================================
    "certified"   A theorem: for every marginal, err(w) <= opt + excess_error, but for a probability of at most failure_probability. Under adversarial
                  noise: err(w) <= opt + excess_error unless opt > ``flipped_mass_``. It needs many samples.
    "calibrated"  Nothing around the boundary is visibly different from a Gaussian's at this sample size; a Gaussian sample is rejected with a
                  probability of at most failure_probability. No theorem: masses, second, fourth and signed first moments can all be
                  Gaussian around a w that is wrong.
    "tolerant"    The paper's form: masses and moments are Gaussian up to constant factors. That is sound up to constants for small widths;
                  for a given excess error it is not.
    ============  ==================================================================================================================================

    With `adversary_search` the last two also search for Massart noise that could hide a larger excess error. Along every direction that is tried, the
    answer is a theorem; in two dimensions all are tried, so that acceptance promises err(w) <= opt + excess_error for every marginal there. In more
    dimensions the search is local, and what it does not find is not excluded.

    Parameters
    ----------
    noise_rate
        eta in [0, 1/2): no label is flipped with a larger probability. Under adversarial noise it only sets the number of steps.
    ramp_width
        sigma > 0; None: `default_ramp_width`, or under adversarial noise all widths of `width_grid`.
    noise
        "massart" or "adversarial".
    mode
        "tolerant", "calibrated" or "certified".
    excess_error
        eps in (0, 1), how much worse than the best halfspace an accepted answer may be. The search and the certificate use it, and the default width.
    failure_probability
        delta in (0, 1).
    adversary_search
        Whether to search, see above; without effect under adversarial noise and in the certified mode.
    moment_degree
        Even k >= 2: also compare all moments of degree k in the band with a Gaussian's, up to `moment_tolerance` each; the cost grows like d^k.
    moment_tolerance
        tau > 0.
    start
        (d,), where the descent begins; None: the mean of y x.
    step, iterations, loss
        Of `fit_surrogate`.
    label_encoding
        "signs": labels are -1 and 1. "any": any two values, the larger one stands for 1.
    on_rejection
        "raise": `predict` raises `NotAcceptedError` after a rejection. "warn": it answers with a `NotAcceptedWarning`.
    random_state
        For the split and the search, as in scikit-learn.

    Attributes
    ----------
    accepted_
        Whether every test passed.
    report_
        `TestReport`: every test with statistic, limits, p-value and a sentence; ``print(report_)`` reads well.
    coef_, intercept_
        (1, d), w, and (1,), 0.
    ramp_width_
        The width used.
    error_bound_
        Upper confidence bound on err(w), from the half that did not learn.
    excess_bound_
        What the search or the certificate says of err(w) - opt; NaN if neither was asked.
    flipped_mass_
        Certified under adversarial noise: the largest opt of the guesses for which the certificate holds.
    classes_, n_features_in_, n_iter_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((20_000, 5))
    >>> y = np.where(X @ [3, 4, 0, 0, 0] >= 0, 1, -1) * np.where(rng.random(20_000) < 0.2, -1, 1)
    >>> learner = TesterLearner(noise_rate=0.2, random_state=0).fit(X, y)
    >>> learner.accepted_, np.round(learner.coef_[0, :2], 1)
    (True, array([0.6, 0.8]))
    >>> X[:, 0] = np.sign(X[:, 0])
    >>> TesterLearner(noise_rate=0.2, start=[1, 0, 0, 0, 0], random_state=0).fit(X, np.sign(X[:, 1])).accepted_
    False
    """

    # Not a class of tests, whatever pytest makes of the name.
    __test__ = False

    def __init__(
        self,
        noise_rate: float = 0.2,
        *,
        ramp_width: float | None = None,
        noise: str = "massart",
        mode: str = "tolerant",
        excess_error: float = 0.05,
        failure_probability: float = 0.05,
        adversary_search: bool = True,
        moment_degree: int | None = None,
        moment_tolerance: float = 0.5,
        start: ArrayLike | None = None,
        step: float | None = None,
        iterations: int | None = None,
        loss: str = "ramp",
        label_encoding: str = "signs",
        on_rejection: str = "raise",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.noise_rate = noise_rate
        self.ramp_width = ramp_width
        self.noise = noise
        self.mode = mode
        self.excess_error = excess_error
        self.failure_probability = failure_probability
        self.adversary_search = adversary_search
        self.moment_degree = moment_degree
        self.moment_tolerance = moment_tolerance
        self.start = start
        self.step = step
        self.iterations = iterations
        self.loss = loss
        self.label_encoding = label_encoding
        self.on_rejection = on_rejection
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Return the tags: two classes only."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> TesterLearner:
        """Learn and test; a sample that fails the tests is no error, see ``accepted_``.

        Parameters
        ----------
        X
            (n, d), n >= 4 and d >= 2; float32 is kept.
        y
            (n,), labels.

        Returns
        -------
        TesterLearner
            The fitted classifier.

        Raises
        ------
        ValueError
            If X is not finite, labels are not as `label_encoding` says or of one class, or a parameter is out of range.
        """
        x, given = validate_data(self, X, y, dtype=(np.float64, np.float32), ensure_min_samples=4)
        check_classification_targets(given)
        labels = self._signs(given)
        if x.shape[1] < 2:
            raise ValueError(f"X must have at least 2 features; got n_features={x.shape[1]}")
        check_rows(x, names=("X", "y"))
        settings = self._checked(x.shape)
        if self.start is not None:
            unit_vector("start", self.start, x.shape[1])
        state = _random_state(self.random_state)
        order = state.permutation(x.shape[0])
        half = x.shape[0] // 2
        halves = tuple((np.ascontiguousarray(x[rows]), labels[rows]) for rows in (order[:half], order[half:]))
        rng = np.random.default_rng(state.randint(2**31, size=4))
        # Every width has its share of the failure probability.
        level = settings.failure_probability / len(settings.widths)
        candidates = [self._candidate(halves, width, settings, level, rng) for width in settings.widths]
        best = min(candidates, key=lambda candidate: (not candidate.report.accepted, candidate.errors))
        self.coef_ = best.direction[None, :]
        self.intercept_ = np.zeros(1)
        self.report_, self.accepted_, self.ramp_width_ = best.report, best.report.accepted, best.width
        self.error_bound_ = float(binomial_upper_bound(best.errors, len(halves[1][1]), level / 2.0))
        self.excess_bound_ = best.excess_bound
        return self

    def _signs(self, given: np.ndarray) -> np.ndarray:
        encoding = choice("label_encoding", self.label_encoding, ("signs", "any"))
        self.classes_ = np.unique(given)
        shown = self.classes_[:5].tolist()
        if encoding == "signs" and (self.classes_.dtype.kind not in "iuf" or not np.all(np.isin(self.classes_, (-1, 1)))):
            raise ValueError(f'y must hold labels -1 and 1 only; got {shown}. For other labels pass label_encoding="any"')
        if self.classes_.size != 2:
            count = "1 class" if self.classes_.size == 1 else f"{self.classes_.size} classes"
            raise ValueError(f"y must hold 2 classes; got {count}, {shown}. Only binary classification is supported.")
        return np.where(given == self.classes_[1], 1.0, -1.0)

    def _checked(self, shape: tuple[int, ...]) -> _Settings:
        choice("noise", self.noise, NOISES)
        choice("mode", self.mode, MODES)
        choice("loss", self.loss, LOSSES)
        choice("on_rejection", self.on_rejection, ("raise", "warn"))
        eta = real("noise_rate", self.noise_rate, minimum=0.0, below=0.5)
        eps = real("excess_error", self.excess_error, above=0.0, below=1.0)
        delta = real("failure_probability", self.failure_probability, above=0.0, below=1.0)
        real("moment_tolerance", self.moment_tolerance, above=0.0)
        flag("adversary_search", self.adversary_search)
        if self.moment_degree is not None and whole_number("moment_degree", self.moment_degree, minimum=2, maximum=1000) % 2:
            raise ValueError(f"moment_degree must be an even number >= 2; got {self.moment_degree}")
        if self.ramp_width is not None:
            widths: tuple[float, ...] = (real("ramp_width", self.ramp_width, above=0.0),)
        elif self.noise == "massart":
            # Certificates want the narrowest band that the noise in the labels allows.
            scale = eps / 4.0 if self.mode == "certified" else eps
            widths = (default_ramp_width(shape[0], shape[1], eta, scale, failure_probability=delta),)
        else:
            widths = width_grid(smallest_ramp_width(shape[0], shape[1], eta, failure_probability=delta))
        return _Settings(eta, eps, delta, widths)

    def _candidate(
        self, halves: tuple[tuple[np.ndarray, np.ndarray], ...], width: float, settings: _Settings, level: float, rng: np.random.Generator
    ) -> _Candidate:
        (x, y), (fresh, fresh_labels) = halves
        options: Any = {"start": self.start, "step": self.step, "iterations": self.iterations, "loss": self.loss}
        fitted = fit_surrogate(x, y, ramp_width=width, noise_rate=settings.noise_rate, **options)
        self.n_iter_ = fitted.iterations
        w = fitted.direction
        errors = _errors(fresh, fresh_labels, w)
        # The ramp loss cannot tell w from -w; the labels can.
        opposite = _errors(fresh, fresh_labels, -w)
        if opposite < errors:
            w, errors = -w, opposite
        if self.mode == "certified":
            report, bound = self._certify(fresh, fresh_labels, w, errors, width, settings, level)
            return _Candidate(w, errors, report, width, bound)
        report = run_tests(fresh, w, ramp_width=width, mode=self.mode, failure_probability=level)
        results = list(report.results)
        if self.moment_degree is not None:
            results += [self._moments(fresh, w, width / part) for part in (6.0, 2.0)]
        bound = math.nan
        if self.adversary_search and self.noise == "massart":
            found = search_adversary(
                (x, y),
                (fresh, fresh_labels),
                w,
                ramp_width=width,
                noise_rate=settings.noise_rate,
                excess_error=settings.excess_error,
                failure_probability=level,
                rng=rng,
            )
            results.append(found)
            bound = found.statistic
        return _Candidate(w, errors, TestReport(all(result.passed for result in results), tuple(results), self.mode), width, bound)

    def _moments(self, fresh: np.ndarray, w: np.ndarray, half_width: float) -> TestResult:
        assert self.moment_degree is not None
        found = conditional_moment_deviation(fresh, w, half_width=half_width, degree=self.moment_degree)
        sentence = f"{found.moments} moments up to degree {found.degree} in band |<w,x>| <= {half_width:.3g}: off by up to {found.largest:.3g}"
        tolerance = float(self.moment_tolerance)
        return TestResult("conditional moments", found.largest, 0.0, tolerance, math.nan, found.largest <= tolerance, sentence)

    def _certify(
        self, fresh: np.ndarray, labels: np.ndarray, w: np.ndarray, errors: int, width: float, settings: _Settings, level: float
    ) -> tuple[TestReport, float]:
        """Certify w; a quarter of the level tells w from -w, the rest bounds angle and disagreement."""
        error_bound = float(binomial_upper_bound(errors, len(labels), level / 4.0))
        eta, guesses = (settings.noise_rate, (0.0,)) if self.noise == "massart" else (0.0, tuple(error_bound * 2.0**-k for k in range(1, 9)))
        bound = 1.0
        self.flipped_mass_ = 0.0
        for guess in guesses:
            certificate = massart_certificate(
                fresh, labels, w, ramp_width=width, noise_rate=eta, failure_probability=0.75 * level / len(guesses), flipped_mass=guess
            )
            bound = certificate.disagreement
            self.flipped_mass_ = guess
            if bound <= settings.excess_error:
                break
        said = f" if opt <= {self.flipped_mass_:.3g}" if self.noise == "adversarial" else ""
        results = (
            TestResult(
                "certificate",
                bound,
                0.0,
                settings.excess_error,
                math.nan,
                bound <= settings.excess_error,
                f"certified excess error{said}: {bound:.3g} (allowed: {settings.excess_error:.3g})",
            ),
            TestResult(
                "side",
                error_bound,
                0.0,
                0.5,
                math.nan,
                error_bound < 0.5 and max(eta, self.flipped_mass_) + bound < 0.5,
                f"the error is certainly below {error_bound:.3g}, so that w and not -w is meant if the certificate and the noise leave less than 1/2",
            ),
        )
        return TestReport(all(result.passed for result in results), results, "certified"), bound

    def decision_function(self, X: ArrayLike) -> np.ndarray:
        """Return <w, x> for each sample, (n,), positive or 0 for ``classes_[1]``; it raises or warns after a rejection as `predict` does."""
        check_is_fitted(self)
        if not self.accepted_:
            reason = f"the tests rejected the sample: {'; '.join(self.report_.reasons[:3])}"
            if self.on_rejection == "raise":
                raise NotAcceptedError(reason)
            warnings.warn(reason, NotAcceptedWarning, stacklevel=2)
        x = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return np.asarray(x @ self.coef_[0])

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the label of each sample, (n,).

        Raises
        ------
        NotAcceptedError
            If the tests rejected the sample, unless ``on_rejection="warn"``.
        """
        check_is_fitted(self)
        positive = self.decision_function(X) >= 0.0
        return np.asarray(self.classes_[positive.astype(int)])


def _random_state(random_state: Any) -> np.random.RandomState:
    if isinstance(random_state, float | np.floating):
        random_state = whole_number("random_state", random_state, minimum=0)
    try:
        return check_random_state(random_state)
    except ValueError:
        raise ValueError(f"random_state must be None, an integer in [0, 2^32) or a RandomState; got {random_state!r:.80}") from None


def _errors(features: np.ndarray, labels: np.ndarray, direction: np.ndarray) -> int:
    margins = features @ direction.astype(features.dtype)
    return int(np.count_nonzero((margins >= 0.0) != (labels > 0.0)))
