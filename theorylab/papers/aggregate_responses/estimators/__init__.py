"""What arXiv:2401.11081 gives to somebody with data: a regressor for bag averages, a private aggregator of labels, an audit of privacy."""

from theorylab.papers.aggregate_responses.estimators.audit import PrivacyAudit, audit_privacy
from theorylab.papers.aggregate_responses.estimators.interpolating_regressor import InterpolatingRegressor
from theorylab.papers.aggregate_responses.estimators.private_aggregator import PrivacyGuarantee, PrivateAggregator
from theorylab.papers.aggregate_responses.estimators.signal_strength import SignalStrength, estimate_signal_strength

__all__ = [
    "InterpolatingRegressor",
    "PrivacyAudit",
    "PrivacyGuarantee",
    "PrivateAggregator",
    "SignalStrength",
    "audit_privacy",
    "estimate_signal_strength",
]
