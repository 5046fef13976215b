"""The static page of all claims."""

from __future__ import annotations

from theorylab.report.page import write_report

__all__ = ["write_report"]
