"""What a ledger's file looks like inside: its tables, the checksum of a block, and the way from the older schema to the present one."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator

__all__ = ["APPLICATION_ID", "PAGE_BYTES", "SCHEMA_VERSION", "checksum", "checksum_seed", "create", "sound", "statements", "upgrade"]

SCHEMA_VERSION = 2
APPLICATION_ID = 0x74686C62  # "thlb"
PAGE_BYTES = 4096
_RECORD = """CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
)"""
_BLOCK = """CREATE TABLE block (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    moments BLOB NOT NULL,
    checksum INTEGER NOT NULL,{comment}
    PRIMARY KEY (record, number)
) WITHOUT ROWID"""
_FAILURE = """CREATE TABLE failure (
    record INTEGER NOT NULL REFERENCES record(id),
    number INTEGER NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (record, number)
) WITHOUT ROWID"""
# The texts of two versions differ, always: so a damaged version number is told from a true one. In version 1 the checksum was that of number and
# moments, and a block that damage had moved to another record passed for one of its own.
_COMMENTS = {1: "", 2: " -- of the identity of the record, the number and the moments"}


def statements(version: int = SCHEMA_VERSION) -> list[str]:
    """Return the statements that make the tables, as SQLite keeps them."""
    return [_RECORD, _BLOCK.format(comment=_COMMENTS[version]), _FAILURE]


def create(connection: sqlite3.Connection) -> None:
    """Make the tables; the caller holds a transaction."""
    for statement in statements():
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def checksum_seed(identity: str) -> int:
    """Return what the checksums of a record's blocks start from."""
    return zlib.crc32(identity.encode("utf-8", "surrogatepass"))


def checksum(seed: int, number: int, moments: bytes) -> int:
    """Return the checksum of a block: of the identity of its record (see `checksum_seed`), its number and its moments."""
    return zlib.crc32(moments, zlib.crc32(number.to_bytes(8, "little"), seed))


def sound(seed: int, number: object, moments: object, written: object) -> bool:
    """Tell whether a row is what was written; damage may have changed even the types of its columns, and the sign of its number."""
    return isinstance(number, int) and number >= 0 and isinstance(moments, bytes) and checksum(seed, number, moments) == written


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring a ledger of version 1, whose structure is known to be sound, to the present schema; the caller holds a transaction.

    Raises
    ------
    sqlite3.DatabaseError
        If a block is not what was written.
    """
    connection.execute("ALTER TABLE block RENAME TO older_block")
    connection.execute(statements()[1])
    connection.executemany("INSERT INTO block VALUES (?, ?, ?, ?)", _sealed_anew(connection))
    connection.execute("DROP TABLE older_block")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _sealed_anew(connection: sqlite3.Connection) -> Iterator[tuple[int, int, bytes, int]]:
    seeds = {record: checksum_seed(identity) for record, identity in connection.execute("SELECT id, identity FROM record")}
    for record, number, moments, written in connection.execute("SELECT record, number, moments, checksum FROM older_block ORDER BY record, number"):
        if record not in seeds or not sound(0, number, moments, written):
            raise sqlite3.DatabaseError(f"block {number!r} of record {record!r} fails its checksum")
        yield record, number, moments, checksum(seeds[record], number, moments)
