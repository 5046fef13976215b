"""Ledgers of another age, and what is no ledger at all: used if it can be used, left as it is if not, and one line either way."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_project import SLUG, blocks_in, complaint, record_of, run, simulate

from theorylab.montecarlo.ledger import SCHEMA_VERSION, Ledger, LedgerError

APPLICATION = 0x74686C62
DATA = np.random.default_rng(0).standard_normal((30, 15))
# Written by hand, as the first release made it.
FIRST = [
    """CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
)""",
    """CREATE TABLE block (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    moments BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (record, number)
) WITHOUT ROWID""",
    """CREATE TABLE failure (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (record, number)
) WITHOUT ROWID""",
]


def by_hand(path: Path, statements: list[str], version: int, application: int = APPLICATION) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {application}")
    connection.execute(f"PRAGMA user_version = {version}")
    return connection


def first_version(path: Path, blocks: dict[tuple[str, int], bytes]) -> None:
    """Write a ledger of the first schema with these blocks."""
    connection = by_hand(path, FIRST, 1)
    for identity, number in blocks:
        connection.execute("INSERT OR IGNORE INTO record (identity) VALUES (?)", (identity,))
        moments = blocks[identity, number]
        written = zlib.crc32(moments, zlib.crc32(number.to_bytes(8, "little")))
        query = "INSERT INTO block SELECT id, ?, ?, ? FROM record WHERE identity = ?"
        connection.execute(query, (number, moments, written, identity))
    connection.execute("INSERT INTO failure VALUES (1, 500, 'no')")
    connection.close()


def some(count: int = 30) -> dict[tuple[str, int], bytes]:
    return {(identity, number): DATA[number].tobytes() for identity in ("one", "two") for number in range(count)}


def test_a_ledger_of_the_first_schema_is_brought_to_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first_version(path, some())
    for _ in range(2):
        ledger = Ledger(path)
        assert ledger.identities() == [(1, "one"), (2, "two")]
        assert [ledger.vectors(ledger.record(name), 30).tobytes() for name in ("one", "two")] == [DATA.tobytes()] * 2
        assert list(ledger.verify()) == []
        assert ledger.info().failures == 1
        ledger.insert(1, 30, DATA[:1])
        ledger.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()


def test_a_program_goes_on_from_a_ledger_of_the_first_schema(project: Path, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    blocks = dict(list(undisturbed["blocks"].items())[:60])
    first_version(tmp_path / "ledger.sqlite", blocks)
    code, output, errors = simulate(project, "slow", tmp_path)
    assert (code, errors) == (0, "")
    assert f"({512 * (len(undisturbed['blocks']) - 60):,} new replicates" in output
    assert record_of(tmp_path) == undisturbed


def test_one_that_is_damaged_is_not_brought_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first_version(path, some())
    content = bytearray(path.read_bytes())
    content[content.index(DATA[7].tobytes())] ^= 1
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"was damaged \(block 7 of record \d fails its checksum\); it is kept as ledger.sqlite.damaged-"):
        Ledger(path)
    (aside,) = tmp_path.glob("ledger.sqlite.damaged-*")
    assert sqlite3.connect(aside).execute("SELECT count(*) FROM block").fetchone() == (60,)
    assert Ledger(path).info().blocks == 0


def test_two_processes_may_bring_it_up_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first_version(path, some())
    first = Ledger(path)
    second = Ledger(path)
    assert first.vectors(1, 30).tobytes() == second.vectors(2, 30).tobytes() == DATA.tobytes()


def newer(path: Path) -> None:
    changed = [FIRST[0], FIRST[1].replace("moments BLOB", "moments BLOB NOT NULL, device TEXT"), FIRST[2]]
    by_hand(path, changed, SCHEMA_VERSION + 1).close()


def foreign(path: Path) -> None:
    by_hand(path, ["CREATE TABLE recipe (name TEXT)"], 7, 0x12345678).close()


def text(path: Path) -> None:
    path.write_text("Dear diary, " * 100, encoding="utf-8")


def folder(path: Path) -> None:
    path.mkdir()
    (path / "letter").write_text("mine", encoding="utf-8")


KINDS = {
    newer: f"has schema version {SCHEMA_VERSION + 1}, newer than the {SCHEMA_VERSION} that this theorylab knows; it was left as it is: update",
    foreign: "is not a theorylab ledger (another program's SQLite file); it was left as it is: name another ledger",
    text: "is not a theorylab ledger (not an SQLite file); it was left as it is: name another ledger",
    folder: "cannot read the ledger",
}


@pytest.mark.parametrize("make", KINDS)
def test_what_cannot_be_used_is_left_as_it_is(project: Path, tmp_path: Path, make: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ledger.sqlite"
    make(path)
    before = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    with pytest.raises(LedgerError) as refusal:
        Ledger(path)
    assert KINDS[make] in str(refusal.value)
    assert "\n" not in str(refusal.value)
    after = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert {name: content for name, content in after.items() if not name.endswith(("-wal", "-shm"))} == before
    assert not [name for name, content in after.items() if name.endswith("-wal") and content]


@pytest.mark.parametrize("command", ["simulate", "check"])
def test_the_program_says_so_too(project: Path, tmp_path: Path, command: str) -> None:
    path = tmp_path / "ledger.sqlite"
    newer(path)
    code, _, errors = run(project, command, SLUG, "--ledger", path, "--results", tmp_path / "results")
    assert KINDS[newer] in complaint(code, errors)
    assert blocks_in(path) == {}


def test_a_version_number_alone_is_damage(tmp_path: Path) -> None:
    # The text of the tables says what they are; a number that contradicts it was not written.
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.insert(ledger.record("one"), 0, DATA)
    ledger.close()
    for number in (0, SCHEMA_VERSION + 1, SCHEMA_VERSION + 200):
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.close()
        with pytest.raises(
            LedgerError, match=r"was damaged \(its (header|schema) is not what was written\); .*, and its 30 sound blocks are in a new"
        ):
            Ledger(path)
        ledger = Ledger(path)
        assert ledger.vectors(ledger.record("one"), 30).tobytes() == DATA.tobytes()
        ledger.close()


def test_an_older_schema_that_nobody_knows_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    by_hand(path, ["CREATE TABLE results (name TEXT, mean REAL)"], 0).close()
    with pytest.raises(
        LedgerError, match=r"was damaged \(its schema is not what was written\); it is kept as ledger.sqlite.damaged-.*start a new one"
    ):
        Ledger(path)
    (aside,) = tmp_path.glob("ledger.sqlite.damaged-*")
    assert sqlite3.connect(aside).execute("SELECT count(*) FROM results").fetchone() == (0,)
    assert Ledger(path).info().blocks == 0
