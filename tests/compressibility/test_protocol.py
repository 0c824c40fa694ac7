from dataclasses import replace

import pytest

from advisor.compressibility.protocol import (
    DEFAULT_PROTOCOL,
    Protocol,
    check_match,
    difference,
    read_protocol,
)
from advisor.errors import CorpusError, ProtocolMismatchError
from advisor.json_fields import Node
from advisor.json_form import as_json


def test_the_default_is_the_papers_code():
    # arXiv:2405.16684's code: 256 tokens, gzip level 9, int32 ids, 1000 sequences.
    assert (
        Protocol(
            tokenizer="mistral-v1",
            seq_len=256,
            n_sequences=1000,
            level=9,
            encoding="int32-be",
            chunking="document",
            statistic="median",
        )
        == DEFAULT_PROTOCOL
    )


@pytest.mark.parametrize("tokenizer", ["mistral-v1", None])
def test_json_round_trip(tokenizer):
    protocol = replace(DEFAULT_PROTOCOL, tokenizer=tokenizer, seq_len=512)
    assert read_protocol(Node(as_json(protocol), "f", "protocol", CorpusError)) == protocol


@pytest.mark.parametrize(
    ("name", "value"),
    [("seq_len", 1000), ("level", 6), ("encoding", "int16-be"), ("chunking", "concatenate"), ("statistic", "mean")],
)
def test_what_must_match(name, value):
    other = replace(DEFAULT_PROTOCOL, **{name: value})
    assert difference(other, DEFAULT_PROTOCOL) == (
        f"{name} is {value} where the coefficients have {getattr(DEFAULT_PROTOCOL, name)}"
    )


def test_tokenizers_must_match_but_for_coefficients_of_native_ids():
    other, native = replace(DEFAULT_PROTOCOL, tokenizer="gpt2"), replace(DEFAULT_PROTOCOL, tokenizer=None)
    assert difference(other, DEFAULT_PROTOCOL) == "tokenizer is gpt2 where the coefficients have mistral-v1"
    assert difference(other, native) is None
    unnamed = "it came as token ids of an unnamed tokenizer where the coefficients have gpt2"
    assert difference(native, other) == unnamed
    with pytest.raises(ProtocolMismatchError) as caught:
        check_match(native, DEFAULT_PROTOCOL, "the law")
    assert str(caught.value) == (
        "The corpus was measured in another way than the law: it came as token ids of an unnamed tokenizer where the "
        "coefficients have mistral-v1; say whose with --tokenizer NAME, and if not mistral-v1's add --decode to "
        "measure their text, or use --law chinchilla, which needs no compressibility."
    )


def test_the_number_of_sequences_does_not_matter():
    assert difference(replace(DEFAULT_PROTOCOL, n_sequences=10), DEFAULT_PROTOCOL) is None


def test_the_error_says_how_to_measure_again():
    with pytest.raises(ProtocolMismatchError) as caught:
        check_match(replace(DEFAULT_PROTOCOL, seq_len=1000), DEFAULT_PROTOCOL, "the calibration text")
    assert str(caught.value) == (
        "The corpus was measured in another way than the calibration text: seq_len is 1000 where the coefficients have "
        "256; measure it again with `advisor score SOURCE --seq-len 256 --tokenizer mistral-v1`, or use --law "
        "chinchilla, which needs no compressibility."
    )
    check_match(DEFAULT_PROTOCOL, DEFAULT_PROTOCOL, "text")
