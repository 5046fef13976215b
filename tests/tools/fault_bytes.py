"""Damage the bytes of a ledger and of its write-ahead log, and see what is left of it.

A ledger is left as a killed process leaves it: part of its blocks in the file, part in the log. Then one of the two is cut at some length, or bits
of it are flipped, and the ledger is used as a program uses it. Whatever was done to it: no moment is read that was not written, no block is lost
whose own bytes are whole, every complaint is one line, and what is drawn anew makes the ledger the same as if nothing had happened::

    python tests/tools/fault_bytes.py [--truncations 300] [--flips 1000] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from theorylab.montecarlo.ledger import Ledger, LedgerError

# Identities as long as the engine's, one of them too long for a page of the index, and rows that fit into a page or need several.
RECORDS = {
    f'{{"block":256,"parameters":{{"shape":{number}.5}},"sampler":"{"x" * words}"}}': (blocks, length)
    for number, (words, blocks, length) in enumerate([(200, 60, 15), (300, 12, 495), (1500, 40, 70), (250, 4, 2560), (200, 30, 5)])
}
# Before the moments of a row: its lengths, types and numbers; behind them its checksum. Around a text of an identity as much.
BEFORE, BEHIND = 26, 26
# In memory, where there is such a place: SQLite waits for a disk at every end of a transaction.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@dataclass(frozen=True)
class Image:
    """A ledger as bytes, and what it holds."""

    main: bytes
    log: bytes
    blocks: dict[str, np.ndarray]


@dataclass(frozen=True)
class Trial:
    """What came of one piece of damage: complaints of the program, blocks that were drawn anew, and those of them whose bytes were whole."""

    complaints: tuple[str, ...]
    redrawn: int
    lost: tuple[tuple[str, int], ...]


def make_image(folder: Path, seed: int) -> Image:
    """Return a ledger whose writer has just been killed."""
    rng = np.random.default_rng(seed)
    blocks = {identity: rng.standard_normal(shape) for identity, shape in RECORDS.items()}
    path = folder / "ledger.sqlite"
    names = list(blocks)
    ledger = Ledger(path)
    for identity in names[:3]:
        ledger.insert(ledger.record(identity), 0, blocks[identity][: len(blocks[identity]) // 2])
    ledger.close()
    ledger = Ledger(path)
    for identity in names:
        done = len(blocks[identity]) // 2 if identity in names[:3] else 0
        for first in range(done, len(blocks[identity]), 5):
            ledger.insert(ledger.record(identity), first, blocks[identity][first : first + 5])
    main, log = path.read_bytes(), path.with_name("ledger.sqlite-wal").read_bytes()
    ledger.close()
    assert len(main) > 40_000
    assert len(log) > 40_000
    return Image(main, log, blocks)


def _extents(content: bytes, text: bytes) -> Iterator[list[tuple[int, int]]]:
    """Yield where copies of ``text`` lie, each as pieces (start, end) with what belongs to them; a text may go on in other pages."""
    start = content.find(text[:40])
    while start >= 0:
        end = start
        while end < len(content) and end - start < len(text) and content[end] == text[end - start]:
            end += 1
        rest = text[end - start :]
        if not rest:
            yield [(start - BEFORE, end + BEHIND)]
        elif (following := next(_extents(content, rest), None)) is not None:
            yield [(start - BEFORE, end + 4), *following]
        start = content.find(text[:40], start + 1)


class Oracle:
    """Knows which blocks of an image survive damage, because all bytes of a copy of theirs, and of their record's identity, do."""

    def __init__(self, image: Image) -> None:
        parts = {"main": image.main, "log": image.log}
        self._names = {identity: self._copies(parts, identity.encode()) for identity in image.blocks}
        self._rows = {
            (identity, number): self._copies(parts, vector.tobytes())
            for identity, vectors in image.blocks.items()
            for number, vector in enumerate(vectors)
        }

    @staticmethod
    def _copies(parts: dict[str, bytes], text: bytes) -> list[tuple[str, list[tuple[int, int]]]]:
        copies = [(part, pieces) for part, content in parts.items() for pieces in _extents(content, text)]
        assert copies
        return copies

    def whole(self, part: str, length: int | None, flipped: set[int]) -> set[tuple[str, int]]:
        """Return the blocks that are whole when ``part`` is cut to ``length`` and its bytes at ``flipped`` are changed."""

        def survives(copy: tuple[str, list[tuple[int, int]]]) -> bool:
            if copy[0] != part:
                return True
            if length is not None and copy[1][-1][1] > length:
                return False
            return all((length is None or end <= length) and not any(start <= place < end for place in flipped) for start, end in copy[1])

        names = {identity for identity, copies in self._names.items() if any(map(survives, copies))}
        return {row for row, copies in self._rows.items() if row[0] in names and any(map(survives, copies))}


def use(ledger: Ledger, image: Image, drawn: set[tuple[str, int]]) -> None:
    """Use the ledger as a program does, drawing what is missing, which is put into ``drawn``."""
    for identity, vectors in image.blocks.items():
        record = ledger.record(identity)
        for number in ledger.missing(record, len(vectors)):
            ledger.insert(record, number, vectors[number : number + 1])
            drawn.add((identity, number))
        assert ledger.vectors(record, len(vectors)).tobytes() == vectors.tobytes(), "a moment was read that was not written"
    assert list(ledger.verify()) == []


def attempt(folder: Path, image: Image, part: str, content: bytes, whole: set[tuple[str, int]]) -> Trial:
    """Put a damaged ledger into an empty folder and use it until it can be used."""
    path = folder / "ledger.sqlite"
    main, log = (content, image.log) if part == "main" else (image.main, content)
    path.write_bytes(main)
    path.with_name("ledger.sqlite-wal").write_bytes(log)
    complaints: list[str] = []
    drawn: set[tuple[str, int]] = set()
    while True:
        ledger = None
        try:
            ledger = Ledger(path)
            use(ledger, image, drawn)
        except LedgerError as error:
            complaints.append(str(error))
            assert "\n" not in complaints[-1]
            assert len(complaints) < 3, complaints
            if "left as it is" in complaints[-1]:  # too little is left of it to be known as a ledger: the user takes it away
                assert path.read_bytes() == main
                path.unlink()
            else:
                assert "run again" in complaints[-1], complaints
                (kept,) = [file for file in folder.glob("*.damaged-*") if not file.name.endswith(("-wal", "-shm"))]
                # Once it is open SQLite may move pages from the log into it.
                assert ledger is not None or kept.read_bytes() == main
        else:
            return Trial(tuple(complaints), len(drawn), tuple(sorted(whole & drawn)))
        finally:
            if ledger is not None:
                ledger.close()


def truncations(image: Image, count: int, rng: random.Random) -> Iterator[tuple[str, bytes, int | None, set[int]]]:
    """Yield (part, content, length, flipped bytes): the file and the log, cut at random lengths, at ends of pages and near their beginnings."""
    for number in range(count):
        part = ("main", "log")[number % 2]
        content = image.main if part == "main" else image.log
        length = rng.randrange(len(content))
        if number % 10 < 2:
            length = rng.randrange(len(content) // 4096) * 4096
        elif number % 10 < 4:
            length = rng.randrange(150)
        yield part, content[:length], length, set()


def flips(image: Image, count: int, rng: random.Random) -> Iterator[tuple[str, bytes, int | None, set[int]]]:
    """Yield (part, content, length, flipped bytes): one flipped bit, sometimes several, anywhere and often where SQLite keeps its own numbers."""
    for number in range(count):
        part = ("main", "log")[number % 2]
        content = bytearray(image.main if part == "main" else image.log)
        places = {rng.randrange(len(content))}
        if number % 10 < 2:
            places = {rng.randrange(120)}
        elif number % 10 < 4:  # the head of a page
            size, offset = (4096, 0) if part == "main" else (4120, 32)
            places = {offset + rng.randrange(len(content) // size) * size + rng.randrange(64)}
        elif number % 10 < 5:
            places = {rng.randrange(len(content)) for _ in range(rng.randrange(2, 20))}
        for place in places:
            content[place] ^= 1 << rng.randrange(8)
        yield part, bytes(content), None, places


def experiment(cases: Iterator[tuple[str, bytes, int | None, set[int]]], image: Image) -> list[Trial]:
    """Try every piece of damage in a folder of its own."""
    oracle = Oracle(image)
    trials = []
    for part, content, length, flipped in cases:
        with tempfile.TemporaryDirectory(dir=FAST) as folder:
            try:
                trials.append(attempt(Path(folder), image, part, content, oracle.whole(part, length, flipped)))
            except BaseException as error:
                error.add_note(f"{part} cut to {length}, flipped bytes {sorted(flipped)}")
                raise
    return trials


def summary(trials: list[Trial]) -> str:
    """Return one line on what came of trials."""
    noticed = sum(bool(trial.complaints) for trial in trials)
    lost = sum(len(trial.lost) for trial in trials)
    redrawn = sum(trial.redrawn for trial in trials)
    return f"{len(trials)} trials, {noticed} with one line for the user, {redrawn} damaged blocks drawn anew, {lost} whole blocks lost"


def main() -> int:
    """Run the experiments and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truncations", type=int, default=300)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=None, help="of the places; a fresh one if there is none")
    options = parser.parse_args()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        image = make_image(Path(folder), seed)
    lost = 0
    rng = random.Random(seed)
    for name, cases in (("truncations", truncations(image, options.truncations, rng)), ("flips", flips(image, options.flips, rng))):
        trials = experiment(cases, image)
        print(f"{name}: {summary(trials)}")
        for trial in trials:
            if trial.lost:
                print(f"  lost {trial.lost}; {trial.complaints}")
        lost += sum(len(trial.lost) for trial in trials)
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
