"""The benchmarks stay able to run: contenders give the same answer, and the page of results takes a section without touching the others."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from theorylab.papers import slugs

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def benchmark_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Let modules be imported from the folder of the benchmarks, as its scripts do, and forget them afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    yield lambda name: importlib.import_module(name)
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(FOLDER) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.mark.parametrize("slug", slugs())
def test_contenders_give_the_same_answer(benchmark_modules: Any, slug: str) -> None:
    contests = benchmark_modules(f"bench_{slug}").contests()
    assert len(contests) >= 3
    assert len({contest.title for contest in contests}) == len(contests)
    for contest in contests:
        assert contest.slug == slug
        assert len(contest.contenders) >= 2
        contest.check()


def test_a_price_is_time_to_a_standard_error(benchmark_modules: Any) -> None:
    module: ModuleType = benchmark_modules("contest")
    averaged = module.Contender("mean", lambda: None, replicates=100, spread=lambda: 3.0)
    exact = module.Contender("exact", lambda: None)
    contest = module.Contest("slug", "title", (averaged, exact), "answer", lambda: None, standard_error=0.1)
    # 900 replicates have a standard error of 3/30 = 0.1; 100 of them took two seconds.
    assert contest.price(averaged, 2.0) == pytest.approx(18.0)
    assert contest.price(exact, 2.0) == 2.0


def test_a_section_replaces_its_older_self_alone(benchmark_modules: Any, tmp_path: Path) -> None:
    module: ModuleType = benchmark_modules("results_page")
    page = tmp_path / "RESULTS.md"
    module.write_section("growth", "Growth", "command one", ["first"], page)
    module.write_section("contests", "Contests", "command two", ["second"], page)
    module.write_section("growth", "Growth", "command one", ["third", "fourth"], page)
    text = page.read_text()
    assert text.count("<!-- growth -->") == text.count("<!-- contests -->") == 1
    assert "first" not in text
    assert text.index("second") < text.index("third\n\nfourth")
    assert "numpy" in text
    with pytest.raises(ValueError, match=r"^name must be one of contests, limits, "):
        module.write_section("nothing", "Nothing", "", [], page)
