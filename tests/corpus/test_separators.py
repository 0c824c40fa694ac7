"""Texts that marks separate: each is a document, whichever way the file is read; what only speaks of marks is whole."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from advisor.corpus import sampling
from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers.separators import bounds, separated, separator_of
from advisor.corpus.source import open_corpus
from tests.corpus.reading import contents, profile, tally_of

RNG = random.Random(3)
TEXTS = [" ".join(RNG.choices(["word", "漢字", "é", "line\nbreak"], k=RNG.randrange(1, 400))) for _ in range(60)]


@pytest.mark.parametrize(
    "between",
    [
        "\n<|endoftext|>\n",
        "<|endoftext|>",
        "<|end_of_text|>",
        "\n\n<|endoftext|>\n\n",
        "\r\n[EOS]\r\n",
        "</s>\n",
        "<EOT>\n",
    ],
)
def test_each_text_is_a_document(between: str, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    for whole in (between.join(TEXTS), between.join(TEXTS) + between, between + between.join(TEXTS)):
        path.write_text(whole, newline="")
        assert [text.strip() for text in contents(path)] == TEXTS
    [column] = tally_of(path).columns
    assert column.type == f"text, documents end at {between.strip()}"


@pytest.mark.parametrize("between", [" <|endoftext|>", "<|endoftext|> ", ". <|endoftext|> ", " <|endoftext|> "])
def test_marks_on_the_lines_of_texts(between: str, tmp_path: Path) -> None:
    texts = ["One text of words", "Two", "And a third", "漢字 too", "The last"]
    (tmp_path / "x.txt").write_text(between.join(texts))
    assert [text.strip(" .") for text in contents(tmp_path / "x.txt")] == texts


def test_sentences_between_two_marks(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("".join(f"<s> {text.replace(chr(10), ' ')} </s>\n" for text in TEXTS))
    assert contents(path) == [text.replace("\n", " ") for text in TEXTS]
    assert tally_of(path).columns[0].type == "text, documents end at </s> or <s>"


@pytest.mark.parametrize(
    "text",
    [
        'EOT = "<|endoftext|>"\nif token == "<|endoftext|>":\n    pass\nspecial = ["<|endoftext|>"]\n',
        "The `<|endoftext|>` mark, or <|endoftext|> for short, is one. A <|endoftext|> follows.\n" * 3,
        "one text\n<|endoftext|>\nand another\n",
        "<p>now <s>ten</s>\n<s>nine</s>\n<s>eight</s>\nseven</p>\n" * 3,
        "<speak>\n<s>One.</s>\n<s>Two.</s>\n<s>Three.</s>\n</speak>\n",
        "a list[EOS], of (EOS)",
    ],
)
def test_what_speaks_of_marks_is_one_document(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(text)
    assert contents(tmp_path / "x.txt") == [text]
    assert tally_of(tmp_path / "x.txt").columns[0].type == "text"


@pytest.mark.parametrize("limit", [300, 700, 5000, 1 << 20])
def test_blocks_of_any_size_give_the_same_documents(limit: int) -> None:
    data = "\n<|endoftext|>\n".join(TEXTS).encode()
    separator = separator_of(data)
    assert separator is not None
    documents: dict[int, str] = {}
    n_bytes = 0
    for piece in separated(io.BytesIO(data), "x", separator, limit):
        documents[piece.begin] = documents.get(piece.begin, "") + piece.text
        n_bytes += piece.n_bytes
    assert list(documents.values()) == TEXTS
    assert n_bytes == len(data)


def test_every_byte_is_of_the_document_that_reading_in_order_gives() -> None:
    data = "\n<|endoftext|>\n".join(TEXTS[:12]).encode()
    separator = separator_of(data)
    assert separator is not None
    begins = [piece.begin for piece in separated(io.BytesIO(data), "x", separator)]
    for position in range(0, len(data), 3):
        begin, end, following = bounds(io.BytesIO(data), len(data), position, separator)
        number = max(i for i, each in enumerate(begins) if each <= position)
        assert (begin, data[begin:end].decode()) == (begins[number], TEXTS[number])
        assert following == ([*begins, len(data)][number + 1])


def test_draws_and_reading_in_order_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.txt"
    texts = [" ".join(RNG.choices(["some", "words", "of", "texts"], k=RNG.randrange(20, 2000))) for _ in range(400)]
    path.write_text("<|endoftext|>".join(texts))
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    found = {}
    for whole in (0, 1 << 40):
        monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
        found[whole] = profile(path, n_sequences=400)
    drawn, in_order = found.values()
    assert len(contents(path)) == 400
    assert drawn.n_documents_seen == pytest.approx(in_order.n_documents_seen, rel=0.2)
    assert drawn.median == pytest.approx(in_order.median, abs=0.01)
    assert drawn.estimated_tokens == pytest.approx(in_order.estimated_tokens, rel=0.05)
    [reader] = open_corpus(str(path), CorpusOptions(), seq_len=64).readers
    passages = list(reader.at([float(at) for at in range(0, path.stat().st_size, 997)]))  # type: ignore[attr-defined]
    assert not any("<|endo" in str(each.content) for each in passages)
