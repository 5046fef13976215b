"""The ledger: one SQLite file that remembers the moments of every block ever drawn.

A row is keyed by (record, block), so inserting twice changes nothing, several processes may write one ledger, and ledgers of two machines
merge. Nothing is ever overwritten: a damaged file is set aside under another name.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Ledger", "LedgerError", "LedgerInfo"]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x74686C62  # "thlb"
# Seconds that a lock of another process is waited for.
_WAIT = 60.0
_SQLITE_HEADER = b"SQLite format 3\x00"
# Where an SQLite file keeps its application id.
_APPLICATION_BYTES = slice(68, 72)
_SCHEMA = """
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
CREATE TABLE block (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    moments BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (record, number)
) WITHOUT ROWID;
CREATE TABLE failure (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (record, number)
) WITHOUT ROWID;
"""
_STATEMENTS = [statement.strip() for statement in _SCHEMA.split(";") if statement.strip()]


class LedgerError(RuntimeError):
    """The ledger cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class LedgerInfo:
    """What a ledger holds."""

    path: str
    schema_version: int
    records: int
    blocks: int
    failures: int
    bytes: int


def _checksum(number: int, moments: bytes) -> int:
    return zlib.crc32(moments, zlib.crc32(number.to_bytes(8, "little")))


def _sound(number: object, moments: object, checksum: object) -> bool:
    """Tell whether a row is what was written; damage may have changed even the types of its columns, and the sign of its number."""
    return isinstance(number, int) and number >= 0 and isinstance(moments, bytes) and _checksum(number, moments) == checksum


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
        self.path = None if path is None else Path(path)
        # Only a file that is known to be a ledger may ever be set aside, and only while it is still the one that was opened.
        self._ours = False
        self._opened: tuple[int, int] | None = None
        if "\0" in str(path):
            raise LedgerError(f"the name of a ledger must not hold a NUL character; got {str(path)!r}")
        if self.path is not None:
            self._ours = self._is_ledger(self.path)
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LedgerError(f"cannot make the folder of the ledger {self.path}: {error.strerror or error}") from error
        try:
            # An absolute path, since SQLite would take a name such as "file:x?mode=memory" or ":memory:" for something else than a file.
            place = ":memory:" if self.path is None else str(self.path.absolute())
            self._connection = sqlite3.connect(place, timeout=_WAIT, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise LedgerError(f"cannot open the ledger {self.path}: {error}") from error
        with self._guarded():
            self._prepare()

    @staticmethod
    def _is_ledger(path: Path) -> bool:
        """Tell from the header, without SQLite, whether the file is a ledger; a new or empty one is not yet.

        Raises
        ------
        LedgerError
            If the header is that of something else.
        """
        try:
            if not path.exists():
                return False
            with path.open("rb") as stream:
                header = stream.read(_APPLICATION_BYTES.stop)
        except OSError as error:
            raise LedgerError(f"cannot read the ledger {path}: {error.strerror or error}") from error
        if header and not header.startswith(_SQLITE_HEADER):
            raise LedgerError(f"{path} is not a theorylab ledger (not an SQLite file); it was left as it is: name another ledger")
        application = int.from_bytes(header[_APPLICATION_BYTES], "big")
        if application not in (0, APPLICATION_ID):
            raise LedgerError(f"{path} is not a theorylab ledger (another program's SQLite file); it was left as it is: name another ledger")
        return application == APPLICATION_ID

    def _prepare(self) -> None:
        connection = self._connection
        self._opened = self._identity_of_file()
        # A file may come from elsewhere: what its schema says may call nothing but what is harmless, until the schema is known to be ours.
        connection.execute("PRAGMA trusted_schema = OFF")
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if tables and application != APPLICATION_ID:
            self._connection.close()
            raise LedgerError(f"{self.path} is not a theorylab ledger (another program's SQLite file); it was left as it is: name another ledger")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if tables and version > SCHEMA_VERSION:
            self._connection.close()
            raise LedgerError(
                f"{self.path} has schema version {version}, newer than the {SCHEMA_VERSION} that this theorylab knows; "
                "it was left as it is: update theorylab or name another ledger"
            )
        if self.path is not None:
            status = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if status != "ok":
                raise sqlite3.DatabaseError(status)
            written = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
            if tables and sorted(written) != sorted(_STATEMENTS):
                raise sqlite3.DatabaseError("its schema is not what was written")
            self._keep_write_ahead_log()
            connection.execute("PRAGMA synchronous = NORMAL")
        self._ours = True
        if not tables:
            with self._transaction():
                # Another process may have made the tables while this one waited for the lock.
                if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    for statement in _STATEMENTS:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _keep_write_ahead_log(self) -> None:
        """Switch to a write-ahead log, in turn with every other process that opens this file for the first time.

        SQLite makes a connection wait for a lock, but not for this switch: it fails at once while another connection looks at the file.
        """
        until = time.monotonic() + _WAIT
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
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

    def _identity_of_file(self) -> tuple[int, int] | None:
        if self.path is None or not self.path.exists():
            return None
        status = self.path.stat()
        return status.st_dev, status.st_ino

    def _set_aside(self, reason: str) -> str:
        self._connection.close()
        if self.path is None:
            return f"the ledger in memory is damaged ({reason})"
        if not self._ours:
            return f"{self.path} is damaged ({reason}) and does not look like a theorylab ledger; it was left as it is: name another ledger"
        if self._identity_of_file() != self._opened:
            return f"the ledger {self.path} was damaged ({reason}); another process has set it aside already: run again"
        stamp = time.strftime("%Y%m%d-%H%M%S")
        target = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        number = 1
        while target.exists():
            number += 1
            target = self.path.with_name(f"{self.path.name}.damaged-{stamp}-{number}")
        try:
            for suffix in ("", "-wal", "-shm"):
                source = self.path.with_name(self.path.name + suffix)
                if source.exists():
                    source.rename(target.with_name(target.name + suffix))
        except OSError as error:
            return f"the ledger {self.path} is damaged ({reason}) and could not be set aside: {error.strerror or error}"
        return f"the ledger {self.path} was damaged ({reason}); it is kept as {target.name}: run again to start a new one"

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def record(self, identity: str) -> int:
        """Return the number of the record with this identity, made if it is new."""
        with self._guarded():
            row = self._connection.execute("SELECT id FROM record WHERE identity = ?", (identity,)).fetchone()
            if row is None:
                self._connection.execute("INSERT OR IGNORE INTO record (identity) VALUES (?)", (identity,))
                row = self._connection.execute("SELECT id FROM record WHERE identity = ?", (identity,)).fetchone()
            if row is None or not isinstance(row[0], int):
                raise sqlite3.DatabaseError("the index of the records is not what was written")
            return row[0]

    def insert(self, record: int, first: int, vectors: np.ndarray) -> None:
        """Keep the moment vectors (B, m) of blocks ``first``, ``first + 1``, ... in one transaction; blocks already there stay."""
        self.insert_runs(record, [(first, vectors)])

    def insert_runs(self, record: int, runs: Iterable[tuple[int, np.ndarray]]) -> None:
        """Keep several runs of blocks, each as (first, vectors) of `insert`, in one transaction: committing costs as much as many rows."""
        kept = [(first, np.ascontiguousarray(vectors, dtype="<f8")) for first, vectors in runs]
        # A row at a time: a long task of short blocks is large enough without a copy of it.
        blobs = ((first + offset, vector.tobytes()) for first, vectors in kept for offset, vector in enumerate(vectors))
        rows = ((record, number, blob, _checksum(number, blob)) for number, blob in blobs)
        ranges = [(record, first, first + len(vectors) - 1) for first, vectors in kept]
        with self._guarded(), self._transaction():
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
            for number, blob, checksum in rows:
                if not _sound(number, blob, checksum):
                    raise sqlite3.DatabaseError(f"block {number!r} of record {record} fails its checksum")
            if len({len(blob) for _, blob, _ in rows}) > 1 or any(len(blob) % 8 for _, blob, _ in rows):
                raise sqlite3.DatabaseError(f"the blocks of record {record} are not of one length")
            if len(rows) != last - first:
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
            for record, number, blob, checksum in self._connection.execute("SELECT record, number, moments, checksum FROM block"):
                if not _sound(number, blob, checksum):
                    yield f"block {number!r} of record {record!r} fails its checksum"
            orphans = "SELECT DISTINCT record FROM block WHERE record NOT IN (SELECT id FROM record)"
            for row in self._connection.execute(orphans):
                yield f"blocks belong to record {row[0]!r}, which does not exist"

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
