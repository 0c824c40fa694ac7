"""The type of a caution: a code for programs, a sentence for people, and whether it changes what one should do.

Here are all codes there are, each with what it says: those of answers and corpora, and the reasons that a fit gives
against a law or to read it with care (``calibration.fit.reason``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "note"]

# The codes that change what one should do, the weightiest first: the answer may be of something else than was meant; it
# cannot be followed as it is; it is less certain than it looks. Every other code is a note.
WARNINGS = {
    # what was read may not be what is meant
    "like_noise": "H is that of ids drawn at random: this is no text, or ids of another type.",
    "encoded_text": "Much of the text is base64, hex, escapes, or was decoded wrongly.",
    "serialised_text": "A file is read as text, and looks like records of another format.",
    "text_elsewhere": "Most or much of the text is in a column or field that is not read.",
    "one_id": "One id is most of a corpus of token ids, as padding is.",
    "padding": "An id that fills rows or runs of a corpus of token ids is left out as padding.",
    "no_boundaries": "Token ids do not say where documents end, so sequences may cross them.",
    "much_skipped": "A large part of the corpus could not be read and was left out.",
    "one_document": "Most of the sample is of one document.",
    "unlike_shards": "Some shards of a corpus that was measured whole are unlike the others.",
    "missing_shards": "Files are named as shards of more than are there.",
    "splits_pooled": "Several splits are read together.",
    "source_repeated": "A corpus is named twice in a comparison.",
    "remote_beginnings": "Only the beginnings of remote files were read.",
    "protocol_mismatch": "A calibration was measured in another way than the corpus, and its laws are left out.",
    "pilot_of_another_corpus": "The pilot was on a corpus of another H.",
    "odd_losses": "Some of a pilot's runs are not like its others.",
    "loss_unit": "A pilot's losses look like another unit than nats/token.",
    # the answer cannot be followed as it is
    "loss_of_guessing": "The law's loss is above that of a model that guesses: it says nothing here.",
    "cluster_too_small": "The model's training state does not fit into the GPUs.",
    "epochs_above_40": "More passes over the data would be needed than any law can judge.",
    "time_exceeded": "The run takes longer than the hours that were given.",
    "training_exceeds_budget": "The model that serves takes more training than the budget.",
    "choice_not_weighed": "The law predicts no loss, so the chosen size is not weighed.",
    "no_shape": "No model shape has that many parameters with this vocabulary.",
    "corpus_too_small": "The corpus has fewer tokens than the answer trains on.",
    "gpus_idle": "Some of the GPUs cannot take part.",
    "epochs_above_16": "More than 16 passes: a repeated token has lost most of its value.",
    "epochs_above_4": "More than 4 passes: repeated data lose value.",
    "near_world_supply": "The tokens come near all the text there is.",
    # it rests on less than it seems to
    "gzip_does_not_predict": "By the calibration itself, H does not predict its held-out laws.",
    "law_verdict": "The fit that gave the law says itself: with caution.",
    "other_language": "The corpus is not English or code, which the default law rests on.",
    "compressibility_outside_range": "H is outside the corpora that the law rests on.",
    "compressibility_far_from_law": "H is far from the runs that the law was fitted to.",
    "budget_outside_range": "The budget is outside the runs that the law was fitted to.",
    "rows_outside_range": "Rows of a table are outside the runs that the law was fitted to.",
    "tokenizer_outside_range": "Bytes per token are outside the tokenizers that were tried.",
    "training_tokens_outside_range": "Serving asks for more training tokens than the law was fitted to.",
    "pilot_surprises": "The pilot's gap is far from what the default law expects.",
    "noisy_pilot": "The pilot's losses scatter more than is usual.",
    "budgets_disagree": "The pilot's budgets do not show the same gap.",
    "few_sequences": "Few sequences could be sampled, so H is uncertain.",
    "no_interval": "The corpus is too small for an interval of H.",
    "documents_joined": "Most documents are short and were joined end to end.",
    "calibration_unreadable": "An installed calibration cannot be used.",
    "no_default_calibration": "The coefficients file names no default calibration.",
    "law_refused": "A law is left out, for the reason that is given.",
    "draws_dropped": "Some draws of the calibration give no law at this H.",
    "tokenizer_not_used": "The law does not depend on the tokenizer, so --bytes-per-token moves nothing.",
    "exact_flops_differ": "The shape's exact FLOPs are far from 6 N D.",
}
NOTES = {
    "assumed_protocol": "The H that was given is taken to be measured in the default way.",
    "copied_documents": "Documents of a corpus that was measured whole are copies of others.",
    "corpus_not_deduplicated": "The corpus's tokens are counted and not deduplicated.",
    "counts_differ": "Laws count other parameters as N.",
    "dead-nonterminals": "No sentence of a grammar uses some of its nonterminals.",
    "epsilon_zero": "The calibration has no say, as H did not beat the mean.",
    "evidence_disagrees": "Published work on code says otherwise.",
    "few-sentences": "A grammar has few distinct sentences.",
    "gap_extrapolated": "How corpora differ was seen at smaller budgets only.",
    "gpu_without_bf16": "A GPU has no bf16, and its peak is that of fp16.",
    "gpu_variant_assumed": "A GPU's name is taken to mean one of its variants.",
    "inference_not_priced": "Serving has no price, so FLOPs are minimised in place of cost.",
    "laws_disagree": "The laws disagree at this budget.",
    "loss_of_web_text": "Losses are those of web text and not of this corpus.",
    "native_ids": "The calibration was made on token ids of its own.",
    "no_compressibility": "No corpus was named: the answer is that of web text.",
    "one_configuration": "One of several configurations of a data set is read.",
    "one_split": "One of several splits is read.",
    "remote_row_groups": "Of large remote row groups only the beginnings are drawn from.",
    "repetition_transplanted": "How repeated tokens lose value was fitted with another law.",
    "skipped": "A small part of the corpus was left out.",
    "small_budgets": "Budgets of a pilot that are too small to show a gap are left out.",
    "time_converted": "GPU time was converted to FLOPs.",
    "unused_option": "An option had no effect on this corpus.",
    "weights_scaled": "Weights of a mixture do not sum to 1 and were scaled.",
}
# Reasons of `advisor fit` and `advisor calibrate` that change what one should do, the weightiest first.
LAW_WARNINGS = {
    "not-trained": "A source has no runs yet.",
    "bad-loss": "A loss is not a positive number.",
    "few-tokens": "Runs have so few tokens that nothing was learned, or the unit is wrong.",
    "untrained-runs": "Runs have the loss of guessing.",
    "contradictory-runs": "Two runs of one N, D and seed have different losses.",
    "rising-loss": "The losses rise with N and D, as a score does.",
    "same-loss": "All losses are one number.",
    "few-runs": "There are fewer runs than the parameters need.",
    "one-line": "N and D hardly vary apart from each other.",
    "saturated": "The losses vary no more than their noise, and show no law.",
    "steep-exponent": "An exponent is a floor reached, and no law.",
    "e-at-zero": "E collapses to zero.",
    "several-rates": "One model was trained at two learning rates.",
    "repetition-unidentified": "The runs do not say how fast repeated data lose value.",
    "wide-optimum": "The optimum is known to a wide factor only.",
    "ill-conditioned": "Some combination of the parameters does not change the fit.",
    "large-residuals": "The law does not describe the runs.",
    "far-off-runs": "A few runs are far off the law that describes the others.",
    "refits-at-bound": "Many refits end with a parameter at a bound.",
    "one-law-for-groups": "A column may name groups that want a law each.",
    "odd-units": "N or D look like another unit.",
    "odd-loss": "The losses look like another unit.",
    "several-vocabularies": "The runs have several vocabularies.",
    "unfinished-training": "Rows look like checkpoints of unfinished training.",
    "other-data": "Rows are of other data under the same name.",
    "repeated-runs": "Runs that repeat data are left out of the law.",
    "groups-left-out": "Groups are left out of the regression.",
    "no-regression": "Too few laws were accepted for lines in H.",
    "critical": "A grammar's sentences have no expected length.",
    "narrow-n": "N varies too little.",
    "narrow-d": "D varies too little.",
    "second-basin": "Another law fits nearly as well, with another optimum.",
    "misfit": "The runs do not follow the law's form to within their noise.",
    "e-at-bound": "E is at the upper bound that was asked for.",
    "flat-n-term": "The loss hardly varies with N.",
    "flat-d-term": "The loss hardly varies with D.",
    "isoflop-disagrees": "Profiles of equal FLOPs give another exponent than the law.",
    "over-40-epochs": "Runs repeat data more often than the form can describe.",
    "overfitting-seen": "The loss rises again with more passes.",
    "wide-r-d": "How fast repeated data lose value is known to a wide factor only.",
    "covariate-outside": "The law is asked for at a value outside the groups'.",
    "line-no-better": "The line predicts left-out groups no better than their mean.",
    "no-left-out-law": "Without one of the groups the lines give no law there.",
    "wide-left-out": "The optimum hangs on single points of the grid.",
}
# ... and those that are good to know.
LAW_NOTES = {
    "plan-note": "A plan says what it left out or assumed.",
    "e-at-entropy-bound": "E is at the entropy bound of the source's documents, and the runs want it higher.",
    "e-out-of-range": "E is larger than that of any text.",
    "e-under-entropy-rate": "E is below the source's entropy rate, which no model can beat.",
    "e-unidentified": "The runs do not say how much of the loss can be reduced.",
    "few-steps": "Rows of too few optimizer steps are left out.",
    "flops-not-6nd": "The stated FLOPs are not 6 N D.",
    "groups-alike": "The groups' values hardly stand apart, so p-values say more than they know.",
    "halved-rate": "Runs diverged and were trained at a lower rate.",
    "joint-disagrees": "All runs at once and group by group give different lines.",
    "missing-runs": "Planned runs are not in the ledger.",
    "one-seed": "No two seeds of one N and D were trained, so the noise is not known.",
    "open-r-n": "The runs do not say how fast more parameters lose value.",
    "other-level": "The repeated runs lie above or below the law.",
    "repeated-rows": "Rows repeat others to the last digit.",
    "two-names": "The same data stand under two names.",
    "unplanned-runs": "Runs are of no job of the plan.",
}
CODES = {**WARNINGS, **NOTES, **LAW_WARNINGS, **LAW_NOTES}
_WEIGHT = {code: at for at, code in enumerate((*WARNINGS, *LAW_WARNINGS))}


@dataclass(frozen=True, kw_only=True)
class Caution:
    """A reason for care: ``code`` for programs, ``message`` for people."""

    code: str
    message: str

    JSON = ("code", "message", "severity")

    @property
    def severity(self) -> Severity:
        """Whether it changes what one should do, "warning", or is good to know, "note"."""
        return severity_of(self.code)


def severity_of(code: str) -> Severity:
    """Return the severity of a code."""
    return "warning" if code in _WEIGHT else "note"


def warnings_first(cautions: Iterable[Caution]) -> list[Caution]:
    """Return cautions in the order of their weight: warnings first, then notes as they came."""
    return sorted(cautions, key=lambda each: _WEIGHT.get(each.code, len(_WEIGHT)))
