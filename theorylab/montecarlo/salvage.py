"""Finding the blocks of a damaged ledger, byte by byte, without SQLite.

SQLite gives up a whole file when a pointer in it is wrong, and forgets all of a write-ahead log from the first frame that is damaged. A block
needs neither pointers nor frames to be known: a row holds the numbers of its record and of itself, its moments, and a checksum of all this
and of the identity of its record. So every place that looks like the beginning of a row is tried, and what passes its checksum is a block.

The file format is that of https://www.sqlite.org/fileformat2.html: a row is a header (its length, then a type for each column, all as
varints) and the values. What is too long for its page goes on in a chain of other pages.
"""

from __future__ import annotations

import mmap
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from theorylab.montecarlo.ledger_schema import PAGE_BYTES, checksum_seed, sound

__all__ = ["FoundBlock", "sound_blocks"]

# Identity of the record, number, and the bytes of the moments.
FoundBlock = tuple[str, int, bytes]
Bytes = bytes | mmap.mmap

_INTEGER = rb"([\x01-\x06\x08\x09])"
_LENGTH = rb"([\x80-\xff]{0,2}[\x00-\x7f])"
# Look-aheads, since what looks like a row may overlap with one.
_BLOCK = re.compile(rb"(?=([\x05-\x07])" + _INTEGER + _INTEGER + _LENGTH + _INTEGER + rb")", re.DOTALL)
# A row of the table: no id (it stands before the row), the identity, and the time, a text of 20 letters.
_RECORD = re.compile(rb"(?=([\x04-\x06])\x00" + _LENGTH + rb"\x35)", re.DOTALL)
# A row of the index: the identity and the id.
_ENTRY = re.compile(rb"(?=([\x03-\x05])" + _LENGTH + _INTEGER + rb")", re.DOTALL)
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}
_LOG_HEADER, _FRAME_HEADER = 32, 24
# Two random numbers, in the head of the log and of every frame of it.
_LOG_SALTS, _FRAME_SALTS = slice(16, 24), slice(8, 16)
# Where pages of a chain are there in several forms, not more than so many combinations are tried.
_MOST_FORMS = 512


def sound_blocks(main: Bytes, log: Bytes = b"", known: Mapping[int, Iterable[str]] | None = None) -> Iterator[FoundBlock]:
    """Yield every block that passes its checksum, some more than once.

    Parameters
    ----------
    main, log
        The bytes of the file and of its write-ahead log, whatever is left of them.
    known
        Identities of records by their numbers, beside those that the bytes tell.
    """
    pages = _Pages(main, log)
    identities: dict[int, set[str]] = {number: set(texts) for number, texts in (known or {}).items()}
    for page in pages.all():
        for number, identity in _identities(page, pages):
            identities.setdefault(number, set()).add(identity)
    seeds = {number: [(checksum_seed(text), text) for text in sorted(texts)] for number, texts in identities.items()}
    for page in pages.all():
        for match in _BLOCK.finditer(page):
            yield from _blocks_at(page, match, pages, seeds)


def log_behind(log: bytes, frames: int) -> bytes:
    """Return a log of what SQLite does not take for part of a ledger, of which it knows so many ``frames``.

    Frames of an earlier round, whose salts are not those of the log, are left out: all of them were in the file before the log began anew.
    """
    size = _FRAME_HEADER + PAGE_BYTES
    rest = [log[place : place + size] for place in range(_LOG_HEADER + max(frames, 0) * size, len(log), size)]
    if frames > 0:
        salts = Counter(frame[_FRAME_SALTS] for frame in rest)
        # Salts that only one frame has are damaged ones.
        rest = [frame for frame in rest if frame[_FRAME_SALTS] == log[_LOG_SALTS] or salts[frame[_FRAME_SALTS]] == 1]
    return log[:_LOG_HEADER] + b"".join(rest)


class _Pages:
    """The pages of a file and those in its log; of one number there may be several forms."""

    def __init__(self, main: Bytes, log: Bytes) -> None:
        self._main, self._log = main, log
        self._frames: dict[int, list[int]] = {}
        for place in range(_LOG_HEADER, len(log), _FRAME_HEADER + PAGE_BYTES):
            self._frames.setdefault(int.from_bytes(log[place : place + 4], "big"), []).append(place + _FRAME_HEADER)

    def all(self) -> Iterator[bytes]:
        """Yield every page in every form."""
        for place in range(0, len(self._main), PAGE_BYTES):
            yield self._main[place : place + PAGE_BYTES]
        for places in self._frames.values():
            for place in places:
                yield self._log[place : place + PAGE_BYTES]

    def forms(self, number: int) -> list[bytes]:
        """Return the different forms of one page, the newest first."""
        found = [self._log[place : place + PAGE_BYTES] for place in reversed(self._frames.get(number, []))]
        if 0 < number <= -(-len(self._main) // PAGE_BYTES):
            found.append(self._main[(number - 1) * PAGE_BYTES : number * PAGE_BYTES])
        return list(dict.fromkeys(found))

    def chains(self, number: int, length: int, *, exact: bool = False) -> Iterator[bytes]:
        """Yield what ``length`` bytes in the chain of pages that begins with ``number`` may be.

        Unless all numbers are to be ``exact``, also where one frame of the log has a number that is wrong by one bit.
        """
        if length == 0:
            yield b""
            return
        pages = [(page, exact) for page in self.forms(number)]
        if not exact:
            pages += [(page, True) for bit in range(32) for page in self.forms(number ^ 1 << bit)]
        part = min(length, PAGE_BYTES - 4)
        for page, all_exact in pages:
            if len(page) >= 4 + part:
                for rest in self.chains(int.from_bytes(page[:4], "big"), length - part, exact=all_exact):
                    yield page[4 : 4 + part] + rest

    def rows(self, page: bytes, start: int, length: int, *, in_table: bool = False) -> Iterator[bytes]:
        """Yield what the row of ``length`` bytes that starts at ``start`` of ``page`` may be."""
        most = PAGE_BYTES - 35 if in_table else (PAGE_BYTES - 12) * 64 // 255 - 23
        if length <= most:
            if start + length <= len(page):
                yield page[start : start + length]
            return
        least = (PAGE_BYTES - 12) * 32 // 255 - 23
        local = least + (length - least) % (PAGE_BYTES - 4)
        local = local if local <= most else least
        end = start + local
        if end + 4 <= len(page):
            for rest in islice(self.chains(int.from_bytes(page[end : end + 4], "big"), length - local), _MOST_FORMS):
                yield page[start:end] + rest


def _varint(coded: bytes) -> int:
    value = 0
    for byte in coded:
        value = value << 7 | byte & 0x7F
    return value


def _coded(value: int) -> bytes:
    """Return the varint of a number below 2^56."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(0x80 | value & 0x7F)
    return bytes(reversed(parts))


def _integer(kind: int, coded: bytes) -> int:
    return kind - 8 if kind in (8, 9) else int.from_bytes(coded, "big", signed=True)


def _blocks_at(page: bytes, match: re.Match[bytes], pages: _Pages, seeds: Mapping[int, list[tuple[int, str]]]) -> Iterator[FoundBlock]:
    start, head = match.start(), len(match[4]) + 4
    kind = _varint(match[4])
    if match[1][0] != head or kind < 12 or kind % 2:
        return
    kinds = (match[2][0], match[3][0], match[5][0])
    ends = [head]
    for width in (_INTEGER_BYTES[kinds[0]], _INTEGER_BYTES[kinds[1]], (kind - 12) // 2, _INTEGER_BYTES[kinds[2]]):
        ends.append(ends[-1] + width)
    # The first numbers are always in the page itself: most of what is no row ends here.
    candidates = seeds.get(_integer(kinds[0], page[start + ends[0] : start + ends[1]]), ())
    if not candidates:
        return
    for row in pages.rows(page, start, ends[4]):
        number, moments, written = _integer(kinds[1], row[ends[1] : ends[2]]), row[ends[2] : ends[3]], _integer(kinds[2], row[ends[3] :])
        for seed, identity in candidates:
            if sound(seed, number, moments, written):
                yield identity, number, moments
                return


def _identities(page: bytes, pages: _Pages) -> Iterator[tuple[int, str]]:
    """Yield (number, identity) of what looks like a record in a page, from the table and from its index."""
    for match in _RECORD.finditer(page):
        start, head, kind = match.start(), len(match[2]) + 3, _varint(match[2])
        if match[1][0] != head or kind < 13 or kind % 2 == 0:
            continue
        width = (kind - 13) // 2
        numbers = _numbers_before(page, start, head + width + 20)
        for row in pages.rows(page, start, head + width + 20, in_table=True) if numbers else ():
            if (text := _text(row[head : head + width])) is not None:
                yield from ((number, text) for number in numbers)
    for match in _ENTRY.finditer(page):
        start, head, kind = match.start(), len(match[2]) + 2, _varint(match[2])
        if match[1][0] != head or kind < 13 or kind % 2 == 0:
            continue
        width, integer = (kind - 13) // 2, match[3][0]
        length = head + width + _INTEGER_BYTES[integer]
        if page[max(0, start - len(_coded(length))) : start] != _coded(length):
            continue
        for row in pages.rows(page, start, length):
            if (text := _text(row[head : head + width])) is not None:
                yield _integer(integer, row[head + width :]), text


def _numbers_before(page: bytes, start: int, length: int) -> list[int]:
    """Return the numbers that may stand before a row of a table, after the length of the row."""
    coded = _coded(length)
    found = []
    for width in range(1, 9):
        number = page[max(0, start - width) : start]
        before = page[max(0, start - width - len(coded)) : max(0, start - width)]
        if before == coded and len(number) == width and number[-1] < 0x80 and all(byte >= 0x80 for byte in number[:-1]):
            found.append(_varint(number))
    return found


def _text(coded: bytes) -> str | None:
    try:
        text = coded.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
