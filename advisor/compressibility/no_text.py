"""What of the text that was drawn is no text, as cautions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.corpus.values.encoded import BASE64, ESCAPES, HEX, LOST, WRONG, encoded_shares
from advisor.quantities import format_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.sequences import Sample
    from advisor.corpus.tokenizer import Tokenizer

_SEQUENCES = 1000  # looked at
_CUT = 3  # characters that the ends of a sequence can have of one that it divides
# Of the characters: sources of code hold some base64 and escapes, and no text holds much of the last two.
_ALLOWED = {BASE64: 0.1, HEX: 0.1, ESCAPES: 0.1, LOST: 0.02, WRONG: 0.02}
_WHAT_TO_DO = {
    BASE64: "decode it if it is text, and leave it out if it is pictures or other data",
    HEX: "decode them if they are text, and leave them out if they are other data",
    ESCAPES: "decode them",
    LOST: "decode the original again, with its encoding",
    WRONG: "decode the original again, with its encoding",
}


def about_text(sample: Sample, tokenizer: Tokenizer) -> Iterator[Caution]:
    """Yield what share of the text drawn is no text, by kind, where it is so much that H is not that of the text."""
    if not sample.tokenized:
        return
    step = -(-len(sample.ids) // _SEQUENCES)
    texts = (tokenizer.decode(ids.tolist()) for ids in sample.ids[::step])
    texts = (text[_CUT:-_CUT] for text in texts)
    for kind, share in encoded_shares(texts).items():
        if share > _ALLOWED[kind]:
            message = (
                f"{format_share(share)} of the text that was drawn is {kind}: H and the number of tokens are not those "
                f"of the text that it stands for; {_WHAT_TO_DO[kind]}."
            )
            yield Caution(code="encoded_text", message=message)
