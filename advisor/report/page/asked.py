"""What a recommendation was asked, so that a page can ask it again at other budgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.answer.request import Request
from advisor.compressibility.profile_file import ProfileRecord
from advisor.compressibility.protocol import MeasuredCorpus, read_protocol
from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.laws.published import PUBLISHED_NAMES
from advisor.quantities import format_flops
from advisor.report.page.reading import words

if TYPE_CHECKING:
    from advisor.answer.recommendation import Recommendation
    from advisor.compressibility.units import TokenCount

_SAME = 1e-6  # of N and D: a document that was written by this version is answered alike
_OWN_LAWS = ("data", "bytes")
# The fields of a request that a document has under other names.
_NAMES = {
    "gpus": "n_gpus",
    "price_per_hour": "price_per_gpu_hour",
    "gpu_memory": "gpu_memory_gb",
    "context": "context_tokens",
    "target_loss": "target_loss_nats_per_token",
    "bytes_per_token": "training_bytes_per_token",
    "inference_price_per_hour": "inference_price_per_gpu_hour",
}
_NUMBERS = (
    *("flops", "hours", "mfu", "price_per_hour", "gpu_memory", "n_params", "n_tokens", "target_loss"),
    *("compressibility", "bytes_per_token", "unique_tokens", "inference_tokens", "inference_mfu"),
    "inference_price_per_hour",
)
_COUNTS = ("gpus", "vocab_size", "context")
_FILES = ("coefficients", "calibration", "pilot", "epsilon", "base")


@dataclass(frozen=True, kw_only=True)
class AskedRequest:
    """A request with the corpus that it is about: what ``recommend`` takes."""

    request: Request
    profile: MeasuredCorpus | None = None
    counted: TokenCount | None = None

    def recommendation(self) -> Recommendation:
        """Return what ``advisor recommend`` says."""
        from advisor.answer.recommendation import recommend

        return recommend(self.request, profile=self.profile, counted=self.counted)

    def at(self, flops: float) -> AskedRequest:
        """Return the same question for another budget: a choice or a question about N, D or a loss falls away."""
        budget = replace(self.request, flops=flops, hours=None, n_params=None, n_tokens=None, target_loss=None)
        return replace(self, request=budget)

    def with_unlimited_data(self) -> AskedRequest:
        """Return the same question without a limit on unique tokens."""
        return replace(self, request=replace(self.request, unique_tokens=None, use_corpus_size=False))


def asked_in(document: Node) -> tuple[AskedRequest, Recommendation]:
    """Return what a document's recommendation was asked, and the answer of now, which must be the document's.

    Files that a document names are not read: it may come from anybody.

    Raises:
        AdvisorError: its numbers contradict each other, it rests on files, or this version answers otherwise.
    """
    if said := contradiction(document):
        raise AdvisorError(said)
    asked = _asked(document)
    found = asked.recommendation()
    then = document["recommended"]
    for key, now in (("n_params", found.recommended.n_params), ("n_tokens", found.recommended.n_tokens)):
        if abs(then[key].number(0) / now - 1) > _SAME:
            raise AdvisorError(
                "this version of advisor answers otherwise than the one that wrote it: make it again with advisor "
                "recommend ... --json."
            )
    return asked, found


def contradiction(document: Node) -> str:
    """Return which numbers of a document that must agree do not, in a sentence; nothing where all do."""
    best, given = document["recommended"], document["request"].get("flops")
    flops = best["flops"].number(0, open_ends=True)
    product = 6 * best["n_params"].number(0, open_ends=True) * best["n_tokens"].number(0, open_ends=True)
    pairs = [("recommended.flops", flops, "6 recommended.n_params recommended.n_tokens", product)]
    if given is not None:
        budget = document["headline"]["flops"].number(0, open_ends=True)
        pairs.append(("request.flops", given.number(0, open_ends=True), "headline.flops", budget))
    for name, value, other, expected in pairs:
        if abs(value / expected - 1) > _SAME:
            return (
                f"the file's numbers contradict each other ({name} is {format_flops(value)}, {other} "
                f"{format_flops(expected)}), so it was altered: make it again with advisor recommend ... --json."
            )
    return ""


def _asked(document: Node) -> AskedRequest:
    request = document["request"]
    if law := words(request.get("law")):
        _check_law(law)
    for name in _FILES:
        if request.get(name) is not None:
            raise AdvisorError(f"it was made with --{name}: give advisor report the options of the recommendation.")
    given: dict[str, Any] = {name: request.get(_NAMES.get(name, name)) for name in (*_NUMBERS, *_COUNTS)}
    numbers = {name: node.number(0) for name in _NUMBERS if (node := given[name]) is not None}
    counts = {name: node.whole(1) for name in _COUNTS if (node := given[name]) is not None}
    gpu = words(request.get("gpu"))
    if not gpu:
        numbers.pop("mfu", None)
    use_corpus_size = request.get("use_corpus_size")
    return AskedRequest(
        request=Request(
            **numbers,
            **counts,
            law=law or None,
            gpu=gpu or None,
            use_corpus_size=use_corpus_size is not None and use_corpus_size.value is True,
        ),
        profile=_profile(document),
        counted=_counted(document),
    )


def _check_law(law: str) -> None:
    if law not in (*PUBLISHED_NAMES, *_OWN_LAWS):
        raise AdvisorError(f"it was made with --law {law}: give advisor report the options of the recommendation.")


def _profile(document: Node) -> ProfileRecord | None:
    """Return the corpus as far as a document has it."""
    node = document.get("profile")
    if node is None:
        return None
    tokens, rate, letters = (node.get(key) for key in ("estimated_tokens", "bytes_per_token", "non_ascii_fraction"))
    return ProfileRecord(
        source=words(node["source"]),
        protocol=read_protocol(node["protocol"]),
        median=document["compressibility"].number(0, 1, open_ends=True),
        ci95=None if (found := node.get("ci95")) is None else found.pair(0),
        estimated_tokens=None if tokens is None else tokens.number(0, open_ends=True),
        bytes_per_token=None if rate is None else rate.number(0, open_ends=True),
        non_ascii_fraction=None if letters is None else letters.number(0, 1),
    )


def _counted(document: Node) -> TokenCount | None:
    """Return the tokenizer that the model is trained with, where the text was counted in its tokens."""
    units = document.get("units")
    if units is None or units.get("count_tokenizer") is None:
        return None
    from advisor.compressibility.units import TokenCount

    return TokenCount(
        tokenizer=words(units["count_tokenizer"]),
        bytes_per_token=units["count_bytes_per_token"].number(0, open_ends=True),
        vocab_size=document["plan"]["vocab_size"].whole(1),
    )
