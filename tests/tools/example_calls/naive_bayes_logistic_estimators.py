"""Valid calls of what `theorylab.papers.naive_bayes_logistic.estimators` offers."""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.papers.naive_bayes_logistic.estimators import PooledNaiveBayes

__all__ = ["EXAMPLES", "EXCEPTIONS"]


X = np.array([[0.0, 1.0], [1.0, 0.5], [3.0, 2.5], [4.0, 2.0]])
Y = np.array([0, 0, 1, 1])
AFTER = {"PooledNaiveBayes": lambda classifier: classifier.fit(X, Y).predict_proba(X)}


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "PooledNaiveBayes": [{"priors": [0.25, 0.75]}],
    "PooledNaiveBayes.fit": [{"self": PooledNaiveBayes(), "X": X, "y": Y}],
    "PooledNaiveBayes.predict": [{"self": PooledNaiveBayes().fit(X, Y), "X": X}],
    "PooledNaiveBayes.predict_proba": [{"self": PooledNaiveBayes().fit(X, Y), "X": X}],
}

EXCEPTIONS: dict[str, str] = {}
