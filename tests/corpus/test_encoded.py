"""What of a text is no text, and the cautions that say so."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from advisor.corpus.values.encoded import BASE64, ESCAPES, HEX, LOST, WRONG, encoded_shares
from tests.corpus.reading import profile

RNG = random.Random(0)
WORDS = ["größe", "and", "the", "Straße", "of", "words", "naïve", "2024", "file_name.txt", "CamelCase", "été"]
TEXT = " ".join(RNG.choice(WORDS) for _ in range(400))
CHINESE = "这是一个关于语言模型的句子，它没有空格。" * 30
DATA = bytes(RNG.randrange(256) for _ in range(3000))

ENCODED = {
    "base64": (base64.b64encode(DATA).decode(), BASE64),
    "base64 of MIME": (base64.encodebytes(DATA).decode(), BASE64),
    "base64 for addresses": (base64.urlsafe_b64encode(DATA).decode(), BASE64),
    "a picture in HTML": (f'<img src="data:image/png;base64,{base64.b64encode(DATA).decode()}">', BASE64),
    "hex": (DATA.hex(), HEX),
    "HEX": (DATA.hex().upper(), HEX),
    "percent": (quote(TEXT), ESCAPES),
    "JSON escapes": (json.dumps(CHINESE), ESCAPES),
    "Python escapes": (repr(CHINESE.encode()), ESCAPES),
    "entities": ("".join(f"&#{ord(char)};" for char in CHINESE), ESCAPES),
    "replaced": (CHINESE.encode("gb18030").decode("utf-8", "replace"), LOST),
    "UTF-8 as latin-1": (CHINESE.encode().decode("latin-1"), WRONG),
    "UTF-8 as cp1252": ("â€œCafÃ© crÃ¨meâ€ " * 99, WRONG),
    "gbk as latin-1": (CHINESE.encode("gbk").decode("latin-1"), WRONG),
    "shift_jis as latin-1": (("これは日本語の文章です。" * 30).encode("shift_jis").decode("latin-1"), WRONG),
}
TEXTS = {
    "words": TEXT,
    "Chinese": CHINESE,
    "addresses": "see https://example.org/a/b/Some_Page_2024/with%20space?id=3f2a9c1e77 for more of it " * 20,
    "DNA": "ACGTTGCA" * 500,
    "digits of pi": "31415926535897932384626433832795" * 90,
    "commits": f"{DATA[:20].hex()} made a change of the code that the readers of a log will understand " * 30,
    "signs": "———————— «»«»«»« …… ···· °°°° «À la carte», dit-il. " * 20,
    "long names": "thisIsAVeryLongNameOfAFunctionThatSomebodyWroteInJava and_another_one_of_python " * 20,
}


@pytest.mark.parametrize("name", ENCODED)
def test_what_is_encoded_is_counted_under_its_kind(name: str) -> None:
    text, kind = ENCODED[name]
    shares = encoded_shares([text])
    assert max(shares, key=lambda each: shares[each]) == kind
    assert shares[kind] > (0.2 if name == "UTF-8 as cp1252" else 0.7)


@pytest.mark.parametrize("name", TEXTS)
def test_text_is_not_encoded(name: str) -> None:
    shares = encoded_shares([TEXTS[name]])
    assert set(shares.values()) == {0.0}


def test_no_text_has_no_shares() -> None:
    assert set(encoded_shares([]).values()) == {0.0}


def test_a_caution_says_the_share(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": DATA[i:].hex()}) + "\n" for i in range(9)))
    messages = [each.message for each in profile(path).cautions if each.code == "encoded_text"]
    assert messages == [
        "100 % of the text that was drawn is hexadecimal digits: H and the number of tokens are not those of the text "
        "that it stands for; decode them if they are text, and leave them out if they are other data."
    ]
    path.write_text("".join(json.dumps({"text": TEXT[i:]}) + "\n" for i in range(9)))
    assert "encoded_text" not in {each.code for each in profile(path).cautions}
