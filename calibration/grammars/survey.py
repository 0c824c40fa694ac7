"""A set of grammars profiled, and written to disk where asked: what ``advisor grammar`` does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from advisor.data_files import folder_made, write_atomically
from advisor.errors import UsageError
from advisor.quantities import plural
from calibration.grammars.document_files import TokenFiles, write_documents
from calibration.grammars.profile import N_DOCUMENTS, GrammarProfile, profile
from calibration.grammars.sampling import SEQ_LEN
from calibration.grammars.search import Search
from calibration.grammars.sets import NamedGrammar, dump_set

SET_FILE = "grammars.json"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The profiles of a set, and what was written: the set's JSON file and one data set for each grammar, or none."""

    seed: int
    profiles: tuple[GrammarProfile, ...]
    search: Search | None
    file: Path | None
    datasets: tuple[TokenFiles, ...]

    def correlation(self) -> float | None:
        """Return corr(H, entropy rate) over the set; None for fewer than three grammars or where one never varies."""
        pairs = np.array([(p.compressibility, p.entropy_rate) for p in self.profiles])
        if len(pairs) < 3 or not np.isfinite(pairs).all() or (np.ptp(pairs, axis=0) == 0).any():
            return None
        return float(np.corrcoef(pairs.T)[0, 1])


def survey(
    grammars: Sequence[NamedGrammar],
    *,
    seed: int,
    search: Search | None = None,
    n_documents: int = N_DOCUMENTS,
    seq_len: int = SEQ_LEN,
    out: Path | None = None,
    n_tokens: int | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Survey:
    """Return the profiles of ``grammars``, measured on documents of this seed, after writing what was asked for.

    With ``out`` the set goes to ``out/grammars.json``, and with ``n_tokens`` as well, a data set of that many tokens to
    ``out/<name>``, sampled with the same seed.

    Raises:
        UsageError: something else is in the way in ``out``.
        GrammarError: a grammar cannot terminate.
    """
    if out is not None:
        _check_free(out, grammars, with_data=n_tokens is not None)
        _check_space(out, (n_tokens or 0) * len(grammars))
    profiles = tuple(profile(grammar, seed=seed, n_documents=n_documents, seq_len=seq_len) for grammar in grammars)
    file = _write_set(out, grammars) if out is not None else None
    datasets = []
    if out is not None and n_tokens is not None:
        for grammar in grammars:
            progress(f"{grammar.name}: sampling {plural(n_tokens, 'token')}")
            folder = out / grammar.name
            datasets.append(write_documents(grammar, folder, n_tokens=n_tokens, seed=seed, seq_len=seq_len))
    return Survey(seed=seed, profiles=profiles, search=search, file=file, datasets=tuple(datasets))


def _check_space(out: Path, n_tokens: int) -> None:
    """Raise UsageError if the disk cannot hold the data sets: an id takes up to two bytes before compression."""
    folder = next(parent for parent in (out, *out.absolute().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if 2 * n_tokens > free:
        raise UsageError(
            f"{n_tokens:.3g} tokens take up to {2 * n_tokens:.2g} bytes, and {folder} has {free:.2g} free."
        )


def _check_free(out: Path, grammars: Sequence[NamedGrammar], *, with_data: bool) -> None:
    """Raise UsageError before any work if something that will be written is there already."""
    file = out / SET_FILE
    if file.exists() and (not file.is_file() or file.read_bytes() != dump_set(grammars).encode()):
        raise UsageError(f"{file} holds other grammars: write to another folder, or remove it.")
    for folder in (out / grammar.name for grammar in grammars if with_data):
        if folder.exists():
            raise UsageError(f"{folder} exists: write to another folder, or remove it.")


def _write_set(out: Path, grammars: Sequence[NamedGrammar]) -> Path:
    with folder_made(out):
        write_atomically(out / SET_FILE, dump_set(grammars))
    return out / SET_FILE
