"""Bytes of any encoding and compression as UTF-8."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.reading import contents, sentence


def test_encodings_and_byte_order_marks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("naïve café".encode("latin-1"))
    (tmp_path / "b.jsonl").write_bytes('{"text": "naïve"}\n{"text": "café"}\n'.encode("utf-16"))
    (tmp_path / "c.csv").write_bytes(b"\xef\xbb\xbftext\ncaf\xc3\xa9\n")
    assert contents(tmp_path / "a.txt", encoding="latin-1") == ["naïve café"]
    assert contents(tmp_path / "b.jsonl", encoding="utf-16") == ["naïve", "café"]
    assert contents(tmp_path / "c.csv") == ["café"]
    assert sentence(tmp_path / "a.txt", encoding="klingon").startswith("There is no encoding 'klingon'")
    assert "is not UTF-8 at offset 2" in sentence(tmp_path / "a.txt")
    assert "a.txt is not ascii text" in sentence(tmp_path / "a.txt", encoding="ascii")
