"""Training data in units that do not depend on a tokenizer, and in the user's own tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.compressibility.protocol import MeasuredCorpus
from advisor.corpus.tokenizer import DEFAULT_TOKENIZER
from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.sequences import Progress
    from advisor.explanation import Page


@dataclass(frozen=True, kw_only=True)
class TokenCount:
    """How many bytes of a corpus's text a token of some tokenizer stands for, and its vocabulary."""

    tokenizer: str
    bytes_per_token: float
    vocab_size: int


@dataclass(frozen=True, kw_only=True)
class Units:
    """An allocation's data in bytes of this corpus, and in the tokens of ``counted``.

    ``n_tokens`` are tokens of ``tokenizer``: the protocol's, which H and bytes per token were measured with, or the one
    that the model is trained with where the law knows what it does. Other laws were fitted with tokenizers of their
    own, which are taken to make about as many tokens of a text.
    """

    n_params: float
    n_tokens: float
    tokenizer: str
    bytes_per_token: float
    counted: TokenCount | None

    JSON = (
        *("-n_params", "-n_tokens", "tokenizer", "bytes_per_token", "n_bytes", "bytes_per_param"),
        *("count_tokenizer=counted.tokenizer", "count_bytes_per_token=counted.bytes_per_token"),
        "n_tokens_counted=counted_tokens",
    )

    @property
    def n_bytes(self) -> float:
        """Bytes of text in UTF-8: tokens times bytes per token."""
        return self.n_tokens * self.bytes_per_token

    @property
    def bytes_per_param(self) -> float:
        """Bytes of text for each parameter."""
        return self.n_bytes / self.n_params

    @property
    def counted_tokens(self) -> float | None:
        """The same text in tokens of ``counted``: bytes over its bytes per token."""
        return None if self.counted is None else self.n_bytes / self.counted.bytes_per_token


def units_of(
    n_params: float,
    n_tokens: float,
    profile: MeasuredCorpus | None,
    counted: TokenCount | None,
    tokens_of: str = DEFAULT_TOKENIZER,
) -> Units | None:
    """Return the allocation in units of the corpus; None where its bytes per token, of ``tokens_of``, are not known.

    That is so without a corpus, for a corpus of token ids, and for one measured with another tokenizer than the
    default, whose tokens are not those of the laws.

    Raises:
        UsageError: ``counted`` is given and there are no bytes to convert with.
    """
    known = profile is not None and profile.protocol.tokenizer == DEFAULT_TOKENIZER
    if profile is None or not known or profile.bytes_per_token is None:
        if counted is not None:
            raise UsageError(
                "--count-tokenizer converts tokens through bytes, so it needs a corpus of text measured with the "
                f"default tokenizer, {DEFAULT_TOKENIZER}."
            )
        return None
    return Units(
        n_params=n_params,
        n_tokens=n_tokens,
        tokenizer=tokens_of,
        bytes_per_token=profile.bytes_per_token,
        counted=counted,
    )


def in_tokens_of(profile: MeasuredCorpus, bytes_per_token: float) -> MeasuredCorpus:
    """Return a profile as a tokenizer with these bytes per token counts the corpus; itself where it has no bytes."""
    own, tokens = profile.bytes_per_token, profile.estimated_tokens
    if own is None:
        return profile
    counted = None if tokens is None else tokens * own / bytes_per_token
    changed: MeasuredCorpus = replace(profile, bytes_per_token=bytes_per_token, estimated_tokens=counted)  # type: ignore[type-var]
    return changed


def count_tokens(
    source: str,
    tokenizer: str,
    *,
    options: CorpusOptions | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TokenCount:
    """Return how many bytes a token of ``tokenizer`` stands for in the text of ``source``, from a sample of it.

    ``source`` and ``tokenizer`` are what ``score`` takes; the sample is drawn as that of ``score`` with this seed.

    Raises:
        CorpusError: the corpus cannot be read.
        TokenizerError: the tokenizer cannot be found or read.
        UsageError: the corpus holds token ids, or is standard input, which can be read only once.
    """
    from advisor.compressibility.score import score
    from advisor.corpus.sampling import Sampling

    if source == "-":
        raise UsageError("--count-tokenizer reads the corpus a second time, which standard input does not allow.")
    found = score(source, options=options, sampling=Sampling(tokenizer=tokenizer, seed=seed), progress=progress)
    if found.bytes_per_token is None:
        raise UsageError(f"--count-tokenizer counts tokens of text, and {source} holds token ids.")
    return TokenCount(tokenizer=tokenizer, bytes_per_token=found.bytes_per_token, vocab_size=found.vocab_size)


def explain_units(page: Page, units: Units | None) -> None:
    """Explain the headline's data in bytes and in the user's own tokens; nothing where they are not known."""
    if units is None:
        return
    what = "tokens of the protocol's tokenizer, in bytes of UTF-8"
    page.add("n_bytes", "D*bytes_per_token", what, value=units.n_bytes, key="units.n_bytes")
    ratio = units.bytes_per_param
    page.add("bytes_per_param", "n_bytes/N", "bytes over parameters", value=ratio, key="units.bytes_per_param")
    if units.counted is not None:
        page.add(
            "n_tokens_counted",
            "n_bytes/count_bytes_per_token",
            f"bytes per token of {units.counted.tokenizer}, measured on the corpus",
            value=units.counted_tokens,
            key="units.n_tokens_counted",
            count_bytes_per_token=units.counted.bytes_per_token,
        )
