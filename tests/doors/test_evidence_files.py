"""What an evidence file or the table of a sweep says is data: no text of it runs, and what cannot be is refused before anything uses it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hostile import PAYLOADS, SLUG, claim, payload

from theorylab.cli.main import run
from theorylab.evidence.store import read_evidence, write_evidence
from theorylab.evidence.table import render_claims
from theorylab.project import ProjectError, Results, project_root
from theorylab.sweeps import is_current, load_rows

ROOT = project_root(Path(__file__).parent)


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_evidence_is_data(hostile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark = tmp_path / "mark"
    text = payload(hostile, mark)
    results = tmp_path / "results"
    write_evidence(results / "evidence.json", [claim(text)])
    write_evidence(results / "evidence.json", [claim("other")])
    assert [record["statement"] for record in read_evidence(results / "evidence.json") if record["claim"] == text] == [text]
    assert run(["report", "--results", str(results)]) == 0
    shown = render_claims([claim(text)], colour=True, width=200)
    assert "\x1b]" not in shown
    assert "\x1b[2J" not in shown
    if text.isprintable():
        assert text in shown.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert not mark.exists()
    assert sorted(path.name for path in results.iterdir()) == ["evidence.json", "report"]


GOOD = claim("x")
PARTS = ("assertions", "counterclaims", "tests")
WRONG_FIELDS = [
    *({"verdict": value} for value in ("maybe", None, ["holds"], "<b>holds</b>")),
    *({"seconds": value} for value in ("1", -1, float("nan"), float("inf"), 10**400, True, None)),
    *({"alpha": value} for value in (0, 1, "1e-6", float("nan"))),
    *({"seed": value} for value in (-1, 0.5, "0", None)),
    *({"statement": value} for value in (None, 1, ["x"], {"x": 1}, "\ud800")),
    *({"blind": value} for value in (0, "false", None)),
    *({"assertions": value} for value in ({}, None, ["x"], [[]], [{}], "x")),
    *({"counterclaims": [{"label": "x", "verdict": "refuted", "half_widths": value, "test": "t"}]} for value in ("2", float("nan"), [2])),
    *({"assertions": [{**GOOD["assertions"][0], "interval": value}]} for value in ([1], [1, 2, 3], "12", ["1", "2"], {"0": 1})),
    *({"assertions": [{**GOOD["assertions"][0], "replicates": value}]} for value in ("512", -1, 1.5, None)),
    {"tests": [{"id": "t"}]},
    # What fits no field, in every field that there is.
    *({name: {"x": 1}} for name in GOOD),
    *({name: [{**GOOD[name][0], field: {"x": 1}}]} for name in PARTS for field in GOOD[name][0]),
    *(
        {name: [{field: value for field, value in GOOD[name][0].items() if field != dropped}]}
        for name in PARTS
        for dropped in ("seconds", "test", "id")
        if dropped in GOOD[name][0]
    ),
]


@pytest.mark.parametrize("changed", WRONG_FIELDS, ids=lambda changed: ascii(changed)[:60])
def test_evidence_that_cannot_be_is_refused_in_one_line(changed: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps([claim("good"), claim("bad", **changed)]), encoding="utf-8")
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"{next(iter(changed))}.*move it away"):
        read_evidence(path)
    assert run(["report", "--results", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("theorylab: error: ")
    assert error.count("\n") == 1
    assert path.read_bytes() == before
    assert not (tmp_path / "report").exists()


def test_the_record_here_has_every_field_that_the_document_names() -> None:
    """If not, a field could be left unchecked, and no test here would see it."""
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    records = re.findall(r"`\{([^}]*)\}`", text)
    assert len(records) == 2
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)} | {name.strip() for record in records for name in record.split(",")}
    assert named == set(GOOD) | {name for kind in PARTS for name in GOOD[kind][0]}


def test_evidence_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    later = {"estimands", "checked", "replicates_needed", "reason"}
    record = {name: value for name, value in GOOD.items() if name not in later}
    record |= {kind: [{name: value for name, value in GOOD[kind][0].items() if name not in later}] for kind in PARTS}
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps([record]), encoding="utf-8")
    assert read_evidence(path) == [record]


@pytest.mark.parametrize("content", ["[" * 100_000, "[" + "9" * 10_000 + "]", "\x00", '{"__class__": "os.system"}', "[[], []]", "NaN"])
def test_json_at_its_limits_is_refused_in_one_line(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evidence.json").write_text(content, encoding="utf-8")
    assert run(["report", "--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    table = tmp_path / "sweeps" / SLUG / "x.quick.json"
    table.parent.mkdir(parents=True)
    table.write_text(content, encoding="utf-8")
    assert not is_current(SLUG, "x", "quick", ROOT, Results(tmp_path))
    with pytest.raises(ProjectError, match="cannot be read as the table of a sweep"):
        load_rows(table)
