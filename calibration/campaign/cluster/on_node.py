"""What is called on the nodes of a cluster, by name (``calls``): looks, times steps, trains a trunk, measures a shard.

Each process trains with what it fetches into a scratch folder of its node, which is removed when the calibration ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from advisor.errors import AdvisorError
from calibration.campaign.cluster.storage import Storage, StorageError
from calibration.campaign.plan_file import CHECKPOINT_FOLDER, DATA_FOLDER, PLAN_FILE
from calibration.campaign.token_data import PARTS

if TYPE_CHECKING:
    from advisor.compressibility.whole.shard import CorpusShard, ShardCounts
    from calibration.campaign.cluster.ledger_writer import DistantLedger
    from calibration.campaign.engine import News, Work, Workshop
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.campaign.speed import Speed
    from calibration.campaign.task import Task
    from calibration.training.device import Device
    from calibration.training.execution import ExecutionChoice


def look() -> str:
    """Return the name of this node's host: that it can be called is what is looked for."""
    import socket

    return socket.gethostname()


def sees(address: str, plan: bytes) -> str | None:
    """Return why this node cannot use a storage, None where the plan of the calibration is there.

    ``plan`` is its content: a folder of this name may be another one.
    """
    storage = Storage(address=address)
    storage.check()
    found = storage.content(PLAN_FILE)
    if found == plan:
        return None
    return "it sees no plan.json there" if found is None else "it sees the plan.json of another calibration there"


def describe(device: str, threads: int) -> Device:
    """Return the device that trains here, once torch has its threads and is deterministic."""
    import torch

    from calibration.training.device import choose_device
    from calibration.training.train import be_deterministic

    torch.set_num_threads(threads)
    be_deterministic()
    return choose_device(device)


def time_steps(plan: CalibrationPlan, choice: ExecutionChoice, device: str, threads: int) -> Speed:
    """Return the speed of a plan's sizes on this node, from real steps."""
    from calibration.campaign.speed import Speed

    return Speed(plan, describe(device, threads), choice=choice, progress=lambda *_: None)


def train(work: Work, shared: bytes, writer: Any) -> News:
    """Train what is missing of a work, from its last checkpoint in the storage; return the news of its end.

    ``shared`` are the workshop, torch's device and the storage's address, pickled by the command; ``writer`` writes the
    rows to the ledger.

    Raises:
        AdvisorError: a row cannot be written.
    """
    from calibration.campaign.cluster.ledger_writer import DistantLedger
    from calibration.campaign.engine import News

    workshop, device, address = cast("tuple[Workshop, str, str]", pickle.loads(shared))
    storage, ledger = Storage(address=address), DistantLedger(writer)
    ledger.tell(News(work=work.name))
    hardware = describe(device, workshop.threads)
    last = [News(work=work.name, ended=True)]

    def tell(news: News) -> None:
        if news.ended:
            last[0] = news  # returned, so that nobody hears of the end of a work that is then lost
        else:
            ledger.tell(news)

    try:
        with _scratch(storage) as scratch:
            there = replace(
                workshop,
                folder=storage.folder or _fetched(storage, scratch, {job.source for job in work.jobs}),
                hardware=(hardware,),
                trainer=_Trainer(storage, scratch, ledger, workshop.trainer),
            )
            there.train(work, hardware, tell)
    except StorageError as error:
        return News(work=work.name, failure=str(error), ended=True)
    return last[0]


def measure(shard: CorpusShard, folder: str) -> tuple[ShardCounts, bytes | None]:
    """Return what there is in a shard, and its digests where it has some; ``folder`` is the one the command works in.

    Raises:
        AdvisorError: as ``measure_shard``, or the folder is not there.
    """
    from advisor.compressibility.whole.shard import digest_path, measure_shard

    host = look()
    if not Path(folder).is_dir():
        raise AdvisorError(
            f"The node {host} of the cluster does not have the folder {folder}: give the command in one that all nodes "
            "mount, or name the corpus by an address such as s3://BUCKET/PATH."
        )
    with tempfile.TemporaryDirectory() as scratch, chdir(folder):
        try:
            counts = measure_shard(replace(shard, folder=Path(scratch)))
        except AdvisorError as error:
            raise AdvisorError(f"On the node {host} of the cluster: {error}") from error
        written = digest_path(Path(scratch), shard.number)
        return counts, written.read_bytes() if written.exists() else None


class _Trainer:
    """Trains a task into the ledger of the command, with its checkpoint in the storage."""

    def __init__(self, storage: Storage, scratch: Path, ledger: DistantLedger, trainer: Any) -> None:
        self.storage, self.scratch, self.ledger, self.trainer = storage, scratch, ledger, trainer

    def __call__(self, task: Task, *, ledger: Any, checkpoint_path: Path, warn: Any, **options: Any) -> None:
        """Train as ``run_task`` does; ledger and path are those of a folder, and others stand in their place."""
        name = f"{CHECKPOINT_FOLDER}/{checkpoint_path.name}"
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            local = Path(folder) / checkpoint_path.name
            self.storage.get(name, local)

            def keep(path: Path) -> None:
                try:
                    self.storage.put(path, name)
                except StorageError as error:
                    warn(f"{str(error).rstrip('.')}; training goes on from what is in memory.")

            own = self.ledger.of(task.keys.values())
            self.trainer(task, ledger=own, checkpoint_path=local, warn=warn, on_save=keep, **options)
        with suppress(StorageError):  # what cannot be removed is in nobody's way
            self.storage.remove([name])


def _fetched(storage: Storage, scratch: Path, sources: Iterable[str]) -> Path:
    """Return the folder with the tokens of sources on this node, fetched once by whichever process comes first."""
    data = scratch.parent / DATA_FOLDER
    data.mkdir(exist_ok=True)
    with (scratch.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for source in sorted(sources):
            _fetch_tokens(source, data, storage)
    return scratch.parent


def _fetch_tokens(source: str, data: Path, storage: Storage) -> None:
    """Have the tokens of a source in a folder, with their digests last; others may read what is there by now."""
    names = data_files(source)
    digests = data / names[-1]
    if digests.exists() and digests.read_bytes() == storage.content(f"{DATA_FOLDER}/{digests.name}"):
        return
    for name in names:
        part = data / f".{name}.part"
        if storage.get(f"{DATA_FOLDER}/{name}", part):
            part.replace(data / name)


def data_files(source: str) -> tuple[str, ...]:
    """Return the names of the files that hold the tokens of a source, and last that of their digests."""
    return (*(f"{source}.{part}.npy" for part in PARTS), f"{source}.sha256")


@contextmanager
def _scratch(storage: Storage) -> Iterator[Path]:
    """Yield a folder of this process below that of the storage on this node."""
    root = _scratch_root(storage.address)
    root.mkdir(mode=0o700, exist_ok=True)
    if root.is_symlink() or root.stat().st_uid != os.getuid():
        raise AdvisorError(f"{root} is not this user's: remove it, or set TMPDIR on this node.")
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        yield Path(scratch)


def _scratch_root(address: str) -> Path:
    return Path(tempfile.gettempdir()) / f"advisor-{os.getuid()}-{hashlib.sha256(address.encode()).hexdigest()[:16]}"


def forget(address: str) -> None:
    """Remove what processes of this node fetched from a storage, and what killed ones left."""
    shutil.rmtree(_scratch_root(address), ignore_errors=True)
