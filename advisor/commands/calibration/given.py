"""What is asked of a calibration by options and by keywords: what goes together, and what is trained on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.corpus.remote.address import file_name
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.corpus.options import CorpusOptions
    from calibration.campaign.sources import CorpusSource

# What is for the time after planning, and what may stand beside refit.
_OF_TRAINING = ("minutes", "h_ref", "install", "plot", "trainer", "watch")
_OF_REFIT = (
    *("refit", "out", "h_ref", "install", "force", "progress"),
    *("plot", "cautions", "full", "as_json", "quiet", "fail_on"),
)


def refuse_together(given: Sequence[str], spelled: Callable[[str], str]) -> None:
    """Raise UsageError for what contradicts each other, or would do nothing; ``given`` are names of the command's.

    ``spelled`` returns a name as the user writes it.
    """
    if "refit" in given and (others := [name for name in given if name not in _OF_REFIT]):
        raise UsageError(f"{spelled('refit')} fits what was trained: leave out {spelled(others[0])}.")
    if "prepare" in given and ("out" in given or "dry_run" in given):
        raise UsageError(
            f"{spelled('prepare')} names the folder that is written: leave out {spelled('out')} and "
            f"{spelled('dry_run')}."
        )
    for way in ("prepare", "dry_run"):
        if way in given and (later := [name for name in given if name in _OF_TRAINING]):
            raise UsageError(f"{spelled(way)} trains nothing: leave out {spelled(later[0])}.")
    if "force" in given and "install" not in given:
        raise UsageError(f"{spelled('force')} replaces an installed calibration: name it with {spelled('install')}.")


def corpus_sources(
    named: Iterable[tuple[str, str]], *, tokenizer: str, options: CorpusOptions, score_tokenizer: str | None
) -> tuple[CorpusSource, ...]:
    """Return the corpora of (name, source) as what is trained on, all read in one way."""
    from calibration.campaign.sources import CorpusSource

    scorer = None if score_tokenizer == tokenizer else score_tokenizer
    return tuple(
        CorpusSource(name=name, source=source, tokenizer=tokenizer, options=options, score_tokenizer=scorer)
        for name, source in named
    )


def listed_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return names, of which a text may have several with commas between them."""
    return tuple(name for text in texts for part in text.split(",") if (name := part.strip()))


def named_corpus(text: str) -> tuple[str, str]:
    """Return the name and the source of NAME=SOURCE; a source alone is called by its last part.

    What exists under the whole text is a source alone, as the folder year=2024 of a partitioned table.
    """
    name, equals, source = text.partition("=")
    if equals and not source:
        raise UsageError(f"The name of the corpus is empty in --corpus {text}: name a file, a folder or a hub dataset.")
    named = bool(equals and source and re.fullmatch(r"\w[\w.-]*", name)) and not Path(text).exists()
    if (source if named else text) == "-":
        raise UsageError("Standard input can be read only once, and a corpus is read twice: give a file.")
    if named:
        return name, source
    stem = re.sub(r"[^\w.-]+", "-", Path(file_name(text)).name.split(".")[0]).strip("-.") or "corpus"
    return stem, text
