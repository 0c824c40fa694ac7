"""What is known of a text: each part where it was measured as the rule's was."""

from dataclasses import replace

import pytest

from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.laws.text import WEB_H, WEB_T, Text, text_of
from tests.answer.said import CORPUS

OTHER_TOKENIZER = replace(DEFAULT_PROTOCOL, tokenizer="other")


def test_a_corpus_under_the_default_protocol_gives_both_rules():
    found = text_of(replace(CORPUS, non_ascii_fraction=0.02), 4.4)
    assert (found.compressibility, found.bytes_per_token, found.non_ascii) == (0.4, 3.5, 0.02)
    assert found.trained_bytes_per_token == 4.4
    assert found.sd == pytest.approx(0.02 / (2 * 1.96), rel=1e-3)


@pytest.mark.parametrize(
    ("protocol", "h", "t"),
    [
        (replace(DEFAULT_PROTOCOL, seq_len=1000), None, 3.5),  # bytes per token do not depend on the sequences
        (OTHER_TOKENIZER, None, None),
        (replace(DEFAULT_PROTOCOL, chunking="concatenation"), 0.4, 3.5),
    ],
)
def test_what_was_measured_otherwise_is_not_known(protocol, h, t):
    found = text_of(replace(CORPUS, protocol=protocol))
    assert (found.compressibility, found.bytes_per_token) == (h, t)


def test_of_token_ids_h_is_known_where_their_tokenizer_is_and_bytes_are_not():
    unnamed = replace(CORPUS, protocol=replace(DEFAULT_PROTOCOL, tokenizer=None), bytes_per_token=None)
    assert text_of(unnamed).compressibility is None
    named = text_of(replace(CORPUS, bytes_per_token=None))
    assert (named.compressibility, named.bytes_per_token) == (0.4, None)


@pytest.mark.parametrize(
    ("h", "t", "like"),
    [(WEB_H, WEB_T, True), (0.58, 4.2, True), (0.60, WEB_T, False), (WEB_H, 3.5, False), (None, None, True)],
)
def test_only_web_text_has_web_text_s_loss(h, t, like):
    assert Text(compressibility=h, bytes_per_token=t).like_web_text is like


def test_the_tokenizer_is_set_against_the_corpus_s_own_bytes_per_token():
    assert Text(bytes_per_token=3.0, trained_bytes_per_token=3.0).by_tokenizer == 0
    # Without them H says what they would be: what the two rules agree on.
    text = Text(compressibility=0.402)
    assert Text(compressibility=0.402, bytes_per_token=text.reference_bytes_per_token).by_t == pytest.approx(text.by_h)
