"""The ledger keeps what it was given, once, from many hands, and touches nothing that is not its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from theorylab.montecarlo.ledger import SCHEMA_VERSION, Ledger, LedgerError

WRITER = """
import sys
import numpy as np
from theorylab.montecarlo.ledger import Ledger
path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
ledger = Ledger(path)
record = ledger.record("shared")
for block in range(first, first + count):
    ledger.insert(record, block, np.full((1, 5), float(block)))
    own = ledger.record(f"record {first} {block % 7}")
    ledger.insert(own, block, np.full((2, 15), float(block)))
ledger.close()
"""


def vectors(blocks: int, length: int = 15, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((blocks, length))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "ledger.sqlite"


@pytest.mark.parametrize("where", ["file", "memory"])
def test_what_goes_in_comes_out_bit_for_bit(where: str, path: Path) -> None:
    ledger = Ledger(path if where == "file" else None)
    record = ledger.record("one")
    data = vectors(10)
    data[3, :4] = [5e-324, -0.0, 1e308, np.nextafter(1, 2)]
    ledger.insert(record, 0, data[:4])
    ledger.insert(record, 7, data[7:])
    assert ledger.missing(record, 10) == [4, 5, 6]
    assert ledger.missing(record, 4) == []
    with pytest.raises(LedgerError, match=rf"^the ledger holds 7 of the first 10 blocks of record {record}$"):
        ledger.vectors(record, 10)
    ledger.insert(record, 4, data[4:7])
    assert ledger.vectors(record, 10).tobytes() == data.tobytes()
    assert ledger.vectors(record, 2).tobytes() == data[:2].tobytes()
    assert ledger.vectors_between(record, 3, 8).tobytes() == data[3:8].tobytes()
    with pytest.raises(LedgerError, match=rf"^the ledger holds 2 of the blocks 8 to 10 of record {record}$"):
        ledger.vectors_between(record, 8, 11)
    if where == "file":
        ledger.close()
        again = Ledger(path)
        assert again.record("one") == record
        assert again.vectors(record, 10).tobytes() == data.tobytes()
        assert again.missing(again.record("two"), 2) == [0, 1]


def test_inserting_twice_is_inserting_once(path: Path) -> None:
    ledger = Ledger(path)
    record, data = ledger.record("one"), vectors(6)
    ledger.insert(record, 0, data)
    ledger.insert(record, 0, data)
    ledger.insert(record, 4, vectors(4, seed=1))  # first come stays; the new ones are added
    assert ledger.vectors(record, 6).tobytes() == data.tobytes()
    assert ledger.vectors(record, 8)[6:].tobytes() == vectors(4, seed=1)[2:].tobytes()
    assert ledger.info().blocks == 8
    assert ledger.record("one") == record
    assert ledger.info().records == 1


def test_a_failure_stays_until_its_block_is_there(path: Path) -> None:
    ledger = Ledger(path)
    record = ledger.record("one")
    ledger.fail(record, 2, "first")
    ledger.fail(record, 2, "second")
    ledger.fail(record, 9, "other")
    assert ledger.info().failures == 2
    assert ledger.missing(record, 3) == [0, 1, 2]
    ledger.insert(record, 0, vectors(4))
    assert ledger.info().failures == 1


def test_two_ledgers_merge(path: Path, tmp_path: Path) -> None:
    here, there = Ledger(path), Ledger(tmp_path / "other.sqlite")
    common = vectors(6)
    one, two = here.record("one"), here.record("two")
    here.insert(one, 0, common[:4])
    here.insert(two, 0, vectors(1, seed=1))
    third, first = there.record("three"), there.record("one")  # other numbers than here
    there.insert(first, 2, common[2:])
    there.insert(third, 5, vectors(2, seed=2))
    there.fail(third, 9, "not yet")
    there.close()
    assert here.merge(tmp_path / "other.sqlite") == 4
    assert here.vectors(one, 6).tobytes() == common.tobytes()
    assert here.missing(here.record("three"), 7) == [0, 1, 2, 3, 4]
    assert here.info().blocks == 9
    assert here.merge(tmp_path / "other.sqlite") == 0
    assert list(here.verify()) == []
    memory = Ledger()
    assert memory.merge(path) == 9
    assert memory.vectors(memory.record("one"), 6).tobytes() == common.tobytes()


def test_merging_refuses_what_would_do_harm(path: Path, tmp_path: Path) -> None:
    ledger, other = Ledger(path), tmp_path / "other.sqlite"
    ledger.insert(ledger.record("one"), 0, vectors(2))
    with pytest.raises(LedgerError, match=r"^cannot merge the ledger .* into itself$"):
        ledger.merge(path)
    with pytest.raises(LedgerError, match=r"^there is no ledger .*other.sqlite$"):
        ledger.merge(other)
    assert not other.exists()
    there = Ledger(other)
    there.insert(there.record("two"), 0, vectors(3))
    there.close()
    with sqlite3.connect(other) as connection:
        connection.execute("UPDATE block SET moments = zeroblob(120) WHERE number = 1")
    connection.close()
    with pytest.raises(LedgerError, match=r"^cannot merge the ledger .*, nothing was added: block 1 of record 1 fails its checksum$"):
        ledger.merge(other)
    assert ledger.info().blocks == 2


def test_foreign_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Dear diary, " * 1000)
    short = tmp_path / "short.txt"
    short.write_text("SQL")
    for file in (text, short):
        before = file.read_bytes()
        with pytest.raises(LedgerError, match=r"^.* is not a theorylab ledger \(not an SQLite file\); it was left as it is: name another ledger$"):
            Ledger(file)
        assert file.read_bytes() == before
    other = tmp_path / "browser.sqlite"
    for application in (0, 77):
        with sqlite3.connect(other) as connection:
            connection.execute(f"PRAGMA application_id = {application}")
            connection.execute("CREATE TABLE IF NOT EXISTS block (record, number, moments, checksum)")
        connection.close()
        before = other.read_bytes()
        with pytest.raises(LedgerError, match=r"\(another program's SQLite file\); it was left as it is: name another ledger$"):
            Ledger(other)
        assert other.read_bytes() == before
    # A damaged file of another program is not ours to move, either.
    with sqlite3.connect(other) as connection:
        connection.execute("PRAGMA application_id = 0")
    connection.close()
    other.write_bytes(other.read_bytes()[:4096])
    before = other.read_bytes()
    with pytest.raises(LedgerError, match="left as it is"):
        Ledger(other)
    assert other.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["browser.sqlite", "notes.txt", "short.txt"]


def test_a_closed_ledger_says_so_and_stays_where_it_is(path: Path) -> None:
    ledger = Ledger(path)
    record = ledger.record("one")
    ledger.close()
    for use in (ledger.info, lambda: ledger.record("two"), lambda: ledger.missing(record, 1), lambda: ledger.insert(record, 0, vectors(1))):
        with pytest.raises(LedgerError, match=r"^cannot use the ledger .*: Cannot operate on a closed database\.$"):
            use()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(LedgerError, match=r"^cannot (make the folder of|read) the ledger .*file/ledger.sqlite: "):
        Ledger(file / "ledger.sqlite")
    with pytest.raises(LedgerError, match=r"^cannot (open|read) the ledger .*: "):
        Ledger(tmp_path)
    if Path("/proc/self").exists():  # a folder in which even root cannot make a file
        with pytest.raises(LedgerError, match=r"^cannot open the ledger /proc/ledger.sqlite: unable to open database file$"):
            Ledger("/proc/ledger.sqlite")


def test_a_read_only_file_is_said_to_be_one(path: Path) -> None:
    ledger = Ledger(path)
    ledger._connection.execute("PRAGMA query_only = ON")  # what a read-only medium does to a writer
    with pytest.raises(LedgerError, match=r"^cannot use the ledger .*: attempt to write a readonly database$"):
        ledger.insert(1, 0, vectors(1))
    ledger.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_many_processes_may_open_and_write_one_ledger_at_once(path: Path) -> None:
    path.parent.mkdir()
    # Overlapping halves, a new file, and everyone starts at the same moment.
    commands = [[sys.executable, "-c", WRITER, str(path), str(first), "60"] for first in (0, 30, 60)]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    outcomes = [writer.communicate("go\n", timeout=60) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], outcomes
    ledger = Ledger(path)
    record = ledger.record("shared")
    np.testing.assert_array_equal(ledger.vectors(record, 120), np.repeat(np.arange(120.0)[:, None], 5, axis=1))
    assert ledger.info().records == 1 + 3 * 7
    assert list(ledger.verify()) == []


def test_a_new_ledger_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    def use(path: Path) -> int:
        barrier.wait()
        ledger = Ledger(path)
        number = ledger.record("shared")
        ledger.close()
        return number

    barrier = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        for attempt in range(40):
            assert list(pool.map(use, [tmp_path / f"{attempt}.sqlite"] * 4)) == [1, 1, 1, 1]


def test_info_and_identities(path: Path) -> None:
    ledger = Ledger(path)
    ledger.insert(ledger.record("one"), 0, vectors(3))
    ledger.record("two")
    info = ledger.info()
    assert (info.path, info.schema_version, info.records, info.blocks, info.failures) == (str(path), SCHEMA_VERSION, 2, 3, 0)
    assert info.bytes > 0
    assert ledger.identities() == [(1, "one"), (2, "two")]
    assert Ledger().info().path == ":memory:"
