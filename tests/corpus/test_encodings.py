"""The encoding that the sentence about a text that is not UTF-8 names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from advisor.corpus.values.encodings import encodings_of, wide_encoding
from tests.corpus.reading import contents, sentence

CHINESE = "这是一个关于语言模型的句子，它没有空格。我们喜欢阅读书籍和学习新知识。"
JAPANESE = "これは日本語の文章です。私はカタカナと漢字を書く。"
RUSSIAN = "Это предложение на русском языке, и мы любим читать книги. "
TEXTS = [
    ("gb18030", CHINESE),
    ("big5", "這是一個關於語言模型的句子，我們喜歡閱讀。"),
    ("shift_jis", JAPANESE),
    ("euc_jp", JAPANESE),
    ("euc_kr", "이것은 한국어 문장입니다. 우리는 책을 읽는 것을 좋아합니다. "),
    ("cp1251", RUSSIAN),
    ("koi8_r", RUSSIAN),
    ("cp1252", "Dies ist ein größerer Satz über Äpfel, naïve “Zitate” déjà vu. "),
    ("cp1252", "Le café est déjà prêt à être bu. "),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_the_encoding_of_a_text_is_named_first(tmp_path: Path, encoding: str, text: str) -> None:
    data = ("ascii\n" + text * 20).encode(encoding)
    assert encodings_of(data)[0] == encoding
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert f": name its encoding with --encoding, which may be {encoding}" in sentence(path)
    assert contents(path, encoding=encoding) == ["ascii\n" + text * 20]


def test_bytes_that_are_no_text_are_in_no_encoding(tmp_path: Path) -> None:
    rng = random.Random(0)
    data = bytes(rng.randrange(1, 256) for _ in range(4000))
    assert encodings_of(data) == []
    assert wide_encoding(bytes(rng.randrange(256) for _ in range(4000))) is None
    (tmp_path / "a.txt").write_bytes(b"word \x98\x98\x98")
    assert sentence(tmp_path / "a.txt") == (
        f"{tmp_path}/a.txt is not UTF-8 at offset 5: name its encoding with --encoding."
    )


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_are_named_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(("Some words, é too. " * 50).encode(encoding))
    first = 0 if encoding.endswith("be") else 1
    assert sentence(path) == (
        f"{path} is no UTF-8, and by its zero bytes, the first at offset {first}, text in {encoding}: name its "
        f"encoding, --encoding {encoding}."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_marks_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(("Some words. " * 50).encode(encoding))
    assert sentence(path) == (
        f"{path} begins with a byte-order mark of {encoding.upper()}: name its encoding, --encoding {encoding}."
    )
    assert contents(path, encoding=encoding) == ["Some words. " * 50]
    path.write_bytes(b"\xef\xbb\xbfa")
    assert contents(path) == ["a"]
