"""Whatever happens to the bytes of a ledger, wrong moments never come out, no byte is lost, and no block whose own bytes are whole."""

from __future__ import annotations

import random
import re
import sqlite3
import time
from pathlib import Path

import fault_bytes
import numpy as np
import pytest
from fault_bytes import Image, Oracle

from theorylab.montecarlo.ledger import Ledger, LedgerError
from theorylab.montecarlo.salvage import log_behind

DATA = np.random.default_rng(0).standard_normal((40, 70))


def filled(path: Path) -> bytes:
    ledger = Ledger(path)
    ledger.record("zero")
    ledger.insert(ledger.record("one"), 0, DATA)
    ledger.close()
    return path.read_bytes()


def everything_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm"))]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return fault_bytes.make_image(tmp_path_factory.mktemp("image"), random.randrange(2**32))


def test_cut_at_any_length_it_keeps_what_is_whole(image: Image) -> None:
    trials = fault_bytes.experiment(fault_bytes.truncations(image, 60, random.Random()), image)
    assert not [trial.lost for trial in trials if trial.lost]
    assert sum(trial.redrawn for trial in trials) > 100
    assert sum(bool(trial.complaints) for trial in trials) > 5


def test_with_any_bits_flipped_it_keeps_what_is_whole(image: Image) -> None:
    trials = fault_bytes.experiment(fault_bytes.flips(image, 100, random.Random()), image)
    assert not [trial.lost for trial in trials if trial.lost]
    assert sum(trial.redrawn for trial in trials) > 5
    assert sum(bool(trial.complaints) for trial in trials) > 5


def test_the_oracle_sees_damage(image: Image) -> None:
    oracle = Oracle(image)
    everything = oracle.whole("main", None, set())
    assert len(everything) == sum(map(len, image.blocks.values()))
    assert oracle.whole("main", 0, set()) != everything
    identity = next(iter(image.blocks))
    place = image.main.index(image.blocks[identity][3].tobytes())
    lost = everything - oracle.whole("main", None, {place + 5})
    # It stands in the log too, if its page was written again.
    assert lost <= {(identity, 3)}
    assert everything - oracle.whole("log", 0, set())


def test_a_block_is_known_by_the_identity_of_its_record(tmp_path: Path) -> None:
    # One bit turns the seed in the index from 0 to 1. Structure and moments are whole, and yet these are not the blocks of seed 1.
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.insert(ledger.record('{"seed":0}'), 0, DATA)
    ledger.close()
    whole = path.read_bytes()
    places = [found.start() + 8 for found in re.finditer(b'{"seed":0}', whole)]
    assert len(places) == 2  # in the table and in its index
    for changed in ([places[0]], [places[1]], places):
        content = bytearray(whole)
        for place in changed:
            content[place] ^= 1
        path.write_bytes(content)
        with pytest.raises(LedgerError, match=r"was damaged \(.*\); it is kept as"):
            blocks_of_seed_1(path)
        ledger = Ledger(path)
        assert ledger.missing(ledger.record('{"seed":1}'), 40) == list(range(40))
        # Where one of the two places is right, the blocks are found under their own name.
        assert ledger.missing(ledger.record('{"seed":0}'), 40) == ([] if len(changed) == 1 else list(range(40)))
        ledger.close()


def blocks_of_seed_1(path: Path) -> np.ndarray:
    ledger = Ledger(path)
    record = ledger.record('{"seed":1}')
    assert ledger.missing(record, 40) == []
    return ledger.vectors(record, 40)


def test_frames_behind_a_damaged_one_are_not_forgotten(tmp_path: Path) -> None:
    # SQLite ends a log where a frame fails its checksum, in silence, whatever follows.
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    record = ledger.record("one")
    for number in range(40):
        ledger.insert(record, number, DATA[number : number + 1])
    main, log = path.read_bytes(), bytearray(path.with_name("ledger.sqlite-wal").read_bytes())
    ledger.close()
    log[32 + 24 + 100] ^= 1
    other = tmp_path / "other"
    other.mkdir()
    (other / "ledger.sqlite").write_bytes(main)
    (other / "ledger.sqlite-wal").write_bytes(log)
    ledger = Ledger(other / "ledger.sqlite")
    assert ledger.missing(ledger.record("one"), 40) == []
    assert ledger.vectors(ledger.record("one"), 40).tobytes() == DATA.tobytes()


def test_frames_of_an_earlier_round_are_not_looked_through_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    record = ledger.record("one")
    for number in range(0, 40, 4):
        ledger.insert(record, number, DATA[number : number + 4])
    ledger._connection.execute("PRAGMA wal_checkpoint(RESTART)")
    for number in range(50, 53):
        ledger.insert(record, number, DATA[:1])
    log = path.with_name("ledger.sqlite-wal").read_bytes()
    frames = ledger._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
    ledger.close()
    assert 0 < frames < (len(log) - 32) // 4120
    assert log_behind(log, frames) == log[:32]
    # Had SQLite ended one frame before the end of this round, that frame would be left.
    last = next(number for number in range((len(log) - 32) // 4120) if log[32 + number * 4120 + 8 :][:8] != log[16:24])
    assert log_behind(log, last - 1) == log[:32] + log[32 + (last - 1) * 4120 : 32 + last * 4120]
    # Of a log that SQLite takes for none at all nothing is left out.
    assert log_behind(log, 0) == log
    # A frame whose salts were damaged belongs to no round.
    changed = bytearray(log)
    changed[32 + (last - 1) * 4120 + 9] ^= 1
    assert len(log_behind(bytes(changed), last - 1)) == 32 + 4120


def test_finding_blocks_is_quick(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    data = np.random.default_rng(1).standard_normal((20_000, 15))
    ledger.insert(ledger.record("one"), 0, data)
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096] ^= 0xFF
    path.write_bytes(content)
    begin = time.perf_counter()
    with pytest.raises(LedgerError, match="its 20,000 sound blocks are in a new one"):
        Ledger(path)
    print(f"{(time.perf_counter() - begin) / 0.02:.0f} us a block")
    ledger = Ledger(path)
    assert ledger.vectors(ledger.record("one"), 20_000).tobytes() == data.tobytes()


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.9])
def test_a_truncated_file_is_set_aside(tmp_path: Path, part: float) -> None:
    path = tmp_path / "ledger.sqlite"
    whole = filled(path)
    damaged = whole[: int(part * len(whole))]
    path.write_bytes(damaged)
    end = r"(: run again to start a new one|, and its \d+ sound blocks are in a new one: run again to go on)$"
    for accident in (1, 2):  # a second one in the same second keeps both files
        path.write_bytes(damaged)
        with pytest.raises(LedgerError, match=r"^the ledger .*ledger.sqlite was damaged \(.+\); it is kept as ledger.sqlite.damaged-[-\d]+" + end):
            Ledger(path)
        kept = [file for file in tmp_path.iterdir() if ".damaged-" in file.name]
        assert [file.read_bytes() for file in kept] == [damaged] * accident
        again = Ledger(path)
        there = [number for number in range(40) if number not in again.missing(again.record("one"), 40)]
        # A row and its checksum take 572 bytes; what is whole of them in the part that is left is there.
        assert there == [number for number in range(40) if 0 <= whole.find(DATA[number].tobytes()) < len(damaged) - 570]
        again.close()
        path.unlink()


def test_a_file_that_lacks_its_last_bytes_gives_the_right_moments_or_none(tmp_path: Path) -> None:
    # SQLite reads a short last page as if zeros followed, so this may be seen only by the checksums.
    path = tmp_path / "ledger.sqlite"
    whole = filled(path)
    for lost in (1, 100, 1000, 4000):
        path.write_bytes(whole[:-lost])
        try:
            got = Ledger(path).vectors(2, 40)
        except LedgerError:
            assert whole[:-lost] in everything_in(tmp_path)  # it was set aside
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
    ledger = Ledger(path)
    assert ledger.missing(ledger.record("one"), 40) == [7]


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
    ledger = Ledger(path)
    assert ledger.missing(ledger.record("one"), 40) == ([33] if number == 33 else [])


def test_blocks_without_a_record_are_reported(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    ledger.insert(99, 0, DATA[:2])
    assert list(ledger.verify()) == ["blocks belong to record 99, which does not exist"]


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
    assert Ledger(path).info().blocks == 39 + 1
    assert sum("damaged" in file.name for file in tmp_path.iterdir() if not file.name.endswith(("-wal", "-shm"))) == 1
