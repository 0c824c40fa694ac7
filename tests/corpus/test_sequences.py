"""When documents are joined because cutting each of them would lose most of the corpus."""

from __future__ import annotations

import random

import pytest

from advisor.corpus.documents import Document, passage
from advisor.corpus.sequences import PILOT, Cutter, exhaustive_sample
from advisor.corpus.tokenizer import Tokenizer

SEQ_LEN = 64
WORDS = Tokenizer(name="words", vocab_size=3, encode=lambda text: [1 for _ in text.split()], decode=str, separator=0)


def quiet(what: str, done: float, total: float | None) -> None:
    """No progress."""


def documents(*lengths: int) -> list[Document]:
    """Return documents of so many words of one letter."""
    texts = [" ".join("a" * length) for length in lengths]
    return [Document(key=("corpus", i, 0), content=text, raw_bytes=len(text)) for i, text in enumerate(texts)]


@pytest.mark.parametrize(("last", "joined"), [(9, False), (10, False), (11, True)])
def test_a_corpus_that_loses_more_than_half_of_its_tokens_is_joined(last: int, joined: bool) -> None:
    """Beside 6400 tokens in whole sequences, one token of about 6400 in remainders decides."""
    lengths = (*[64] * 100, *[63] * 100, *[10] * 9, last)
    sample = exhaustive_sample(documents(*lengths), WORDS, SEQ_LEN, 1000, random.Random(0), quiet)
    assert sum(length % SEQ_LEN for length in lengths) == 6390 + last
    assert sample.joined is joined


@pytest.mark.parametrize(("n_lost", "joined"), [(49, False), (50, False), (51, True)])
def test_of_a_larger_corpus_the_first_draws_decide(n_lost: int, joined: bool) -> None:
    lengths = [10] * n_lost + [64] * (PILOT - n_lost) + [10] * 100
    drawn = [passage(document, 0.5, ("a a",), SEQ_LEN) for document in documents(*lengths)]
    cutter = Cutter(WORDS, SEQ_LEN, random.Random(0))
    cutter.take(drawn, 10, quiet)
    assert cutter.joined is joined
