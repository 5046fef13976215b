"""Bad values in every public function: a correct result, or an error that names the argument; ``BAD_INPUT_SEED`` draws other ones."""

from __future__ import annotations

import os

import pytest
from bad_input import cases_of, run_cases, shown_fault
from bad_judge import Outcome
from bad_values import Attempt
from example_calls import FIXED, Call, calls_of, doors, exceptions_of, public_names, unlisted

SEED = int(os.environ.get("BAD_INPUT_SEED", "0"))
CASES = int(os.environ.get("BAD_INPUT_CASES", "2000"))


@pytest.mark.parametrize("door", [door for door in doors() if calls_of(door)])
def test_every_case_ends_well(door: str) -> None:
    faults, seen = [], 0

    def told(call: Call, argument: str, attempt: Attempt, outcome: Outcome) -> None:
        nonlocal seen
        seen += 1
        if outcome.state == "fault":
            faults.append(shown_fault(call, argument, attempt, outcome))

    run_cases(door, cases_of(door, CASES), SEED, told)
    assert not faults, "\n".join(faults)
    assert seen or not any(call.mutable for call in calls_of(door))


def test_nothing_public_is_left_out() -> None:
    assert not unlisted()
    assert sum(len(public_names(door)) for door in doors()) > 1000
    assert sum(cases_of(door, CASES) for door in doors()) >= 0.95 * CASES


def test_the_lists_name_what_there_is() -> None:
    for door in doors():
        known = set(public_names(door))
        called = {call.name.split(".")[0] for call in calls_of(door)}
        assert called <= known, door
        assert set(exceptions_of(door)) <= known, door
        # A class that is not made itself may have methods that are called.
        assert all(reason.strip() for reason in exceptions_of(door).values()), door
    assert all(FIXED.values())
