"""A Dask cluster as one more executor: finding its scheduler, knowing how many workers it has, and noticing when it is lost."""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theorylab.montecarlo.fingerprint import is_installed
from theorylab.validation import text, whole_number

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Cluster", "ClusterError", "cluster_task_seconds", "scheduler_place"]

# How often a cluster gives a task that failed on one worker to another one; of workers that die it allows as many by its own configuration.
RETRIES = 3
CONNECT_SECONDS = 5.0
# A cluster may be without workers, or its scheduler silent, for this long; `DASK_THEORYLAB__PATIENCE` sets another time.
PATIENCE_SECONDS = 30.0
# The scheduler is asked this often how many workers there are; a question costs it half a millisecond.
LOOK_SECONDS = 1.0
# A task takes scheduler, client and worker 1 to 2 ms each, and the way there and back 5 ms. Half a second is long against that, and at this
# many tasks a second scheduler and client are busy for a tenth to a sixth of their time, however many workers there are.
LEAST_TASK_SECONDS = 0.5
TASKS_PER_SECOND = 100.0


class ClusterError(RuntimeError):
    """The scheduler of a cluster cannot be reached, is lost, or has no workers."""


def cluster_task_seconds(workers: int) -> float:
    """Return how long a task should be, so that ``workers`` ask for less work a second than the scheduler can hand out."""
    return max(LEAST_TASK_SECONDS, whole_number("workers", workers) / TASKS_PER_SECOND)


def scheduler_place(scheduler: str) -> str:
    """Return ``scheduler`` in a form that means the same in every folder: the path of a scheduler file made absolute, an address as it is."""
    path = Path(text("scheduler", scheduler))
    return str(path.resolve()) if "://" not in scheduler and _is_file(path) else scheduler


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False


def _one_line(error: BaseException) -> str:
    """Return what an exception says, and what its cause adds, without the connection objects that Dask names."""
    texts = [re.sub(r"\bin <[^>]*>: ", "", " ".join(str(each).split())) for each in (error, error.__cause__) if each is not None]
    kept = [text for place, text in enumerate(texts) if text and text not in texts[:place]]
    return "; ".join(kept) or type(error).__name__


def _address_in(path: Path) -> str:
    try:
        address = json.loads(path.read_text(encoding="utf-8"))["address"]
        if not isinstance(address, str):
            raise TypeError(f"address is {address!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{path} is no scheduler file, as written by dask scheduler --scheduler-file ({type(error).__name__}: {error})") from None
    return address


def _checked_address(scheduler: str) -> str:
    """Return the address that an address or the path of a scheduler file stands for, if a client could make something of it.

    A client that was made with an address or certificates it cannot use keeps trying, or complains ten seconds later, when it is deleted.
    """
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend
    from distributed.security import Security

    path = Path(scheduler)
    address = _address_in(path) if "://" not in scheduler and _is_file(path) else scheduler
    try:
        scheme, place = parse_address(address)
        get_backend(scheme)
        if scheme != "inproc":
            parse_host_port(place)
    except (ValueError, TypeError) as error:
        hint = "" if "://" in scheduler else ", and there is no scheduler file of that name"
        raise ClusterError(f"{scheduler!r} is not the address of a scheduler, such as tcp://host:8786 ({_one_line(error)}{hint})") from None
    try:
        secrets = Security().get_connection_args("client")
    except (OSError, ValueError) as error:
        raise ClusterError(f"cannot use the certificates of Dask's configuration, distributed.comm.tls ({_one_line(error)})") from None
    if scheme == "tls" and secrets.get("ssl_context") is None:
        names = "ca-file, client.cert and client.key (or the variables DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__CLIENT__CERT, ...__CLIENT__KEY)"
        raise ClusterError(f"{address!r} needs certificates: set {names} of distributed.comm.tls in Dask's configuration")
    if secrets.get("require_encryption") and scheme == "tcp":
        raise ClusterError(f"Dask's configuration requires encryption (distributed.comm.require-encryption), and {address!r} has none: use tls://")
    return address


def _knock(address: str) -> None:
    """Shake hands with a scheduler within the time for it; a client would wait for ever for one that accepts a connection and says no more."""
    from distributed.comm.core import connect
    from distributed.security import Security

    async def meet() -> None:
        secrets = Security().get_connection_args("client")
        # Dask's own limit counts up to the connection only.
        comm = await asyncio.wait_for(connect(address, timeout=CONNECT_SECONDS, **secrets), CONNECT_SECONDS + 0.5)
        comm.abort()

    # In a thread, because a notebook has a loop of its own running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, meet()).result()


def _patience() -> float:
    import dask
    from dask.utils import parse_timedelta

    wanted = dask.config.get("theorylab.patience", PATIENCE_SECONDS)
    try:
        seconds = float(parse_timedelta(wanted, default="s"))
    except (ValueError, TypeError, KeyError, AttributeError):
        seconds = -1.0
    if not 0.0 < seconds < 1e7:
        raise ClusterError(f"DASK_THEORYLAB__PATIENCE must be a positive time such as 600 or '10m'; got {wanted!r}")
    return seconds


class _Call:
    """A call that takes place where it is unpickled."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def _run_packed(packed: bytes, folders: list[str]) -> Any:
    """Unpack a call and make it; modules that a worker has not installed are looked for where the sender has them, if it can see that folder."""
    sys.path += [folder for folder in folders if folder not in sys.path]
    function, arguments = pickle.loads(packed)
    return function(*arguments)


class _PackingExecutor(Executor):
    """Hands calls to another executor in a form that unpacks on a worker, inside the task.

    Dask unpacks a function and its arguments while it reads from a connection; a worker that cannot import one of them ends there, and so would
    the next one. Inside the task the same error comes back and can be told. What Dask sees is the standard library's.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call without keywords."""
        import cloudpickle  # comes with Dask

        folders = [folder for folder in sys.path if folder and not is_installed(Path(folder))]
        return self._executor.submit(pickle.loads, pickle.dumps(_Call(_run_packed, cloudpickle.dumps((function, args)), folders)), **kwargs)


class Cluster:
    """A connection to a Dask scheduler.

    Parameters
    ----------
    scheduler
        Address such as ``tcp://host:8786`` or ``tls://host:8786`` (certificates from Dask's own configuration), or the path of a scheduler file.

    Attributes
    ----------
    executor
        Where tasks are submitted. Blocks are keyed by position, so a task that runs twice because a worker died is harmless.
    threads
        How many tasks can run at once, as of the last look.

    Raises
    ------
    ClusterError
        If the scheduler cannot be reached, or has no workers for too long.
    """

    def __init__(self, scheduler: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ClusterError('a scheduler needs the package distributed: pip install "theorylab[cluster]"') from None
        self.address = _checked_address(text("scheduler", scheduler))
        self.patience = _patience()
        whence = "" if self.address == scheduler else f", the address in {scheduler},"
        try:
            if not self.address.startswith("inproc"):
                _knock(self.address)
            self._client: Client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
            reason = "it accepts connections but does not answer" if isinstance(error, TimeoutError) else _one_line(error)
            if not isinstance(error, TimeoutError) and "Timed out" not in reason:  # somebody is there, and speaks otherwise
                reason += "; does it want tls:// and certificates?" if self.address.startswith("tcp") else "; has it another TLS authority, or none?"
            raise ClusterError(f"cannot reach a scheduler at {self.address!r}{whence} within {CONNECT_SECONDS:g} s ({reason})") from None
        self.executor: Executor = _PackingExecutor(self._client.get_executor(pure=False, retries=RETRIES))
        self.threads = 0
        self._looked = -1e9
        self._populated = time.monotonic()
        try:
            self.look()
            while self.threads == 0:
                time.sleep(0.1)
                self.look(0.1)
        except BaseException:
            self.close()
            raise

    def look(self, seconds: float = LOOK_SECONDS) -> None:
        """Count the workers, if they have not been counted in the last ``seconds``.

        Raises
        ------
        ClusterError
            If the connection is lost, the scheduler does not answer, or it has had no workers for longer than it may.
        """
        if self._client.status != "running":
            raise ClusterError(f"the scheduler at {self.address} is lost")
        now = time.monotonic()
        if now - self._looked < seconds:
            return
        scheduler: Any = self._client.scheduler
        try:
            # The client's own way to ask, nthreads(), may wait for an answer for ever.
            counts: dict[str, int] = self._client.sync(scheduler.ncores, callback_timeout=self.patience)
        except TimeoutError:
            silent = self._client.status == "running"  # else the question was on its way when the connection broke
            what = f"has not answered for {self.patience:g} s" if silent else "is lost"
            raise ClusterError(f"the scheduler at {self.address} {what}") from None
        except Exception as error:  # whatever else it is, nobody answers
            raise ClusterError(f"the scheduler at {self.address} is lost ({_one_line(error)})") from None
        self._looked = now
        self.threads = sum(counts.values())
        if self.threads:
            self._populated = now
        elif now - self._populated > self.patience:
            longer = "DASK_THEORYLAB__PATIENCE=600 would wait for 600 s"
            raise ClusterError(f"the scheduler at {self.address} has had no workers for {self.patience:g} s ({longer})")

    def explain(self, error: BaseException) -> str:
        """Return in one line what an exception of a task means."""
        if isinstance(error, ClusterError):
            return str(error)
        if isinstance(error, CancelledError):
            return f"the scheduler at {self.address} is lost"
        text = f"{type(error).__name__}: {_one_line(error)}"
        return f"its workers must be able to import what this process imports; {text}" if isinstance(error, ImportError) else text

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Take back what has not begun; of a scheduler that is lost there is nothing to take back."""
        for future in futures:
            if self._client.status != "running":
                return
            future.cancel()

    def close(self) -> None:
        """Leave the cluster; its workers go on serving others."""
        try:
            self._client.close(timeout=CONNECT_SECONDS)
        except Exception:  # a scheduler that no longer answers cannot be left in good order
            self._client.status = "closed"
