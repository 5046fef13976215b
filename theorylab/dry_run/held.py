"""What a ledger holds, read without touching the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from theorylab.montecarlo.ledger import LedgerError
from theorylab.montecarlo.ledger_schema import APPLICATION_ID

__all__ = ["HeldBlocks"]


class HeldBlocks:
    """Counts blocks of a ledger that exists, or none.

    Parameters
    ----------
    path
        The file; None or a file that does not exist for a ledger that holds nothing.

    Raises
    ------
    LedgerError
        If the file is not a ledger or cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        # A ledger that another process has just made is still empty.
        self.path = path if path is not None and path.exists() and path.stat().st_size else None
        self._connection: sqlite3.Connection | None = None
        if self.path is None:
            return
        # A log beside the file belongs to a ledger in use. Without one the file is complete, and SQLite need not make one to read it.
        in_use = self.path.with_name(self.path.name + "-wal").exists()
        try:
            self._connection = sqlite3.connect(f"file:{quote(str(self.path.resolve()))}?{'mode=ro' if in_use else 'immutable=1'}", uri=True)
            # As where a ledger is opened for drawing: what its schema says may call nothing but what is harmless.
            self._connection.execute("PRAGMA trusted_schema = OFF")
            application = self._connection.execute("PRAGMA application_id").fetchone()[0]
        except sqlite3.Error as error:
            raise LedgerError(f"cannot read the ledger {self.path}: {error}") from error
        if application != APPLICATION_ID:
            raise LedgerError(f"{self.path} is not a theorylab ledger (another program's SQLite file): name another ledger")

    def blocks(self, identity: str, blocks: int) -> int:
        """Return how many of the blocks 0 to ``blocks - 1`` of a record are there."""
        if self._connection is None:
            return 0
        query = "SELECT count(*) FROM block JOIN record ON record.id = block.record WHERE record.identity = ? AND block.number < ?"
        try:
            return int(self._connection.execute(query, (identity, blocks)).fetchone()[0])
        except sqlite3.Error as error:
            raise LedgerError(f"cannot read the ledger {self.path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
