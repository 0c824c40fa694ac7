"""A source read as its contents, as a profile, or as the sentence that refuses it."""

from __future__ import annotations

import json

import pytest

from advisor.compressibility.score import Profile, score
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.source import open_corpus
from advisor.corpus.tally import Tally
from advisor.errors import AdvisorError


def contents(source: object, **options: object) -> list[str]:
    """Return the documents of a source in order."""
    corpus = open_corpus(str(source), CorpusOptions(**options), seq_len=256)  # type: ignore[arg-type]
    return [str(document.content) for reader in corpus.readers for document in reader.documents()]


def tally_of(source: object, **options: object) -> Tally:
    """Return what reading all of a source met."""
    corpus = open_corpus(str(source), CorpusOptions(**options), seq_len=256)  # type: ignore[arg-type]
    for reader in corpus.readers:
        for _ in reader.documents():
            pass
    return corpus.tally


def profile(source: object, *, n_sequences: int = 50, **options: object) -> Profile:
    return score(
        str(source),
        options=CorpusOptions(**options),
        sampling=Sampling(tokenizer="bytes", seq_len=64, n_sequences=n_sequences),
    )


def sentence(source: object, **options: object) -> str:
    """Return the error that scoring a source ends with."""
    with pytest.raises(AdvisorError) as caught:
        profile(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def jsonl(texts: list[str]) -> bytes:
    """Return a file of JSON lines with these texts."""
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
