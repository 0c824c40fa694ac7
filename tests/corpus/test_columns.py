"""Which column is the text, and what cannot be chosen."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.reading import contents, profile, sentence


def test_ids_and_messages_and_dictionaries(tmp_path: Path) -> None:
    rng = random.Random(0)
    ids = [[rng.randrange(50) for _ in range(200)] for _ in range(20)]
    pq.write_table(pa.table({"input_ids": pa.array(ids, pa.list_(pa.int16()))}), tmp_path / "ids.parquet")
    (tmp_path / "ids.jsonl").write_text("".join(json.dumps({"ids": row}) + "\n" for row in ids))
    first, second = profile(tmp_path / "ids.parquet"), profile(tmp_path / "ids.jsonl")
    assert first.protocol.tokenizer is second.protocol.tokenizer is None
    assert first.vocab_size == second.vocab_size == 50
    assert first.median == second.median
    assert first.bytes_per_token is None
    assert first.estimated_tokens == 4000

    chat = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}]
    (tmp_path / "chat.jsonl").write_text(json.dumps({"id": 3, "messages": chat}) + "\n")
    pq.write_table(pa.table({"messages": [chat]}), tmp_path / "chat.parquet")
    parts = [{"type": "image", "url": "x"}, {"type": "text", "text": "what is it?"}]
    mixed = [{"role": "user", "content": parts}, {"role": "tool", "content": None}, *chat]
    (tmp_path / "parts.jsonl").write_text(json.dumps({"messages": mixed}) + "\n")
    assert contents(tmp_path / "parts.jsonl") == ["what is it?\nhello\ngood day"]
    assert contents(tmp_path / "chat.jsonl") == contents(tmp_path / "chat.parquet") == ["hello\ngood day"]

    words = pa.array(["x y", "z", None]).dictionary_encode()
    pq.write_table(pa.table({"text": words}), tmp_path / "dictionary.parquet")
    assert contents(tmp_path / "dictionary.parquet") == ["x y", "z"]


def test_columns_that_cannot_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"abstract": "a", "summary": "b", "n": 3}) + "\n")
    assert sentence(path) == (
        f"{path} has several text columns: choose --column abstract (50 % of their text) or --column summary (50 %); "
        "--column abstract,summary reads these joined."
    )
    assert sentence(path, column="x") == f"{path} has no column 'x': its columns are 'abstract', 'summary', 'n'."
    assert sentence(path, column="n") == (
        f"Column 'n' of {path} holds no text but integer: expected strings, lists of token ids or chat messages; "
        "'abstract', 'summary' would do."
    )
    path.write_text('{"n": 3}\n')
    assert sentence(path) == f"{path} has no text column: 'n' (integer)."
    pq.write_table(pa.table({"n": [1]}), tmp_path / "t.parquet")
    assert sentence(tmp_path / "t.parquet") == f"{tmp_path / 't.parquet'} has no text column: 'n' (int64)."
