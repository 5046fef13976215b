"""Bag averages of labels, released with label differential privacy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from theorylab.papers.aggregate_responses.closed_form import (
    gaussian_mechanism_delta,
    gaussian_standard_deviation,
    label_sensitivity,
    laplace_scale,
    privacy_loss,
)
from theorylab.papers.aggregate_responses.estimators.grouping import group_bags
from theorylab.validation import array_of_shape, choice, reals, whole_number

__all__ = ["PrivacyGuarantee", "PrivateAggregator"]


class PrivacyGuarantee(NamedTuple):
    """The pair (epsilon, delta) of a release: P(event) <= e^epsilon P'(event) + delta for labels that differ in one entry."""

    epsilon: float
    delta: float


def checked_generator(random_state: int | np.random.Generator | None) -> np.random.Generator:
    """Return the generator that a ``random_state`` stands for.

    Raises
    ------
    ValueError
        If it stands for none.
    """
    if isinstance(random_state, float | np.floating):
        random_state = whole_number("random_state", random_state, minimum=0)
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(f"random_state must be None, an integer >= 0 or a numpy Generator; got {random_state!r:.80}") from None


class _Membership(NamedTuple):
    """Which of the m bags each sample is in, (n, t); the sizes of the bags, (m,); the sorted bag labels, (m,)."""

    codes: np.ndarray
    sizes: np.ndarray
    labels: np.ndarray


class PrivateAggregator(BaseEstimator):
    """Release the mean label of each bag with label differential privacy: clip to [-T, T], average, add noise (arXiv:2401.11081).

    One label moves the mean of a bag of k samples by at most 2T/k, and this is attained. Noise is calibrated bag by bag, to each bag's own
    size, and that loses nothing: a label is in no more than t = ``overlap`` bags, and each of them costs it at most epsilon / t (Laplace), or
    moves by at most D / sqrt(t) standard deviations, D being what (epsilon, delta) allows (Gaussian). So a release is

    * (epsilon, 0)-label-private with Laplace noise of scale 2 T t / (k_a epsilon) on bag a;
    * (epsilon, delta)-label-private with Gaussian noise on bag a of the standard deviation that a sensitivity of sqrt(t) 2 T / k_a needs.

    Both are attained, so no smaller noise will do, by a label in exactly t bags. Calibrating all bags to the smallest one would give the same
    guarantee and more noise. Features, and who is in which bag, are taken as public, and bag sizes can be read off the noise scales.

    The guarantee is for one release: epsilons and deltas of several releases of the same labels add up. It is that of real numbers: floating
    point noise leaves traces in the last bits of what is released (Mironov, 2012), so round the releases before publishing them.

    Parameters
    ----------
    epsilon
        Privacy budget, > 0.
    clip
        T > 0: labels are clipped to [-T, T].
    mechanism
        "laplace" or "gaussian".
    delta
        In (0, 1) for "gaussian"; None for "laplace".
    overlap
        t >= 1: the largest number of bags that one sample may be in.
    random_state
        None for fresh noise at every release; an integer seed or a `numpy.random.Generator` for experiments. A fixed seed is no privacy:
        whoever knows it subtracts the noise, and two releases with one seed share theirs.

    Examples
    --------
    >>> aggregator = PrivateAggregator(epsilon=1.0, clip=2.0, random_state=0)
    >>> aggregator.aggregate([0.5, 1.5, -0.5, 3.0], ["a", "a", "b", "b"]).shape
    (2,)
    >>> aggregator.noise_scales(["a", "a", "b", "b"])
    array([2., 2.])
    """

    def __init__(
        self,
        epsilon: float,
        clip: float,
        mechanism: str = "laplace",
        delta: float | None = None,
        overlap: int = 1,
        random_state: int | np.random.Generator | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.clip = clip
        self.mechanism = mechanism
        self.delta = delta
        self.overlap = overlap
        self.random_state = random_state

    def aggregate(self, labels: ArrayLike, bags: ArrayLike) -> np.ndarray:
        """Return the noisy mean of the clipped labels of each bag, (m,), in the order of the sorted distinct bag labels.

        Parameters
        ----------
        labels
            Label of each sample, shape (n,).
        bags
            Bag label of each sample, shape (n,), or, if samples are in several bags, shape (n, t'), t' <= ``overlap``: the bags of a sample
            in its row. A bag label names the same bag in every column, and may stand in a row once only.

        Raises
        ------
        ValueError
            If an argument or parameter does not fit, or samples are in more bags than ``overlap`` allows.
        """
        released: np.ndarray = self.sample_releases(labels, bags, 1)[0]
        return released

    def sample_releases(self, labels: ArrayLike, bags: ArrayLike, releases: int) -> np.ndarray:
        """Return many independent releases, shape (releases, m), each as `aggregate` makes it: for audits and experiments only.

        Parameters
        ----------
        labels, bags
            As in `aggregate`.
        releases
            How many, >= 1. Publishing them all costs as many times epsilon.
        """
        membership, count = self._membership(bags), whole_number("releases", releases)
        scales = self._scales(membership)
        y = array_of_shape("labels", labels, (len(membership.codes),))
        sums = np.zeros(membership.sizes.size)
        np.add.at(sums, membership.codes, np.clip(y, -self.clip, self.clip)[:, None])
        rng = checked_generator(self.random_state)
        draw = rng.laplace if self.mechanism == "laplace" else rng.normal
        return sums / membership.sizes + draw(0.0, scales, (count, scales.size))

    def noise_scales(self, bags: ArrayLike) -> np.ndarray:
        """Return the Laplace scale, or the Gaussian standard deviation, of the noise on each bag, (m,), in the order of the sorted labels."""
        return self._scales(self._membership(bags))

    def privacy_loss(self, bags: ArrayLike, noise_scales: ArrayLike | None = None) -> PrivacyGuarantee:
        """Return exactly what a release of these bags guarantees, over all labels and all changes of one of them.

        For the Laplace mechanism epsilon is the largest log likelihood ratio of one release under two sets of labels that differ in one
        entry, max_i sum_{a with i} 2 T / (k_a b_a), attained where the release lies outside both means, and delta is 0. For the Gaussian
        mechanism delta is the exact delta at ``self.epsilon`` of the largest shift, D = max_i sqrt(sum_{a with i} (2 T / (k_a s_a))^2)
        standard deviations: Phi(D/2 - epsilon/D) - e^epsilon Phi(-D/2 - epsilon/D).

        Parameters
        ----------
        bags
            As in `aggregate`.
        noise_scales
            Scales b_a or standard deviations s_a, (m,), of some other calibration to be judged; its own if left out.
        """
        membership = self._membership(bags)
        scales = self._scales(membership) if noise_scales is None else array_of_shape("noise_scales", noise_scales, membership.sizes.shape)
        reals("noise_scales", scales, above=0.0)
        if self.mechanism == "laplace":
            spent = np.asarray(privacy_loss(self.clip, membership.sizes, scales))
            return PrivacyGuarantee(float(spent[membership.codes].sum(axis=1).max()), 0.0)
        shifts = label_sensitivity(self.clip, membership.sizes) / scales
        largest = float(np.sqrt((shifts[membership.codes] ** 2).sum(axis=1).max()))
        return PrivacyGuarantee(float(self.epsilon), float(gaussian_mechanism_delta(largest, 1.0, self.epsilon)))

    def _check_parameters(self) -> None:
        choice("mechanism", self.mechanism, ("laplace", "gaussian"))
        for name in ("epsilon", "clip"):
            self._check_number(name)
        whole_number("overlap", self.overlap)
        if self.mechanism == "gaussian":
            if self.delta is None:
                raise ValueError("delta must be > 0 and < 1 for the gaussian mechanism; got None")
            self._check_number("delta", below=1.0)
        elif self.delta is not None:
            raise ValueError(f"delta must be None for the laplace mechanism, which needs none; got {self.delta!r}")

    def _check_number(self, name: str, below: float | None = None) -> None:
        value = getattr(self, name)
        # An array of budgets would be broadcast against the bags.
        if np.ndim(value) != 0:
            raise ValueError(f"{name} must be one number; got {value!r}")
        reals(name, value, above=0.0, below=below)

    def _membership(self, bags: ArrayLike) -> _Membership:
        self._check_parameters()
        given = np.asarray(bags)
        table = given[:, None] if given.ndim == 1 else given
        if table.ndim != 2 or table.size == 0:
            raise ValueError(f"bags must have shape (n,) or (n, t) with n, t >= 1; got shape {given.shape}")
        if table.shape[1] > self.overlap:
            raise ValueError(f"bags must hold at most overlap = {self.overlap} bags of each sample; got {table.shape[1]}")
        grouping = group_bags(table.ravel(), table.size)
        codes = grouping.codes.reshape(table.shape)
        if np.any(np.diff(np.sort(codes, axis=1), axis=1) == 0):
            raise ValueError("bags must name a bag at most once for each sample; got a row that repeats one")
        return _Membership(codes, grouping.sizes, grouping.labels)

    def _scales(self, membership: _Membership) -> np.ndarray:
        if self.mechanism == "laplace":
            return np.asarray(laplace_scale(self.clip, membership.sizes, self.epsilon, self.overlap))
        sensitivities = label_sensitivity(self.clip, membership.sizes, self.overlap, norm="l2")
        # The mechanism knows only the ratio of sensitivity and standard deviation.
        unit = gaussian_standard_deviation(1.0, self.epsilon, float(self.delta or 0.0))
        return np.asarray(sensitivities * unit)
