"""The sweep of arXiv:2406.15941 over model classes: the test errors of learners, which the drawing turns into nats."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor

from theorylab.laboratory import Laboratory
from theorylab.numerics.gaussian_process import interpolating_posterior, stationary_kernel
from theorylab.papers.inductive_bias.reference_tasks import kronecker_task
from theorylab.rows import Rows, spread

__all__ = ["model_classes"]

LEARNERS = ("tree", "linear", "neighbours", "process", "one_hidden", "three_hidden")


def model_classes(lab: Laboratory) -> Rows:
    """Measure test errors of six learners on two tasks; ranges are over seeds of the trees and networks."""
    rows: Rows = []
    for inputs in lab.at_scale((4, 8), (2, 4, 8, 16)):
        setting = {"dimension": inputs, "train": 64, "test": 128}
        found = lab.run(sample_model_errors, **setting).few(lab.at_scale(3, 10), LEARNERS)
        rows += [spread(values, learner=name, **setting) for name, values in zip(LEARNERS, found, strict=True)]
    return rows


def sample_model_errors(rng: np.random.Generator, size: int, *, dimension: int, train: int, test: int) -> dict[str, np.ndarray]:
    """Sample test errors of learners of scikit-learn on KRON(d, n, m), and of the mean of the Gaussian process with the Laplace kernel.

    Columns "tree", "linear", "neighbours" (three), "process", "one_hidden", "three_hidden" (ReLU layers of 64 units); each replicate has a seed.
    """
    task = kronecker_task(dimension, train, test)
    x, y = task.inputs, task.targets[:, 0]
    posterior = interpolating_posterior(stationary_kernel(x, x, "laplace"), train, task.targets[:train])
    process = float(((posterior.mean[:, 0] - y[train:]) ** 2).mean())
    found = {name: np.full(size, process) for name in LEARNERS}
    for row in range(size):
        seed = int(rng.integers(2**31))
        models = {
            "tree": DecisionTreeRegressor(random_state=seed),
            "linear": LinearRegression(),
            "neighbours": KNeighborsRegressor(3),
            "one_hidden": MLPRegressor(hidden_layer_sizes=(64,), solver="lbfgs", max_iter=2000, random_state=seed),
            "three_hidden": MLPRegressor(hidden_layer_sizes=(64, 64, 64), solver="lbfgs", max_iter=2000, random_state=seed),
        }
        for name, model in models.items():
            found[name][row] = float(((model.fit(x[:train], y[:train]).predict(x[train:]) - y[train:]) ** 2).mean())
    return found
