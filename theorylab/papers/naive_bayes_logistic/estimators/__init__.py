"""What arXiv:2302.02334 gives to somebody with data: its naive Bayes classifier, one variance per feature shared by all classes."""

from theorylab.papers.naive_bayes_logistic.estimators.pooled_naive_bayes import PooledNaiveBayes

__all__ = ["PooledNaiveBayes"]
