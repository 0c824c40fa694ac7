"""``advisor.calibrate``: a calibration planned, trained, gone on with, fitted and written by one call."""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import MissingExtraError, UsageError
from calibration.campaign import pipeline, refit
from calibration.campaign.lock import locked_folder
from calibration.campaign.plan_file import DATA_FOLDER
from calibration.campaign.refit import CalibrationOutcome
from calibration.campaign.token_data import cut_data
from calibration.lines.document import write_calibrated
from calibration.lines.source_laws import silent

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress
    from calibration.campaign.devices import Devices
    from calibration.campaign.engine import Listener, Trainer
    from calibration.campaign.pipeline import Opened
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.speed import TimedWork

    # What is shown while works are trained: entered with those that are missing, it yields what hears of them.
    Watch = Callable[[Opened, tuple[TimedWork, ...]], AbstractContextManager[Listener]]


@contextmanager
def unwatched(opened: Opened, missing: tuple[TimedWork, ...]) -> Iterator[Listener]:
    """Show nothing of the training."""
    yield lambda news: None


def calibrate(
    request: CalibrationRequest | None,
    folder: str | Path,
    *,
    devices: Devices | None = None,
    extend: bool = False,
    minutes: float | None = None,
    h_ref: float | None = None,
    trainer: Trainer | None = None,
    progress: Progress = silent,
    watch: Watch = unwatched,
    fitting: Progress = silent,
) -> CalibrationOutcome:
    """Return what the calibration in ``folder`` comes to: what is missing of it is trained, its laws fitted, written.

    The same call goes on where another was stopped, however that was. Where several processes train (more than one
    core or GPU), they start as new interpreters that import the calling script: a script calls this under
    ``if __name__ == "__main__":``, or takes ``take_devices(engine="process")``, which trains in its own process.

    A model whose weights and moments no device holds is trained by all devices together. Under torchrun or srun these
    are all processes' that these started: the first does all that is said here, and in the others this call ends the
    process, with exit code 0, when all is trained. There it can be given once.

    Args:
        request: what is calibrated; None goes on with the plan that the folder has.
        folder: where the plan, the ledger of every trained point and the results are.
        devices: what trains, as ``take_devices`` of ``calibration.campaign.devices`` finds it; None takes all of the
            best kind.
        extend: add the request to the plan that the folder has.
        minutes: begin no trunk that would end later, from this call on; what is left is in the outcome, and nothing is
            fitted.
        h_ref: H of web text, above 0 and below 1, for the anchored law; None takes the default.
        trainer: trains a task in place of ``run_task``.
        progress: called with what is done until the training begins, how much of it, and how much there is.
        watch: a context manager for the time of the training.
        fitting: called as ``progress`` while laws are fitted, after the training.

    Raises:
        UsageError: the folder's plan is another one, or there is neither plan nor request.
        AdvisorError: a source cannot be read, a file not written, the folder is in use, or nothing could be trained.
    """
    refit.check_h_ref(h_ref)
    if minutes is not None and not 0 < minutes < math.inf:
        raise UsageError(f"minutes must be a finite number above 0, not {minutes:g}.")
    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes
    folder, devices = _checked(folder), devices or _all_devices()
    with _ranks_of(devices), locked_folder(folder) as held:
        opened, missing = _ready(request, folder, devices, extend, progress)
        with watch(opened, missing) as tell:
            trained = pipeline.train(
                opened, folder, held, missing=missing, tell=tell, deadline=deadline, trainer=trainer
            )
        if trained.left:
            return CalibrationOutcome(opened=opened, trained=trained, laws_only=opened.plan.laws_only)
        result = refit.fit([folder], h_ref=h_ref, progress=fitting)
        files = write_calibrated(result, folder)
    return CalibrationOutcome(
        opened=opened,
        trained=trained,
        result=result,
        files=files,
        laws_only=opened.plan.laws_only,
        notes=refit.unsigned([folder]),
    )


def prepare(
    request: CalibrationRequest | None,
    folder: str | Path,
    *,
    devices: Devices | None = None,
    extend: bool = False,
    progress: Progress = silent,
) -> tuple[Opened, tuple[TimedWork, ...]]:
    """Return the calibration of ``folder`` and what is missing of it, with plan and tokens written there.

    A machine with numpy and torch alone trains from such a folder, and cuts it to the hours that the request gives; the
    folder has no more tokens than are trained on. The arguments and errors are those of ``calibrate``.
    """
    folder, devices = _checked(folder), devices or _all_devices()
    with _ranks_of(devices), locked_folder(folder):
        opened, missing = _ready(request, folder, devices, extend, progress, for_later=True)
        for source in opened.plan.sources:
            cut_data(folder / DATA_FOLDER, source.name, n_tokens=opened.plan.n_tokens(source.name))
        return opened, missing


def look(
    request: CalibrationRequest | None,
    folder: str | Path,
    *,
    devices: Devices | None = None,
    extend: bool = False,
    progress: Progress = silent,
) -> tuple[Opened, tuple[TimedWork, ...]]:
    """Return the calibration that would be trained and what of it is missing; nothing is written.

    The arguments and errors are those of ``calibrate``.
    """
    folder, devices = _checked(folder), devices or _all_devices()
    with _ranks_of(devices):
        opened = pipeline.look(request, devices, folder=folder, extend=extend, progress=progress)
        return opened, pipeline.missing_works(opened, folder)


def _checked(folder: str | Path) -> Path:
    """Return the folder as a path; what trains must be installed before it is made."""
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("torch", "calibrate", "advisor calibrate")
    return Path(folder)


def _ready(
    request: CalibrationRequest | None,
    folder: Path,
    devices: Devices,
    extend: bool,
    progress: Progress,
    *,
    for_later: bool = False,
) -> tuple[Opened, tuple[TimedWork, ...]]:
    """Return the calibration of a locked folder and what is missing of it, whose tokens are then there."""
    opened = pipeline.open_calibration(
        request, devices, folder=folder, extend=extend, progress=progress, for_later=for_later
    )
    missing = pipeline.missing_works(opened, folder)
    pipeline.materialise(opened.plan, folder, missing, progress=progress, request=request)
    return opened, missing


def _ranks_of(devices: Devices) -> AbstractContextManager[None]:
    """Return the others of torchrun or srun, if there are any: the first goes on, and they do what it orders."""
    from calibration.training.ranks import joined

    return joined(devices.first.device)


def _all_devices() -> Devices:
    from calibration.campaign.devices import take_devices

    return take_devices()
