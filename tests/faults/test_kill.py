"""SIGKILL at any moment loses no finished block and changes no bit."""

from __future__ import annotations

import signal
from pathlib import Path

import fault_interrupts
import kill_experiment


def test_killed_and_resumed_is_undisturbed(tmp_path: Path) -> None:
    outcomes, same, drawn = kill_experiment.experiment(tmp_path, kills=3, seconds=1.0)
    assert same
    assert drawn >= 0
    assert sum(outcome.killed_after is not None for outcome in outcomes) == 3
    assert all(outcome.blocks_after >= outcome.blocks_before for outcome in outcomes)


def test_killed_programs_come_to_the_same_record(tmp_path: Path) -> None:
    stops = fault_interrupts.experiment(tmp_path, 2, signal.SIGKILL, commands=("simulate",))
    assert {stop.kind for stop in stops} <= {"killed", fault_interrupts.MISSED}
    assert sum(stop.kind == "killed" for stop in stops) == 2
