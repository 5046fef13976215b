"""A Dask cluster of real processes on this machine, for tests and tools: a scheduler, workers, and what can happen to them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["LocalProcesses", "local_processes"]

START_SECONDS = 60.0


class LocalProcesses:
    """A scheduler on a free port, which it writes into a scheduler file, and workers of one thread each that find it there.

    Attributes
    ----------
    scheduler_file
        The file, as a user would hand it to ``--scheduler``.
    """

    def __init__(self, folder: Path, scheduler_options: Sequence[str] = (), environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.scheduler_file = folder / "scheduler.json"
        self.environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **(environment or {})}
        self.workers: list[subprocess.Popen[bytes]] = []
        # Should the tests be killed before they can reap it, it ends by itself, and its workers with it.
        options = ["--port", "0", "--no-dashboard", "--idle-timeout", "300 s", "--scheduler-file", str(self.scheduler_file)]
        if not any("tls" in option for option in scheduler_options):
            options += ["--host", "127.0.0.1"]
        self.scheduler = self._start("distributed.cli.dask_scheduler", *options, *scheduler_options)

    def _start(self, module: str, *options: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"{module.rpartition('.')[2]}.log").open("ab") as log:
            # Groups of their own, so that Ctrl-C in a terminal reaches only the program under test.
            return subprocess.Popen(
                [sys.executable, "-m", module, *options],
                cwd=self.folder,
                env=self.environment | (environment or {}),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def address(self) -> str:
        """Address of the scheduler, waited for."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError, KeyError):
                return str(json.loads(self.scheduler_file.read_text())["address"])
            if self.scheduler.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the scheduler did not start:\n{self.log()}")
            time.sleep(0.05)

    def add_worker(self, *options: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one more worker; it joins when it is ready."""
        fixed = ("--scheduler-file", str(self.scheduler_file), "--no-nanny", "--nthreads", "1", "--nworkers", "1", "--no-dashboard")
        where = ("--local-directory", str(self.folder / "scratch"), "--death-timeout", "60")
        worker = self._start("distributed.cli.dask_worker", *fixed, *where, *options, environment=environment)
        self.workers.append(worker)
        return worker

    def wait_for_workers(self, count: int) -> None:
        """Wait until this many workers have joined, as a client sees it."""
        from distributed import Client

        with Client(self.address, timeout=START_SECONDS, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=START_SECONDS)

    def kill_scheduler(self) -> None:
        """SIGKILL, as when its machine goes away."""
        self.scheduler.kill()
        self.scheduler.wait()

    def kill_workers(self, count: int | None = None) -> None:
        """SIGKILL of the first ``count`` workers, or of all."""
        for worker in self.workers[:count]:
            worker.kill()
            worker.wait()
        del self.workers[:count]

    def log(self) -> str:
        """What scheduler and workers said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End every process, stopped ones too."""
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def local_processes(folder: Path, workers: int = 2, **options: object) -> Iterator[LocalProcesses]:
    """Run a scheduler and workers for as long as the context lasts."""
    cluster = LocalProcesses(folder, **options)  # type: ignore[arg-type]
    try:
        for _ in range(workers):
            cluster.add_worker()
        assert cluster.address
        yield cluster
    finally:
        cluster.close()
