"""The project that the tests of faults do harm to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fault_project import make_project, record_of, simulate


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("faults") / "project")


@pytest.fixture(scope="session")
def undisturbed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what the sweep ``slow`` finds when nothing happens to it."""
    results = tmp_path_factory.mktemp("undisturbed")
    assert simulate(project, "slow", results)[::2] == (0, "")
    return record_of(results)
