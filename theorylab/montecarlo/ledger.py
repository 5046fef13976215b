"""The ledger: one SQLite file that remembers the moments of every block ever drawn.

A row is keyed by (record, block), so inserting twice changes nothing, several processes may write one ledger, and ledgers of two machines
merge. Nothing is ever overwritten: a damaged file is set aside under another name, and its sound blocks go into a new one.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from theorylab.files import locked
from theorylab.montecarlo.ledger_file import LedgerError, hold, identity_of_file, log_of, look_at_header, set_aside
from theorylab.montecarlo.ledger_schema import (
    APPLICATION_ID,
    PAGE_BYTES,
    SCHEMA_VERSION,
    checksum,
    checksum_seed,
    create,
    sound,
    statements,
    upgrade,
)
from theorylab.montecarlo.salvage import FoundBlock, log_behind, sound_blocks
from theorylab.validation import instance

__all__ = ["Ledger", "LedgerError", "LedgerInfo"]

# Seconds that a lock of another process is waited for. SQLite itself waits for a part of them at a time, since Ctrl-C does not reach it.
_WAIT, _WAIT_AT_A_TIME = 60.0, 0.1
# Blocks that are adopted in one transaction.
_BATCH = 8192


@dataclass(frozen=True)
class LedgerInfo:
    """What a ledger holds."""

    path: str
    schema_version: int
    records: int
    blocks: int
    failures: int
    bytes: int


class Ledger:
    """Moments of blocks, kept in a SQLite file or in memory.

    Parameters
    ----------
    path
        The file, made if it does not exist (its folder too), or None for a ledger in memory.

    Raises
    ------
    LedgerError
        If the file belongs to something else, is of a newer schema, cannot be opened, or is damaged (it is then set aside, but only if its
        header says that it is a ledger of theorylab).
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(instance("path", path, (str, Path)))
        # Only a file that is known to be a ledger may ever be set aside, and only while it is still the one that was opened.
        self._ours = False
        self._opened: tuple[int, int] | None = None
        self._log = b""
        # What the checksums of a record start from: the identity that was asked for, whatever damage has made of it in the file.
        self._seeds: dict[int, int] = {}
        if "\0" in str(path):
            raise LedgerError(f"the name of a ledger must not hold a NUL character; got {str(path)!r}")
        # The place stays the same when the program goes to another folder.
        self._file = None if self.path is None else self.path.absolute()
        if self.path is None or self._file is None:
            self._open(":memory:", "")
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"cannot make the folder of the ledger {self.path}: {error.strerror or error}") from error
        with locked(self._file.parent):
            self._log = log_of(self._file)
            self._ours, fault = look_at_header(self.path, self._log)
            # An absolute path, since SQLite would take a name such as "file:x?mode=memory" or ":memory:" for something else than a file.
            self._open(str(self._file), fault)
            self._log = b""

    def _open(self, place: str, fault: str) -> None:
        try:
            self._connection = sqlite3.connect(place, timeout=_WAIT_AT_A_TIME, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise LedgerError(f"cannot open the ledger {self.path}: {error}") from error
        self._opened = identity_of_file(self._file)
        self._let_go = weakref.finalize(self, hold(self._opened))
        try:
            with self._guarded():
                if fault:
                    raise sqlite3.DatabaseError(fault)
                self._prepare()
                if self._log:
                    # SQLite forgets what stands behind a frame that was damaged; those blocks are finished all the same.
                    frames = self._patiently("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
                    forgotten = log_behind(self._log, frames)
                    self.adopt(sound_blocks(b"", forgotten, {number: [identity] for number, identity in self.identities()}))
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        connection = self._connection
        # A file may come from elsewhere: what its schema says may call nothing but what is harmless, until the schema is known to be ours.
        connection.execute("PRAGMA trusted_schema = OFF")
        written = sorted(row[0] for row in self._patiently("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if written and application != APPLICATION_ID:
            raise LedgerError(f"{self.path} is not a theorylab ledger (another program's SQLite file); it was left as it is: name another ledger")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        known = next((number for number in range(1, SCHEMA_VERSION + 1) if sorted(statements(number)) == written), None)
        if written and known is None and version > SCHEMA_VERSION:
            raise LedgerError(
                f"{self.path} has schema version {version}, newer than the {SCHEMA_VERSION} that this theorylab knows; "
                "it was left as it is: update theorylab or name another ledger"
            )
        if written:
            self._check_structure()
            if known != version:
                raise sqlite3.DatabaseError("its schema is not what was written")
        else:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        if self.path is not None:
            self._patiently("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        self._ours = True
        if not written or version != SCHEMA_VERSION:
            with self._transaction():
                # Another process may have done it while this one waited for the lock.
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    create(connection)
                elif connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
                    upgrade(connection)

    def _check_structure(self) -> None:
        """Look at every page: pointers, the order of rows, and whether the index of the records is that of its table."""
        status = self._patiently("PRAGMA integrity_check(1)").fetchone()[0]
        if status != "ok":
            raise sqlite3.DatabaseError(" ".join(str(status).removeprefix("*** in database main ***").split()))

    def _patiently(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Execute a statement, waiting in turn with every other process that uses this file.

        SQLite does not wait in every case (not for the switch to a write-ahead log), and where it does, Ctrl-C has to wait with it.
        """
        until = time.monotonic() + _WAIT
        while True:
            try:
                return self._connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.001, 0.02))  # by chance, so that two that collide do not keep in step

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn SQLite's errors into one-line messages; set a damaged file aside."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            # Damage comes as the class itself; its subclasses stand for a full disk, a lock, a closed connection, ...
            if type(error) is not sqlite3.DatabaseError:
                raise LedgerError(f"cannot use the ledger {self.path or 'in memory'}: {error}") from error
            raise LedgerError(self._set_aside(str(error))) from error
        except UnicodeDecodeError as error:
            # SQLite quotes the damaged bytes in its message, and Python cannot read them.
            raise LedgerError(self._set_aside("its schema is not text")) from error

    def _set_aside(self, reason: str) -> str:
        try:
            if self._file is None:
                return f"the ledger in memory is damaged ({reason})"
            if not self._ours:
                return f"{self.path} is damaged ({reason}) and does not look like a theorylab ledger; it was left as it is: name another ledger"
            with locked(self._file.parent):
                # Who writes into it still waits here, and then sees that it has gone.
                with contextlib.suppress(sqlite3.Error):
                    self._patiently("BEGIN IMMEDIATE")
                if identity_of_file(self._file) != self._opened:
                    return f"the ledger {self.path} was damaged ({reason}); another process has set it aside already: run again"
                return set_aside(self._file, self._log, reason, _new_ledger)
        finally:
            # Last, because SQLite would work on the file and its log if they still had their names.
            self.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._connection.in_transaction:  # Ctrl-C came between its beginning and its use
            self._connection.execute("ROLLBACK")
        self._patiently("BEGIN IMMEDIATE")
        try:
            if identity_of_file(self._file) != self._opened:
                raise LedgerError(f"the ledger {self.path} has been moved away or replaced since it was opened: run again")
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # what a full disk has stopped SQLite has taken back by itself
                self._connection.execute("ROLLBACK")
            raise

    def record(self, identity: str) -> int:
        """Return the number of the record with this identity, made if it is new."""
        with self._guarded():
            row = self._patiently("SELECT id FROM record WHERE identity = ?", (identity,)).fetchone()
            if row is None:
                self._patiently("INSERT OR IGNORE INTO record (identity) VALUES (?)", (identity,))
                row = self._patiently("SELECT id FROM record WHERE identity = ?", (identity,)).fetchone()
            if row is None or not isinstance(row[0], int):
                raise sqlite3.DatabaseError("the index of the records is not what was written")
            self._seeds[row[0]] = checksum_seed(identity)
            return row[0]

    def _seed(self, record: int) -> int:
        if record not in self._seeds:
            row = self._connection.execute("SELECT identity FROM record WHERE id = ?", (record,)).fetchone()
            self._seeds[record] = checksum_seed(str(row[0]) if row else "")
        return self._seeds[record]

    def insert(self, record: int, first: int, vectors: np.ndarray) -> None:
        """Keep the moment vectors (B, m) of blocks ``first``, ``first + 1``, ... in one transaction; blocks already there stay."""
        self.insert_runs(record, [(first, vectors)])

    def insert_runs(self, record: int, runs: Iterable[tuple[int, np.ndarray]]) -> None:
        """Keep several runs of blocks, each as (first, vectors) of `insert`, in one transaction: committing costs as much as many rows."""
        kept = [(first, np.ascontiguousarray(vectors, dtype="<f8")) for first, vectors in runs]
        # A row at a time: a long task of short blocks is large enough without a copy of it.
        blobs = ((first + offset, vector.tobytes()) for first, vectors in kept for offset, vector in enumerate(vectors))
        ranges = [(record, first, first + len(vectors) - 1) for first, vectors in kept]
        with self._guarded(), self._transaction():
            seed = self._seed(record)
            rows = ((record, number, blob, checksum(seed, number, blob)) for number, blob in blobs)
            self._connection.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?)", rows)
            self._connection.executemany("DELETE FROM failure WHERE record = ? AND number BETWEEN ? AND ?", ranges)

    def fail(self, record: int, number: int, message: str) -> None:
        """Keep the message of a block that could not be drawn; the next run tries it again."""
        with self._guarded(), self._transaction():
            self._connection.execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", (record, number, message))

    def missing(self, record: int, blocks: int) -> list[int]:
        """Return which of the blocks 0 to ``blocks - 1`` are not there yet."""
        with self._guarded():
            query = "FROM block WHERE record = ? AND number < ?"
            # All there, as after the first look of every later question: no list of numbers is needed to say so.
            if self._connection.execute(f"SELECT count(*) {query} AND number >= 0", (record, blocks)).fetchone()[0] == blocks:
                return []
            rows = self._connection.execute(f"SELECT number {query}", (record, blocks)).fetchall()
        there = {row[0] for row in rows}
        return [number for number in range(blocks) if number not in there]

    def vectors(self, record: int, blocks: int) -> np.ndarray:
        """Return the moment vectors of blocks 0 to ``blocks - 1``, shape (blocks, m), each checked against its checksum."""
        return self.vectors_between(record, 0, blocks)

    def vectors_between(self, record: int, first: int, last: int) -> np.ndarray:
        """Return the moment vectors of blocks ``first`` to ``last - 1``, each checked against its checksum."""
        with self._guarded():
            # From the start also those with a number below 0, where only damage can have put them.
            least = first if first > 0 else -(2**63)
            rows = self._connection.execute(
                "SELECT number, moments, checksum FROM block WHERE record = ? AND number >= ? AND number < ? ORDER BY number", (record, least, last)
            ).fetchall()
            # First the damage, which may have moved a block to a place where it is counted twice or not at all; then the count.
            seed = self._seed(record)
            for number, blob, written in rows:
                if not sound(seed, number, blob, written):
                    raise sqlite3.DatabaseError(f"block {number!r} of record {record} fails its checksum")
            if len({len(blob) for _, blob, _ in rows}) > 1 or any(len(blob) % 8 for _, blob, _ in rows):
                raise sqlite3.DatabaseError(f"the blocks of record {record} are not of one length")
            if len(rows) != last - first:
                self._check_structure()  # a wrong pointer may hide rows
                where = f"blocks {first} to {last - 1}" if first else f"first {last} blocks"
                raise LedgerError(f"the ledger holds {len(rows)} of the {where} of record {record}")
        return np.frombuffer(b"".join(row[1] for row in rows), dtype="<f8").reshape(last - first, -1)

    def info(self) -> LedgerInfo:
        """Return what the ledger holds."""
        with self._guarded():
            counts = [int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in ("record", "block", "failure")]
            size = self._connection.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()").fetchone()[0]
        records, blocks, failures = counts
        return LedgerInfo(str(self.path or ":memory:"), SCHEMA_VERSION, records, blocks, failures, int(size))

    def identities(self) -> list[tuple[int, str]]:
        """Return (number, identity) of every record."""
        with self._guarded():
            rows = self._connection.execute("SELECT id, identity FROM record ORDER BY id").fetchall()
            if not all(isinstance(number, int) and isinstance(identity, str) for number, identity in rows):
                raise sqlite3.DatabaseError("the records are not what was written")
        return rows

    def verify(self) -> Iterable[str]:
        """Yield one line for everything that is wrong: structure, checksums, orphaned blocks."""
        with self._guarded():
            for row in self._connection.execute("PRAGMA integrity_check"):
                if row[0] != "ok":
                    yield str(row[0])
            self._seeds.clear()
            for record, number, blob, written in self._connection.execute("SELECT record, number, moments, checksum FROM block"):
                if not sound(self._seed(record), number, blob, written):
                    yield f"block {number!r} of record {record!r} fails its checksum"
            orphans = "SELECT DISTINCT record FROM block WHERE record NOT IN (SELECT id FROM record)"
            for row in self._connection.execute(orphans):
                yield f"blocks belong to record {row[0]!r}, which does not exist"

    def adopt(self, found: Iterable[FoundBlock]) -> int:
        """Take over blocks, each as (identity of its record, number, bytes of its moments), that this ledger lacks; return how many."""
        there: dict[str, set[int]] = {}
        taken, rest = 0, iter(found)
        with self._guarded():
            while batch := list(islice(rest, _BATCH)):
                lacking = []
                for identity, number, moments in batch:
                    if identity not in there:
                        query = "SELECT number FROM block JOIN record ON record.id = block.record WHERE identity = ?"
                        there[identity] = {row[0] for row in self._connection.execute(query, (identity,))}
                    if number not in there[identity]:
                        there[identity].add(number)
                        lacking.append((identity, number, moments))
                if lacking:
                    with self._transaction():
                        records = {identity: self.record(identity) for identity in dict.fromkeys(row[0] for row in lacking)}
                        sealed = ((records[name], number, blob, checksum(self._seed(records[name]), number, blob)) for name, number, blob in lacking)
                        self._connection.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?)", sealed)
                taken += len(lacking)
        return taken

    def merge(self, other: str | Path) -> int:
        """Add every block of another ledger that this one lacks (first come stays); return how many were added."""
        source = Path(other)
        if not source.exists():
            raise LedgerError(f"there is no ledger {source}")
        if self.path is not None and self.path.exists() and source.samefile(self.path):
            raise LedgerError(f"cannot merge the ledger {source} into itself")
        theirs = Ledger(source)  # refuses foreign and damaged files, with its own message
        try:
            faults = list(theirs.verify())
        finally:
            theirs.close()
        if faults:
            raise LedgerError(f"cannot merge the ledger {source}, nothing was added: {faults[0]}")
        with self._guarded():
            self._connection.execute("ATTACH DATABASE ? AS other", (str(source.absolute()),))
            try:
                before = self._connection.execute("SELECT count(*) FROM main.block").fetchone()[0]
                with self._transaction():
                    self._connection.execute(
                        "INSERT OR IGNORE INTO main.record (identity, created) SELECT identity, created FROM other.record ORDER BY id"
                    )
                    self._connection.execute(
                        "INSERT OR IGNORE INTO main.block SELECT here.id, theirs.number, theirs.moments, theirs.checksum "
                        "FROM other.block AS theirs JOIN other.record AS there ON there.id = theirs.record "
                        "JOIN main.record AS here ON here.identity = there.identity"
                    )
                after = self._connection.execute("SELECT count(*) FROM main.block").fetchone()[0]
            finally:
                self._connection.execute("DETACH DATABASE other")
        return int(after - before)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._let_go()


def _new_ledger(path: Path, found: Iterable[FoundBlock]) -> int:
    ledger = Ledger(path)
    try:
        return ledger.adopt(found)
    finally:
        ledger.close()
