"""The project and the ledger that the tests of the commands share."""

from __future__ import annotations

import pytest
from cli_support import CHECKS, FIGURES, SIMULATIONS


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for name, text in (
        ("simulations/one_step_gd.py", SIMULATIONS),
        ("figures/one_step_gd.py", FIGURES),
        ("paper_checks/test_one_step_gd.py", CHECKS),
    ):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A ledger with the blocks of one small experiment."""
    from theorylab.laboratory import Laboratory
    from theorylab.papers.one_step_gd import monte_carlo
    from theorylab.session import open_engine

    path = tmp_path_factory.mktemp("ledger") / "filled.sqlite"
    engine = open_engine(path)
    run = Laboratory(0, engine=engine).run(monte_carlo.sample_wishart_traces, context_length=4, dimension=2)
    run.mean("trace").measure(relative=0.1)
    engine.close()
    return path


@pytest.fixture
def ledger(filled, tmp_path):
    copy = tmp_path / "ledger.sqlite"
    copy.write_bytes(filled.read_bytes())
    return copy
