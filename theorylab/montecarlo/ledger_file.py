"""A ledger's file from outside: whether it is one, what its write-ahead log holds, and putting it aside when it is damaged."""

from __future__ import annotations

import contextlib
import mmap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from theorylab.montecarlo.ledger_schema import APPLICATION_ID, PAGE_BYTES, SCHEMA_VERSION, statements
from theorylab.montecarlo.salvage import FoundBlock, sound_blocks

__all__ = ["LedgerError", "identity_of_file", "log_of", "look_at_header", "set_aside"]

_SQLITE_HEADER = b"SQLite format 3\x00"
_HEADER_BYTES = 100
# Places of numbers in the header of an SQLite file.
_VERSIONS, _FRACTIONS, _FORMAT, _ENCODING, _USER_VERSION, _APPLICATION = slice(18, 20), slice(21, 24), 47, 59, slice(60, 64), slice(68, 72)


# How many ledgers of this process have a file open.
_held: Counter[tuple[int, int] | None] = Counter()
_changing = threading.Lock()


class LedgerError(RuntimeError):
    """The ledger cannot be used; the message says why and what to do."""


def hold(identity: tuple[int, int] | None) -> Callable[[], None]:
    """Note that a ledger of this process has a file open; return what to call when it no longer has."""

    def let_go() -> None:
        with _changing:
            _held[identity] -= 1

    with _changing:
        _held[identity] += 1
    return let_go


def log_of(path: Path) -> bytes:
    """Return the write-ahead log that lies beside a ledger, as it is before SQLite has looked at it."""
    try:
        return path.with_name(path.name + "-wal").read_bytes()
    except OSError:
        return b""


def identity_of_file(path: Path | None) -> tuple[int, int] | None:
    """Return what tells a file from another one that may take its name later; None if there is none."""
    try:
        status = path.stat() if path is not None else None
    except OSError:
        return None
    return None if status is None else (status.st_dev, status.st_ino)


def look_at_header(path: Path, log: bytes) -> tuple[bool, str]:
    """Tell without SQLite whether the file is a ledger, and what of its header is not what was written; a new or empty file is none yet.

    A ledger is known by two of three marks, SQLite's, the number of this application and the text of the tables, so that damage to one of them
    does not make it a stranger.

    Raises
    ------
    LedgerError
        If the file is something else, or cannot be read.
    """
    # To open a file and close it again drops all locks that this process has on it, SQLite's too; the next process to leave would delete its log.
    identity = identity_of_file(path)
    if identity is not None and _held[identity] > 0:
        return True, ""
    try:
        if not path.exists():
            return False, ""
        with path.open("rb") as stream:
            page = stream.read(PAGE_BYTES)
    except OSError as error:
        raise LedgerError(f"cannot read the ledger {path}: {error.strerror or error}") from error
    if not page:
        return False, ""
    application = int.from_bytes(page[_APPLICATION], "big")
    version = _version_in(page)
    ours = application == APPLICATION_ID
    if not page.startswith(_SQLITE_HEADER):
        # The tables may still be in the log alone.
        if ours and (version or _version_in(log)):
            return True, "its header is not that of an SQLite file"
        raise LedgerError(f"{path} is not a theorylab ledger (not an SQLite file); it was left as it is: name another ledger")
    if len(page) < _HEADER_BYTES:
        return True, "it ends within its header"
    if version:
        return True, _fault(page, version)
    if application not in (0, APPLICATION_ID):
        raise LedgerError(f"{path} is not a theorylab ledger (another program's SQLite file); it was left as it is: name another ledger")
    return ours, ""


def _version_in(page: bytes) -> int:
    """Return the version whose tables are described in these bytes; 0 if there is none."""
    return next((number for number in range(1, SCHEMA_VERSION + 1) if all(text.encode() in page for text in statements(number))), 0)


def _fault(page: bytes, version: int) -> str:
    """Return what is wrong with the header of a ledger of this version: SQLite takes some of it for a file of another kind, not for damage."""
    fixed = set(page[_VERSIONS]) <= {1, 2} and tuple(page[_FRACTIONS]) == (64, 32, 32) and page[_FORMAT] == 4 and page[_ENCODING] == 1
    numbers = int.from_bytes(page[_USER_VERSION], "big"), int.from_bytes(page[_APPLICATION], "big")
    return "" if fixed and numbers == (version, APPLICATION_ID) else "its header is not what was written"


@contextlib.contextmanager
def _bytes_of(path: Path) -> Iterator[bytes | mmap.mmap]:
    with path.open("rb") as stream:
        if path.stat().st_size == 0:
            yield b""
            return
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def set_aside(path: Path, log: bytes, reason: str, keep: Callable[[Path, Iterable[FoundBlock]], int]) -> str:
    """Give a damaged ledger another name and put a new one with its sound blocks in its place; return the message for the user.

    Parameters
    ----------
    path
        The damaged file.
    log
        Its write-ahead log as it was before SQLite looked at it.
    reason
        What is wrong with it.
    keep
        Makes a ledger of blocks and says how many it took; it may raise `LedgerError`.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    draft = path.with_name(f"{path.name}.salvaged")
    try:
        _remove(draft)
        with _bytes_of(path) as main:
            kept = keep(draft, _all_blocks(main, log, log_of(path)))
        path.rename(target)
        # The log belongs to it, if there is anything in it; the third file says only where in the log a page is.
        if log_of(path):
            path.with_name(f"{path.name}-wal").rename(f"{target}-wal")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        if kept:
            draft.rename(path)
    except (OSError, LedgerError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else error
        return f"the ledger {path} is damaged ({reason}) and could not be set aside: {why}"
    finally:
        with contextlib.suppress(OSError):
            _remove(draft)
    if not kept:
        return f"the ledger {path} was damaged ({reason}); it is kept as {target.name}: run again to start a new one"
    return (
        f"the ledger {path} was damaged ({reason}); it is kept as {target.name}, and its {kept:,} sound blocks are in a new one: run again to go on"
    )


def _all_blocks(main: bytes | mmap.mmap, *logs: bytes) -> Iterator[FoundBlock]:
    # SQLite may have begun the log anew since the ledger was opened.
    for log in dict.fromkeys(logs):
        yield from sound_blocks(main, log)


def _remove(file: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
