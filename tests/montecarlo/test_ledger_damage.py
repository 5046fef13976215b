"""Whatever happens to the bytes of a ledger, wrong moments never come out, and no byte is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from theorylab.montecarlo.ledger import Ledger, LedgerError

DATA = np.random.default_rng(0).standard_normal((40, 70))


def filled(path: Path) -> bytes:
    ledger = Ledger(path)
    ledger.record("zero")
    ledger.insert(ledger.record("one"), 0, DATA)
    ledger.close()
    return path.read_bytes()


def everything_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))]


@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_a_truncated_file_is_set_aside(tmp_path: Path, part: float) -> None:
    path = tmp_path / "ledger.sqlite"
    whole = filled(path)
    damaged = whole[: int(part * len(whole))]
    path.write_bytes(damaged)
    with pytest.raises(
        LedgerError, match=r"^the ledger .*ledger.sqlite was damaged \(.+\); it is kept as ledger.sqlite.damaged-\S+: run again to start"
    ):
        Ledger(path)
    assert everything_in(tmp_path) == [damaged]
    assert not path.exists()
    again = Ledger(path)
    assert again.info().blocks == 0
    again.close()
    # A second accident in the same second keeps both files.
    path.write_bytes(damaged)
    with pytest.raises(LedgerError, match="it is kept as"):
        Ledger(path)
    assert everything_in(tmp_path) == [damaged, damaged]


def test_a_file_that_lacks_its_last_bytes_gives_the_right_moments_or_none(tmp_path: Path) -> None:
    # SQLite reads a short last page as if zeros followed, so this may be seen only by the checksums.
    path = tmp_path / "ledger.sqlite"
    whole = filled(path)
    for lost in (1, 100, 1000, 4000):
        path.write_bytes(whole[:-lost])
        try:
            got = Ledger(path).vectors(2, 40)
        except LedgerError:
            assert not path.exists()  # it was set aside
            assert whole[:-lost] in everything_in(tmp_path)
        else:
            assert got.tobytes() == DATA.tobytes()


def test_a_flipped_bit_among_the_moments_is_found_on_reading(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    content = bytearray(filled(path))
    place = content.index(DATA[7].tobytes()) + 100
    content[place] ^= 1
    path.write_bytes(content)
    ledger = Ledger(path)  # its structure is sound
    record = ledger.record("one")
    assert list(ledger.verify()) == [f"block 7 of record {record} fails its checksum"]
    np.testing.assert_array_equal(ledger.vectors(record, 7), DATA[:7])
    with pytest.raises(LedgerError, match=rf"was damaged \(block 7 of record {record} fails its checksum\); it is kept as ledger.sqlite.damaged-"):
        ledger.vectors(record, 40)
    assert bytes(content) in everything_in(tmp_path)
    assert Ledger(path).info().blocks == 0


def test_moments_that_belong_to_another_block_are_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE block SET (moments, checksum) = (SELECT moments, checksum FROM block WHERE number = 8) WHERE number = 7")
    connection.close()
    ledger = Ledger(path)
    assert len(list(ledger.verify())) == 1
    with pytest.raises(LedgerError, match="block 7 of record 2 fails its checksum"):
        ledger.vectors(2, 8)


@pytest.mark.parametrize("number", [-98, 30.5, 33])
def test_a_block_whose_number_was_damaged_is_found(tmp_path: Path, number: float) -> None:
    # Damage may make a number negative, or a float, or move a block: then another one is missing, and is drawn again.
    path = tmp_path / "ledger.sqlite"
    filled(path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM block WHERE number = 33 AND record = 2")
        connection.execute("UPDATE block SET number = ? WHERE number = 30 AND record = 2", (number,))
    connection.close()
    ledger = Ledger(path)
    missing = [30] if number == 33 else [30, 33]
    assert ledger.missing(2, 40) == missing
    for lost in missing:
        ledger.insert(2, lost, DATA[lost : lost + 1])
    with pytest.raises(LedgerError, match=r"fails its checksum\); it is kept as ledger.sqlite.damaged-"):
        ledger.vectors(2, 40)
    assert Ledger(path).info().blocks == 0


def test_blocks_without_a_record_are_reported(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.insert(99, 0, DATA[:2])
    assert list(ledger.verify()) == ["blocks belong to record 99, which does not exist"]


def test_any_flipped_bit_is_found_or_harmless(tmp_path: Path) -> None:
    source = tmp_path / "source" / "ledger.sqlite"
    whole = filled(source)
    rng = np.random.default_rng()
    places = np.concatenate([np.arange(100), rng.integers(0, len(whole), 150), rng.integers(0, 8192, 100)])
    for number, place in enumerate(places.tolist()):
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "ledger.sqlite"
        path.write_bytes(content)
        try:
            ledger = Ledger(path)
            record = ledger.record("one")
            got = ledger.vectors(record, 40)
        except LedgerError:
            # Found (or the record was not); then the damaged bytes are there, under whatever name, unless blocks were missing.
            assert any(len(kept) >= len(whole) for kept in everything_in(folder)), place
            continue
        assert got.tobytes() == DATA.tobytes(), place
        ledger.close()


def test_damage_that_appears_while_the_ledger_is_open(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    content = bytearray(filled(path))
    first, second = Ledger(path), Ledger(path)
    record = first.record("one")
    place = content.index(DATA[30].tobytes())
    with path.open("r+b") as stream:
        stream.seek(place)
        stream.write(b"\xff" * 8)
    for ledger in (first, second):
        ledger._connection.execute("PRAGMA shrink_memory")  # the page they looked at on opening is read again from the file
    with pytest.raises(LedgerError, match="it is kept as"):
        first.vectors(record, 40)
    # A new ledger begins in the old place; whoever still has the damaged one open must not move the new one away.
    fresh = Ledger(path)
    fresh.insert(fresh.record("new"), 0, DATA[:1])
    with pytest.raises(LedgerError, match="another process has set it aside already: run again"):
        second.vectors(record, 40)
    with pytest.raises(LedgerError, match="closed database"):
        first.vectors(record, 40)
    assert fresh.vectors(fresh.record("new"), 1).tobytes() == DATA[:1].tobytes()
    fresh.close()
    assert Ledger(path).info().blocks == 1
    assert sum("damaged" in file.name for file in tmp_path.iterdir() if not file.name.endswith(("-wal", "-shm"))) == 1
