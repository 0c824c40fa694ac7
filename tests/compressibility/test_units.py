"""Data in bytes and in the user's own tokens, counted on a real corpus."""

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.compressibility.profile_file import ProfileRecord
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.compressibility.score import score
from advisor.compressibility.units import TokenCount, count_tokens, units_of
from advisor.errors import UsageError


def record(**changes):
    known = {
        "source": "corpus",
        "protocol": DEFAULT_PROTOCOL,
        "median": 0.4,
        "ci95": None,
        "estimated_tokens": 1e10,
        "bytes_per_token": 3.5,
    }
    return ProfileRecord(**(known | changes))


def test_bytes_and_other_tokens():
    own = TokenCount(tokenizer="mine", bytes_per_token=5.0, vocab_size=100_000)
    units = units_of(2e9, 40e9, record(), own)
    assert units is not None
    assert (units.n_bytes, units.bytes_per_param) == (140e9, 70.0)
    assert units.counted_tokens == 28e9


@pytest.mark.parametrize(
    "profile", [None, record(bytes_per_token=None), record(protocol=Protocol(tokenizer="bytes"), bytes_per_token=1.0)]
)
def test_without_bytes_of_the_protocols_tokens_there_are_no_units(profile):
    assert units_of(2e9, 40e9, profile, None) is None
    with pytest.raises(UsageError) as caught:
        units_of(2e9, 40e9, profile, TokenCount(tokenizer="mine", bytes_per_token=5.0, vocab_size=9))
    assert str(caught.value) == (
        "--count-tokenizer converts tokens through bytes, so it needs a corpus of text measured with the default "
        "tokenizer, mistral-v1."
    )


def test_counting_bytes_gives_one_byte_a_token_and_leaves_h_alone(stdlib):
    folder = str(stdlib / "json")
    counted = count_tokens(folder, "bytes")
    assert (counted.bytes_per_token, counted.vocab_size) == (1.0, 257)
    profile = score(folder)
    answer = recommend(Request(flops=1e21, law="chinchilla"), profile=profile, counted=counted)
    assert answer.compressibility == profile.median
    units = answer.plan.units
    assert units is not None
    assert units.counted_tokens == units.n_bytes == answer.headline.n_tokens * profile.bytes_per_token
    assert units.bytes_per_param == pytest.approx(answer.headline.tokens_per_param * profile.bytes_per_token)
    # The shape takes the vocabulary of the tokenizer that the model will be trained with.
    assert answer.plan.vocab_size == 257


def test_what_cannot_be_counted(tmp_path):
    with pytest.raises(UsageError, match=r"^--count-tokenizer reads the corpus a second time, which standard input "):
        count_tokens("-", "bytes")
    path = tmp_path / "ids.jsonl"
    path.write_text('{"input_ids": [' + ", ".join(str(i * i % 997) for i in range(3000)) + "]}\n")
    with pytest.raises(UsageError, match=r"^--count-tokenizer counts tokens of text, and .*ids.jsonl holds token ids"):
        count_tokens(str(path), "bytes")
