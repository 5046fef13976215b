"""The commands on ledgers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from theorylab.project import project_root, relative

__all__ = ["ledger_app"]

ledger_app = typer.Typer(help="Look at, check and merge ledgers.", no_args_is_help=True)


def _open_ledger(path: Path | None) -> Any:
    from theorylab.montecarlo.ledger import Ledger, LedgerError

    file = path if path is not None else project_root() / "results" / "ledger.sqlite"
    if not file.exists():
        raise LedgerError(f"there is no ledger {relative(file)}")
    return Ledger(file)


@ledger_app.command("info")
def ledger_info(
    path: Annotated[Path | None, typer.Argument(help="Ledger file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a ledger holds."""
    information = vars(_open_ledger(path).info())
    if as_json:
        print(json.dumps(information, indent=1))
        return
    for key, value in information.items():
        print(f"{key.replace('_', ' '):<15} {value:,}" if isinstance(value, int) else f"{key.replace('_', ' '):<15} {value}")


@ledger_app.command("verify")
def ledger_verify(path: Annotated[Path | None, typer.Argument(help="Ledger file.")] = None) -> None:
    """Check structure and checksums of a ledger; exit code 1 if something is wrong."""
    ledger = _open_ledger(path)
    troubles = list(ledger.verify())
    for trouble in troubles:
        print(trouble)
    if troubles:
        raise typer.Exit(1)
    print(f"{relative(ledger.path)}: {ledger.info().blocks:,} blocks, all sound")


@ledger_app.command("merge")
def ledger_merge(
    target: Annotated[Path, typer.Argument(help="Ledger that takes the blocks.")],
    sources: Annotated[list[Path], typer.Argument(help="Ledgers whose blocks are added; they stay as they are.")],
) -> None:
    """Add the blocks of other ledgers to one; what is there already stays."""
    from theorylab.montecarlo.ledger import Ledger

    ledger = Ledger(target)
    for source in sources:
        print(f"{relative(source)}: {ledger.merge(source):,} blocks added")
