"""What is done with the other files that advisor reads: as its commands do it, with tiny settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fuzz.bundle import make_folder
from fuzz.corpora import Call, printed

_FLOPS = 1e21


def _saved(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _recommend(**asked: Any) -> None:
    from advisor.answer.recommendation import recommend
    from advisor.answer.request import Request
    from advisor.json_fields import json_text
    from advisor.json_form import as_json

    json_text(as_json(recommend(Request(**asked))))


def law(data: bytes, folder: Path, turn: int) -> None:
    """Read a law, and each fifth time ask it, of limited data too."""
    from advisor.laws.law_file import read_law

    path = _saved(data, folder, "law.json")
    found = read_law(path)
    found.frontier(_FLOPS)
    if turn % 5 == 4:
        _recommend(flops=_FLOPS, law=str(path), unique_tokens=1e9 if turn % 10 == 9 else None)


def coefficients(data: bytes, folder: Path, turn: int) -> None:
    """Read a coefficients file, and each fifth time ask the laws of its calibration."""
    from advisor.calibrations.coefficients import load_coefficients

    path = _saved(data, folder, "coefficients.json")
    found = load_coefficients(path)
    if turn % 5 == 4 and found.default is not None:
        _recommend(flops=_FLOPS, compressibility=0.4, coefficients=path)


def installed(data: bytes, folder: Path, turn: int) -> None:
    """Read what a user has installed; no file of it may break an answer."""
    import os

    from advisor.calibrations.installed import available

    (folder / "calibrations").mkdir()
    _saved(data, folder / "calibrations", "mine.json")
    os.environ["ADVISOR_DATA_DIR"] = str(folder)
    available()
    if turn % 10 == 9:
        _recommend(flops=_FLOPS)


def profile(data: bytes, folder: Path, turn: int) -> None:
    """Read a profile in each of the three ways in which one is read, and show it."""
    from advisor.compressibility.group_profiles import read_group_profiles
    from advisor.compressibility.profile_file import read_profiles, read_records
    from advisor.report.score import show

    path = _saved(data, folder, "profile.json")
    if turn % 3 == 0:
        read_group_profiles(path)
    elif turn % 3 == 1:
        read_records(path)
    else:
        found = read_profiles(path)
        printed(lambda: show(found, as_json=turn % 2 == 0, out=None))


def pilot(data: bytes, folder: Path, turn: int) -> None:
    """Read a pilot's file, and each fifth time answer with it."""
    from advisor.pilot.pilot_file import read_pilot_file

    path = _saved(data, folder, "pilot.json")
    read_pilot_file(path)
    if turn % 5 == 4:
        _recommend(flops=_FLOPS, pilot=path)


def pilot_table(data: bytes, folder: Path, _turn: int) -> None:
    """Read a pilot's filled table, and say what it shows."""
    from advisor.pilot.pilot_file import result_of
    from advisor.pilot.run_table import read_table
    from advisor.report.pilot import show_result

    found = result_of(read_table(_saved(data, folder, "pilot.csv")))
    printed(lambda: show_result(found, as_json=False, out=None))


def run_table(name: str) -> Call:
    """Return the target that reads an input as the table of runs ``name``."""

    def call(data: bytes, folder: Path, turn: int) -> None:
        from calibration.fit.runs import read_run_table

        path = _saved(data, folder, name)
        read_run_table(path, group="corpus" if turn % 3 == 2 else None)
        if turn % 50 == 49:
            _fit(path)

    return call


def _fit(path: Path) -> None:
    from advisor.report.fit import show
    from calibration.fit.analysis import Settings, fit
    from calibration.fit.document import fit_document

    document = fit_document(fit(path, settings=Settings(n_draws=200), group="corpus"), force=True)
    printed(lambda: show(document, as_json=False))


def grammars(data: bytes, folder: Path, _turn: int) -> None:
    """Read a set of grammars, and draw a little of each."""
    from calibration.grammars.sets import load_set

    load_set(_saved(data, folder, "grammars.json"))


def plan(data: bytes, folder: Path, _turn: int) -> None:
    """Read a calibration's plan, its ledger, and what the plan says that the ledger must have."""
    from calibration.campaign.ledger import Ledger, rows_digest
    from calibration.campaign.pipeline import keys_of_job
    from calibration.campaign.plan_file import LEDGER_FILE, read_plan

    make_folder(data, folder)
    rows_digest(Ledger(folder / LEDGER_FILE).rows())
    found = read_plan(folder)
    if found is not None:
        for job in found.jobs:
            found.flops(job)
            keys_of_job(found, job)


def checkpoint(data: bytes, folder: Path, _turn: int) -> None:
    """Read a checkpoint."""
    from calibration.training.checkpoints import load

    load(_saved(data, folder, "trunk.pt"), task="fuzz")


def tokenizer(name: str) -> Call:
    """Return the target that reads an input as a tokenizer of this file name, and uses it."""

    def call(data: bytes, folder: Path, _turn: int) -> None:
        from advisor.corpus.tokenizer import load_tokenizer

        found = load_tokenizer(str(_saved(data, folder, name)))
        for text in ("", "The river rose in the night.", "\0 \ud7ff \U0010ffff 漢字", "a" * 5000):
            found.decode(found.encode(text)[:100])

    return call


def quantity(data: bytes, _folder: Path, _turn: int) -> None:
    """Read an option's text in every way in which one is read."""
    from advisor.commands.values import duration, is_unit, quantities, quantity, share, whole

    text = data.decode("utf-8", "surrogateescape")
    _each(text, (quantity("--flops"), whole("--vocab-size"), quantities("--tokens")))
    _each(text, (duration("--hours", "hours"), share("--mfu"), quantity("--gpu-memory")))
    _each(text, (quantity("--price-per-hour"), quantity("--peak-tflops"), whole("--gpus"), is_unit))


def address(data: bytes, _folder: Path, _turn: int) -> None:
    """Read a source's name: which kind it is, and how it may be shown; nothing is asked over a network."""
    from advisor.corpus.hub.dataset import is_hub_name
    from advisor.corpus.remote.address import file_name, is_remote, redacted, scheme_of, scrubbed

    text = data.decode("utf-8", "surrogateescape")
    _each(text, (scheme_of, is_remote, is_hub_name, redacted, file_name, scrubbed))


def _each(text: str, functions: Any) -> None:
    """Call each function, though one of them may refuse the text."""
    from advisor.errors import AdvisorError

    for function in functions:
        try:
            function(text)
        except AdvisorError:
            continue


def hub_wait(data: bytes, _folder: Path, _turn: int) -> None:
    """Read how long a hub asks to wait, from the headers of its answer."""
    from types import SimpleNamespace

    from advisor.corpus.hub.failures import wait_asked

    text = data.decode("utf-8", "surrogateescape")
    for name in ("RateLimit", "Retry-After"):
        wait_asked(SimpleNamespace(headers={name: text}))
