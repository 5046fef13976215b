"""The turns of all contests, one benchmark of pytest-benchmark each: every contender has one in every round.

Run it through ``suite.py``, which makes the table. The papers to run come from the environment variable ``THEORYLAB_BENCH`` (all if it is not set).
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from contest import Contender, Contest
from threadpoolctl import threadpool_limits

from theorylab.papers import slugs


def turns() -> Iterator[Any]:
    """Yield every turn: within a contest round by round, within a round contender by contender."""
    for slug in os.environ.get("THEORYLAB_BENCH", ",".join(slugs())).split(","):
        for number, contest in enumerate(importlib.import_module(f"bench_{slug}").contests()):
            for attempt in range(contest.rounds):
                for place, contender in enumerate(contest.contenders):
                    yield pytest.param(contest, contender, attempt, id=f"{slug}-{number}-round{attempt}-{place}")


@pytest.mark.parametrize(("contest", "contender", "attempt"), list(turns()))
def test_turn(benchmark: Any, contest: Contest, contender: Contender, attempt: int) -> None:
    """Time one turn; a contender's first turn is preceded by a call that compiles and warms."""
    with threadpool_limits(1):
        if attempt == 0 and contender is contest.contenders[0]:
            contest.check()
        benchmark.group = f"{contest.slug}: {contest.title}"
        benchmark.pedantic(contender.call, rounds=1, warmup_rounds=int(attempt == 0))
        seconds = benchmark.stats.stats.min
        benchmark.extra_info |= {
            "slug": contest.slug,
            "title": contest.title,
            "answer": contest.answer,
            "target": contest.target,
            "standard_error": contest.standard_error,
            "contender": contender.name,
            "place": contest.contenders.index(contender),
            "round": attempt,
            "price": contest.price(contender, seconds),
        }
