"""The sweep of arXiv:2406.15941 over the dimension of the inputs, and over target errors on real data under several kernels."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from sklearn.datasets import load_diabetes, load_digits

from theorylab.laboratory import Laboratory
from theorylab.numerics.gaussian_process import stationary_kernel
from theorylab.papers.inductive_bias import monte_carlo
from theorylab.papers.inductive_bias.closed_form import required_inductive_bias
from theorylab.papers.inductive_bias.estimators import kernel_test_error
from theorylab.rows import Rows, known, powers_of_two, sample_mean

__all__ = ["dimension"]

KERNELS = ("laplace", "matern_5/2", "rbf", "polynomial", "linear")
NUGGET = 0.1


def dimension(lab: Laboratory) -> Rows:
    """Fit the law of the paper to sampled test errors for inputs of many dimensions; compute the bias of digits and diabetes for several kernels."""
    rows: Rows = []
    setting = {"train": 32, "test": 64, "target_error": 0.05, "hypotheses": lab.at_scale(5000, 20_000)}
    for inputs in powers_of_two(0, 8):
        run = lab.run(monte_carlo.sample_gamma_fit, dimension=inputs, **setting)
        rows.append(sample_mean(run.few(lab.at_scale(6, 40)), panel="dimension", dimension=inputs, **setting))
    for data, train, test in (("digits", *lab.at_scale((200, 200), (1000, 300))), ("diabetes", 200, 200)):
        rows += _kernels(data, train, test, lab.at_scale(9, 25))
    return rows


def _examples(data: str, train: int, test: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets in a fixed random order, inputs scaled by their training deviations; digits as indicators of the ten classes."""
    x, y = (load_digits if data == "digits" else load_diabetes)(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))[: train + test]
    x, y = x[order], y[order]
    deviation = x[:train].std(axis=0)
    x = (x - x[:train].mean(axis=0)) / np.where(deviation > 0.0, deviation, 1.0)
    return x, np.eye(10)[y] if data == "digits" else ((y - y[:train].mean()) / y[:train].std())[:, None]


def _kernels(data: str, train: int, test: int, count: int) -> Rows:
    x, y = _examples(data, train, test)
    rows: Rows = []
    least, most = (0.004, 0.15) if data == "digits" else (0.06, 0.9)
    for kind in KERNELS:
        # The two that are not stationary scale by the root of d themselves.
        scale = 1.0 if kind in ("linear", "polynomial") else math.sqrt(x.shape[1])
        kernel = partial(stationary_kernel, kind=kind, length_scale=scale)
        law = kernel_test_error(kernel, x[:train], y[:train], x[train:], y[train:], nugget=NUGGET)
        wall = float(law.offset)
        targets = np.geomspace(least, most, count)
        if wall > 0.0:
            targets = np.unique([*targets, *(wall * np.array([1.01, 1.03, 1.08]))])
        setting = {"data": data, "kernel": kind, "train": train, "test": test, "outputs": y.shape[1], "nugget": NUGGET, "wall": wall}
        nats = required_inductive_bias(law, targets)
        rows += [
            known(float(value), panel="data", target_error=float(eps), **setting)
            for eps, value in zip(targets, nats, strict=True)
            if value < math.inf
        ]
    return rows
