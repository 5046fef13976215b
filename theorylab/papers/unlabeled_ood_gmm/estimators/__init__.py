"""What arXiv:2310.00027 gives to somebody with data: its robust self-trained classifier, and the same as a function of arrays."""

from theorylab.papers.unlabeled_ood_gmm.estimators.functional import fit_rss
from theorylab.papers.unlabeled_ood_gmm.estimators.robust_self_training import RobustSelfTrainingClassifier

__all__ = ["RobustSelfTrainingClassifier", "fit_rss"]
