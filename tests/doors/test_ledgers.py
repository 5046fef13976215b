"""What a ledger says is data: no text of it runs, and a file that somebody else changed is not believed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hostile import PAYLOADS, payload

from theorylab.cli.main import run
from theorylab.dry_run.held import HeldBlocks
from theorylab.montecarlo.ledger import Ledger, LedgerError

SCHEMAS = [
    "CREATE TRIGGER t AFTER INSERT ON block BEGIN DELETE FROM record; END",
    "CREATE VIEW v AS SELECT load_extension('x') FROM block",
    "CREATE INDEX i ON record (abs(id))",
    "CREATE TABLE t (x TEXT CHECK (x <> ''))",
]


@pytest.mark.parametrize("hostile", PAYLOADS)
def test_a_ledger_is_data(hostile: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = payload(hostile, mark)
    ledger = Ledger(tmp_path / "a.sqlite")
    record = ledger.record(text)
    ledger.insert(record, 0, np.ones((2, 5)))
    ledger.fail(record, 2, text)
    other = Ledger(tmp_path / "b.sqlite")
    assert other.merge(tmp_path / "a.sqlite") == 2
    assert other.identities() == [(1, text)]
    assert other.record(text) == 1
    np.testing.assert_array_equal(other.vectors(1, 2), np.ones((2, 5)))
    assert list(other.verify()) == []
    assert not mark.exists()


def _forged(path: Path, *statements: str) -> Path:
    """Return a ledger that somebody else changed."""
    Ledger(path).close()
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("statement", SCHEMAS)
def test_a_ledger_with_a_schema_of_its_own_is_set_aside(statement: str, tmp_path: Path) -> None:
    path = _forged(tmp_path / "ledger.sqlite", statement)
    with pytest.raises(LedgerError, match="its schema is not what was written"):
        Ledger(path)
    assert not path.exists()
    assert [each for each in tmp_path.iterdir() if each.name.startswith("ledger.sqlite.damaged-")]


def test_blocks_of_another_shape_are_refused_even_with_a_right_checksum(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    record = ledger.record("r")
    # Eight numbers in all: without a look at each, two blocks of four.
    ledger.insert(record, 0, np.ones((1, 3)))
    ledger.insert(record, 1, np.ones((1, 5)))
    assert list(ledger.verify()) == []
    with pytest.raises(LedgerError, match="the blocks of record 1 are not of one length"):
        ledger.vectors(record, 2)


def test_nothing_of_a_ledger_reaches_the_terminal_raw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = "INSERT INTO block VALUES (1, CAST(x'1b5d303b781b5b324a' AS TEXT), x'00', 0)"
    path = _forged(tmp_path / "ledger.sqlite", "INSERT INTO record (id, identity) VALUES (1, 'r')", row)
    assert run(["ledger", "verify", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "fails its checksum" in shown
    assert "\x1b" not in shown
    assert run(["ledger", "info", "a\x1b[2Jb"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_sqlite_loads_no_extension(tmp_path: Path) -> None:
    connection = Ledger(tmp_path / "ledger.sqlite")._connection
    with pytest.raises(sqlite3.OperationalError, match=r"not authorized|no such function"):
        connection.execute("SELECT load_extension('x')")
    assert connection.execute("PRAGMA trusted_schema").fetchone() == (0,)


@pytest.mark.parametrize("name", ["file:x?mode=memory", "x;y", "x y", "-x"])
def test_the_name_of_a_ledger_is_a_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Ledger(name).close()
    assert (tmp_path / name).is_file()
    assert Ledger("other").merge(name) == 0


@pytest.mark.parametrize("statement", SCHEMAS)
def test_a_ledger_with_a_schema_of_its_own_is_not_merged(statement: str, tmp_path: Path) -> None:
    mine = Ledger(tmp_path / "mine.sqlite")
    with pytest.raises(LedgerError, match="its schema is not what was written"):
        mine.merge(_forged(tmp_path / "theirs.sqlite", statement))
    assert mine.identities() == []


def test_a_dry_run_believes_a_schema_no_more(tmp_path: Path) -> None:
    blocks = "CREATE VIEW block AS SELECT 1 AS record, load_extension('x') AS number"
    path = _forged(tmp_path / "ledger.sqlite", "DROP TABLE block", blocks, "INSERT INTO record (id, identity) VALUES (1, 'r')")
    held = HeldBlocks(path)
    with pytest.raises(LedgerError, match="unsafe use of load_extension"):
        held.blocks("r", 2)
    assert held._connection is not None
    assert held._connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
    held.close()
