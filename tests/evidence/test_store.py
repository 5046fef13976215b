"""Claims as records, and the evidence file that they are merged into."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from theorylab.evidence.claims import KINDS, Claim, assertion_record, counterclaim_record, overall_verdict
from theorylab.evidence.intervals import Interval
from theorylab.evidence.store import group_by_claim, merge_evidence, read_evidence, write_evidence, write_json
from theorylab.evidence.verdicts import Band, Counterclaim, Verdict


def record(claim: str = "C-1", *, test: str = "t1", verdict: str = "holds", counter: str | None = "refuted", **changes: Any) -> dict[str, Any]:
    outcome = "passed" if verdict == "holds" and counter == "refuted" else "failed"
    return {
        "paper": "p",
        "claim": claim,
        "kind": "bound",
        "statement": "a is at most b",
        "tex": "",
        "source": "derived here",
        "assertions": [
            {
                "question": "a at most 2",
                "verdict": verdict,
                "theory": 2.0,
                "estimate": 1.0,
                "interval": [0.9, 1.1],
                "margin": [None, 2.0],
                "replicates": 512,
                "seconds": 0.25,
                "test": test,
            }
        ],
        "counterclaims": [] if counter is None else [{"label": "wrong", "verdict": counter, "half_widths": None, "test": test}],
        "tests": [{"id": test, "outcome": outcome, "seconds": 1.5}],
        "seed": 0,
        "scale": "quick",
        "backend": "numpy",
        "alpha": 1e-6,
        "version": "1",
        **changes,
    }


# Claims ----------------------------------------------------------------------------------------------------------------------------------


def test_a_claim_needs_a_known_kind_and_words() -> None:
    good = {"id": "C-1", "kind": "bound", "statement": "a is at most b", "source": "derived here"}
    assert Claim(**good).tex == ""
    with pytest.raises(ValueError, match=r"kind of claim C-1 must be one of bound, expectation, .*; got 'theorem'"):
        Claim(**{**good, "kind": "theorem"})
    for name in ("statement", "source", "id"):
        with pytest.raises(ValueError, match=f"{name} of claim"):
            Claim(**{**good, name: "  "})
    assert list(KINDS) == sorted(KINDS)


def test_records_hold_plain_numbers_and_none() -> None:
    verdict = Verdict(
        "undecided", "q", math.nan, Interval(-math.inf, math.inf, 1.0, "wait", math.inf), Band(-math.inf, 2.0), 512, math.inf, reason="wait"
    )
    plain = assertion_record(verdict)
    assert plain["interval"] == [None, None]
    assert plain["margin"] == [None, 2.0]
    assert plain["theory"] is None
    assert plain["replicates_needed"] is None
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert assertion_record(Verdict("undecided", "q", 1.0, Interval(0, 2, 1), Band(0, 1), 512, 99.0))["replicates_needed"] == 99.0
    assert assertion_record(Verdict("holds", "q", 1.0, Interval(0, 1, 1), Band(0, 1), 512, 99.0))["replicates_needed"] is None
    assert counterclaim_record(Counterclaim("wrong", "refuted", math.nan)) == {"label": "wrong", "verdict": "refuted", "half_widths": None}


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "undecided"], "undecided"),
        (["undecided", "refuted", "holds"], "refuted"),
        ([], "undecided"),
    ],
)
def test_a_claim_is_as_good_as_its_worst_assertion(states: list[str], verdict: str) -> None:
    assert overall_verdict(states) == verdict
    assert overall_verdict(iter(states)) == verdict


# Joining and merging ---------------------------------------------------------------------------------------------------------------------


def test_tests_of_one_claim_are_joined_in_order() -> None:
    joined = group_by_claim([record("C-2", test="b"), record("C-1", test="a"), record("C-2", test="c", verdict="refuted")])
    assert [(each["claim"], each["verdict"], each["blind"], each["seconds"]) for each in joined] == [
        ("C-2", "refuted", False, 3.0),
        ("C-1", "holds", False, 1.5),
    ]
    assert [test["id"] for test in joined[0]["tests"]] == ["b", "c"]
    assert len(joined[0]["assertions"]) == len(joined[0]["counterclaims"]) == 2
    assert len(group_by_claim([record(paper="p"), record(paper="q")])) == 2


@pytest.mark.parametrize("counter", [None, "survives"])
def test_a_blind_claim_does_not_hold(counter: str | None) -> None:
    (joined,) = group_by_claim([record(counter=counter)])
    assert joined["blind"]
    assert joined["verdict"] == "undecided"


def test_a_failed_test_spoils_numbers_that_hold() -> None:
    broken = record()
    broken["tests"][0]["outcome"] = "failed"
    assert group_by_claim([broken])[0]["verdict"] == "undecided"


def test_merging_replaces_a_rerun_test_and_keeps_the_others() -> None:
    old = group_by_claim([record(test="a", verdict="refuted"), record(test="b"), record("C-9", test="z")])
    (first, second) = merge_evidence(old, group_by_claim([record(test="a")]))
    assert [test["id"] for test in first["tests"]] == ["b", "a"]
    assert first["verdict"] == "holds"
    assert len(first["assertions"]) == len(first["counterclaims"]) == 2
    assert second["claim"] == "C-9"
    assert [each["verdict"] for each in old] == ["refuted", "holds"]  # what was read is not changed


@pytest.mark.parametrize("changes", [{"seed": 1}, {"scale": "full"}, {"backend": "cupy"}, {"alpha": 1e-3}, {"version": "2"}])
def test_other_settings_replace_the_whole_claim(changes: dict[str, Any]) -> None:
    (merged,) = merge_evidence(group_by_claim([record(test="a"), record(test="b")]), group_by_claim([record(test="a", **changes)]))
    assert [test["id"] for test in merged["tests"]] == ["a"]


# The file --------------------------------------------------------------------------------------------------------------------------------


def test_writing_merges_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "new" / "evidence.json"
    assert read_evidence(path) == []
    write_evidence(path, group_by_claim([record("C-1")]))
    write_evidence(path, group_by_claim([record("C-2")]))
    assert [each["claim"] for each in read_evidence(path)] == ["C-1", "C-2"]
    assert [each.name for each in path.parent.iterdir()] == ["evidence.json"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "evidence.json"
    write_json(path, [1])
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, [math.nan])
    assert json.loads(path.read_text()) == [1]

    def cut(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError("power cut")

    # The draft is complete before it takes the place of the old file, so dying between the two loses nothing.
    monkeypatch.setattr(Path, "replace", cut)
    with pytest.raises(OSError, match="power cut"):
        write_json(path, [2])
    assert json.loads(path.read_text()) == [1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "cannot be read as an evidence file"),
        (b"\xff\xfe\x00", "cannot be read as an evidence file"),
        (b'{"a": 1}', "is not an evidence file"),
        (b"[1, 2]", "is not an evidence file"),
        (b'[{"paper": "p"}]', "is not an evidence file"),
    ],
)
def test_a_damaged_or_foreign_file_is_named_and_kept(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "evidence.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        write_evidence(path, group_by_claim([record()]))
    assert str(path) in str(caught.value)
    assert "move it away" in str(caught.value)
    assert path.read_bytes() == content


def test_order_does_not_depend_on_who_finished_first(tmp_path: Path) -> None:
    records = [record("C-10", test="t[2]"), record("C-2", test="t[10]"), record("C-2", test="t[9]"), record("A-1", test="z", paper="a")]
    for number, arrival in enumerate((records, records[::-1])):
        write_evidence(tmp_path / f"{number}.json", group_by_claim(arrival))
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()
    written = read_evidence(tmp_path / "0.json")
    assert [(each["paper"], each["claim"]) for each in written] == [("a", "A-1"), ("p", "C-2"), ("p", "C-10")]
    assert [[part["test"] for part in written[1][name]] for name in ("assertions", "counterclaims")] == [["t[9]", "t[10]"]] * 2
    assert [each["id"] for each in written[1]["tests"]] == ["t[9]", "t[10]"]


def test_estimands_of_all_tests_of_a_claim_count() -> None:
    def asked(test: str, estimands: int) -> dict[str, Any]:
        return record(test=test, tests=[{"id": test, "outcome": "passed", "seconds": 1.0, "estimands": estimands}])

    (joined,) = old = group_by_claim([asked("a", 2), asked("b", 3)])
    assert joined["estimands"] == 5
    assert merge_evidence(old, group_by_claim([asked("a", 7)]))[0]["estimands"] == 10
