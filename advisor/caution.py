"""The type of a caution: a code for programs, a sentence for people, and whether it changes what one should do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "note"]

# The codes that change what one should do, the weightiest first: the answer may be of something else than was meant; it
# cannot be followed as it is; it is less certain than it looks. Every other code is a note.
WARNINGS = (
    # what was read may not be what is meant
    *("like_noise", "encoded_text", "serialised_text", "text_elsewhere", "one_id", "padding", "no_boundaries"),
    *("much_skipped", "one_document", "missing_shards", "splits_pooled", "source_repeated", "remote_beginnings"),
    *("protocol_mismatch", "pilot_of_another_corpus", "odd_losses", "loss_unit"),
    # the answer cannot be followed as it is
    *("cluster_too_small", "epochs_above_40", "training_exceeds_budget", "choice_not_weighed", "no_shape"),
    *("corpus_too_small", "gpus_idle", "epochs_above_16", "epochs_above_4", "near_world_supply"),
    # it rests on less than it seems to
    *("gzip_does_not_predict", "law_verdict", "other_language", "compressibility_outside_range"),
    *("compressibility_far_from_law", "budget_outside_range", "rows_outside_range", "tokenizer_outside_range"),
    *("training_tokens_outside_range", "pilot_surprises", "noisy_pilot", "budgets_disagree", "few_sequences"),
    *("no_interval", "documents_joined", "calibration_unreadable", "no_default_calibration", "law_refused"),
    *("draws_dropped", "tokenizer_not_used", "exact_flops_differ"),
    # runs that give no law, or one of something else than was meant: those that refuse it first (calibration/fit)
    *("bad-loss", "few-tokens", "untrained-runs", "contradictory-runs", "rising-loss", "few-runs", "one-line"),
    *("saturated", "steep-exponent", "e-at-zero", "several-rates", "repetition-unidentified", "wide-optimum"),
    *("ill-conditioned", "large-residuals", "refits-at-bound", "one-law-for-groups", "odd-units", "odd-loss"),
    *("several-vocabularies", "unfinished-training", "other-data", "repeated-runs", "groups-left-out", "no-regression"),
    *("not-trained", "critical"),
    # a law whose optimum is less certain than it looks
    *("narrow-n", "narrow-d", "second-basin", "misfit", "e-at-bound", "flat-n-term", "flat-d-term"),
    *("isoflop-disagrees", "over-40-epochs", "overfitting-seen", "wide-r-d", "covariate-outside", "line-no-better"),
    *("no-left-out-law", "wide-left-out"),
)
_WEIGHT = {code: at for at, code in enumerate(WARNINGS)}


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A reason for care: ``code`` for programs, ``message`` for people."""

    code: str
    message: str

    JSON = ("code", "message", "severity")

    @property
    def severity(self) -> Severity:
        """Whether it changes what one should do, "warning", or is good to know, "note"."""
        return "warning" if self.code in _WEIGHT else "note"


def warnings_first(cautions: Iterable[Caution]) -> list[Caution]:
    """Return cautions in the order of their weight: warnings first, then notes as they came."""
    return sorted(cautions, key=lambda each: _WEIGHT.get(each.code, len(WARNINGS)))
