"""Bad words in every option and argument of every command: exit code 2 and one line that names it."""

from __future__ import annotations

import os

import pytest
from bad_judge import Outcome
from bad_options import Option, judge_words, options, run_option_cases

SEED = int(os.environ.get("BAD_INPUT_SEED", "0"))
CASES = int(os.environ.get("BAD_INPUT_OPTIONS", "100"))


def test_every_word_is_taken_or_refused_in_one_line() -> None:
    faults, states = [], set()

    def told(option: Option, word: str, outcome: Outcome) -> None:
        states.add(outcome.state)
        if outcome.state == "fault":
            faults.append(f"{' '.join(option.command)} {option.flag or option.name} {word!r:.60}: {outcome.fault}: {outcome.message[:200]}")

    run_option_cases(CASES, SEED, told)
    assert not faults, "\n".join(faults)
    assert states == {"accepted", "refused"}


def test_all_commands_and_options_are_known() -> None:
    found = {(" ".join(option.command), option.name) for option in options()}
    assert {command for command, _ in found} >= {"list", "check", "simulate", "figure", "report", "reproduce", "ledger info", "ledger merge"}
    assert {name for _, name in found} >= {"slug", "name", "scale", "seed", "alpha", "backend", "jobs", "scheduler", "ledger", "results", "formats"}


@pytest.mark.parametrize(
    ("name", "word", "state"),
    [("jobs", "0", "refused"), ("jobs", "2", "accepted"), ("scale", "huge", "refused"), ("seed", "-1", "refused"), ("alpha", "1.5", "refused")],
)
def test_the_judge_knows_good_words_from_bad_ones(name: str, word: str, state: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    option = next(option for option in options() if option.command == ("check",) and option.name == name)
    assert judge_words(option, word, tmp_path).state == state
