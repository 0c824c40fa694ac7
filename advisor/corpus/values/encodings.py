"""Which encoding a text that is not UTF-8 may be in, for the sentence that refuses it."""

from __future__ import annotations

import codecs
import re

_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 1 << 14  # bytes
_MOSTLY = 0.7
# Of what is not ASCII in a text of each encoding nearly all, or a good part, is this. Strictness alone tells little:
# cp1251 decodes any bytes, and gb18030 nearly all text of East Asia.
_EXPECTED = (
    ("shift_jis", "[\u3040-\u30ff]", 0.3),
    ("euc_jp", "[\u3040-\u30ff]", 0.3),
    ("euc_kr", "[\uac00-\ud7a3]", 0.9),
    ("big5", "[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]", 0.9),
    ("gb18030", "[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\u2010-\u2026]", 0.9),
    ("cp1251", "(?<![A-Za-zА-Яа-яё])[А-Я]|(?<![A-Za-z])[а-яё№«»—–](?![A-Za-z])", 0.9),
    ("koi8_r", "(?<![A-Za-zА-Яа-яё])[А-Я]|(?<![A-Za-z])[а-яё](?![A-Za-z])", 0.9),
    ("cp1252", "(?<![\xc0-\xff])[\xc0-\xff]|[\xa0«»‘’“”„–—…€ß°]", 0.9),
)


def encoding_of_mark(head: bytes) -> str | None:
    """Return utf-32 or utf-16 where a text begins with its byte-order mark; None for another beginning."""
    if head.startswith(_UTF32):  # the mark of UTF-16 begins as this one
        return "utf-32"
    return "utf-16" if head.startswith(_UTF16) else None


def wide_encoding(data: bytes) -> str | None:
    """Return the UTF-16 or UTF-32 that text with zero bytes is in, without a mark; None where it is binary.

    >>> wide_encoding("some words".encode("utf-16-le")), wide_encoding(bytes(range(64)))
    ('utf-16-le', None)
    """
    data = data[:_LOOKED_AT]
    for encoding, width, low in (("utf-32-le", 4, 0), ("utf-32-be", 4, 3), ("utf-16-le", 2, 0), ("utf-16-be", 2, 1)):
        places = [data[each::width] for each in range(width)]
        zeros = sum(part.count(0) for at, part in enumerate(places) if at != low)
        if 0 not in places[low] and zeros >= _MOSTLY * len(data) * (width - 1) / width:
            return encoding
    return None


def encodings_of(data: bytes) -> list[str]:
    """Return in which of a few encodings some bytes that are no UTF-8 are the text that is expected of it.

    >>> encodings_of("这是一个句子".encode("gbk")), encodings_of("déjà vu, écrit".encode("latin-1"))
    (['gb18030'], ['cp1252'])
    """
    return [
        encoding for encoding, expected, share in _EXPECTED if _is_text(data[:_LOOKED_AT], encoding, expected, share)
    ]


def _is_text(data: bytes, encoding: str, expected: str, share: float) -> bool:
    """Return whether so large a share of what is not ASCII is expected; the last character may be cut."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return False
    n_other = sum(not char.isascii() for char in text)
    n_expected = len(re.findall(expected, text))
    is_chinese = encoding not in ("gb18030", "big5") or _is_common(text)
    return n_other > 0 and n_expected >= share * n_other and is_chinese


def _is_common(text: str) -> bool:
    """Return whether the Chinese characters of a text are mostly those of the first standards, which are common."""
    hanzi = [char for char in text if "\u4e00" <= char <= "\u9fff"]
    n_common = sum(_level(char) for char in hanzi)
    return n_common >= _MOSTLY * len(hanzi)


def _level(char: str) -> bool:
    """Return whether a character is of the first, common level of GB 2312 or Big5."""
    for encoding, low, high in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        code = char.encode(encoding, "ignore")
        if code and low <= code[0] <= high:
            return True
    return False
