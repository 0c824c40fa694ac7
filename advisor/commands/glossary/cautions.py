"""What a caution's code means, and what to do about it."""

from advisor.caution import Caution
from advisor.commands.glossary.term import Section, Term

# By what they are about.
_CODES = {
    # What was read.
    "like_noise": (
        "H is that of random ids: what was read is no text, or ids of another width. Check --dtype and the column."
    ),
    "encoded_text": (
        "Much of the sample is base64, hexadecimal digits, escapes or wrongly decoded text, which gzip sees "
        "and a reader does not. Decode it, or set --encoding."
    ),
    "serialised_text": (
        "The text is records of JSON or the like rather than what they say, so H is that of their syntax. "
        "Name the --format, or the --column with the text."
    ),
    "text_elsewhere": (
        "Another column holds much text that was not read. Name the one that you train on with --column; A,B joins two."
    ),
    "one_id": "One token id is most of the sample: padding, or the wrong column.",
    "padding": "Ids that fill the ends of rows were taken for padding and left out.",
    "no_boundaries": "Nothing says where documents end, so the file was read as one. Give --eos-id.",
    "one_document": (
        "The corpus is one document, so the interval of H is over stretches of it and is too narrow if other "
        "documents differ."
    ),
    "documents_joined": (
        "Most documents are shorter than a sequence and were joined, so H may differ from that of long documents."
    ),
    "few_sequences": "The corpus holds too few sequences for a certain H. More text narrows it.",
    "no_interval": "The corpus is too small for an interval of H, so the answer does not know how uncertain H is.",
    "much_skipped": (
        "So much of the source was left out that the corpus may be another than you mean. The sentence lists "
        "what, and in bytes."
    ),
    "skipped": "Some files or rows were left out; the sentence lists what, and in bytes.",
    "missing_shards": "The names of the files say that there are more of them than were found.",
    "splits_pooled": "Training, validation or test splits were read together. Name one with --split.",
    "one_split": "A data set with splits was read by one of them, train unless --split names another.",
    "source_repeated": "A source is named twice and counts twice.",
    "remote_beginnings": (
        "Of many compressed files on a server only the beginnings were read: a corpus that is sorted may "
        "differ further on."
    ),
    "remote_row_groups": (
        "Of large row groups on a server only the beginnings were drawn from. Download the files to draw from all rows."
    ),
    "one_configuration": "A data set with several configurations was read by its default one; --name reads another.",
    "unused_option": "An option of reading had no effect on this source.",
    "corpus_not_deduplicated": (
        "The corpus's size was counted with its duplicates, so there are fewer unique tokens than the answer takes."
    ),
    "other_language": (
        "Much of the text is not English or code, which the default law rests on. H alone moves the answer, "
        "and the interval is wider."
    ),
    # What was asked.
    "no_compressibility": "No corpus was given, so the answer is that of web text.",
    "assumed_protocol": "H was given as a number and is taken to be measured as `advisor score` does.",
    "gpu_variant_assumed": (
        "The name of the GPU has several variants; the sentence says which was taken and at which peak."
    ),
    "time_converted": "GPUs and hours were turned into FLOPs, and N and D are those of these FLOPs.",
    "weights_scaled": "--weights did not sum to 1 and were scaled.",
    "tokenizer_not_used": "This law does not depend on the tokenizer, so --bytes-per-token changed nothing here.",
    "inference_not_priced": "Serving has no price, so FLOPs were minimised and not money. Give --inference-mfu.",
    "choice_not_weighed": (
        "The law gives no loss, so your choice of size could not be compared with the optimum. Choose another --law."
    ),
    # Whether it can be followed.
    "cluster_too_small": "Weights, gradients and optimiser do not fit into the memory of the GPUs that were named.",
    "gpus_idle": "The model does not divide over that many GPUs, so some of them do nothing.",
    "corpus_too_small": (
        "The answer asks for more tokens than the corpus has. --use-corpus-size answers with what it has."
    ),
    "epochs_above_4": "The data are read more than 4 times: repeated tokens begin to lose worth.",
    "epochs_above_16": (
        "The data are read more than 16 times: a further pass is worth little, and the law is too hopeful."
    ),
    "epochs_above_40": (
        "The data are read more than 40 times, where the law is blind. Get more unique text, or train a smaller model."
    ),
    "near_world_supply": "The answer asks for a good part of all the text that is estimated to exist.",
    "training_exceeds_budget": (
        "The model that serves best takes more training than the budget, which only set the quality."
    ),
    "no_shape": (
        "No usual model has that many parameters with this vocabulary. A smaller --vocab-size leaves room for layers."
    ),
    "exact_flops_differ": (
        "Counted exactly, training takes clearly more FLOPs than 6 N D, since vocabulary or context weigh "
        "heavily in a small model."
    ),
    # What it rests on.
    "budget_outside_range": (
        "The budget lies outside those of the runs that the law was fitted to. The interval is wider for it."
    ),
    "rows_outside_range": "Some rows of the table lie outside the runs of the law.",
    "training_tokens_outside_range": "More training tokens than any run of the law had.",
    "gap_extrapolated": "How far corpora differ was seen up to 4.84e19 FLOPs and is held from there on.",
    "compressibility_outside_range": "H is outside the corpora that the law rests on. The interval is wider for it.",
    "compressibility_far_from_law": (
        "H is far from that of the runs of your law, whose optimum need not be this corpus's."
    ),
    "tokenizer_outside_range": "No tokenizer with so many or so few bytes a token was ever tried.",
    "laws_disagree": "The published laws disagree widely at this budget; the sentence has both ends.",
    "evidence_disagrees": "Published work on code says the opposite of the law that was used.",
    "counts_differ": "The rows count different parameters, so their N are not directly comparable.",
    "loss_of_web_text": "The losses printed are those of web text and not of this corpus.",
    "repetition_transplanted": "How repeated data wear out was measured with another law and is used with this one.",
    "law_verdict": "The fit that made the law file itself said: with caution.",
    "law_refused": "The law was refused by its fit and is used because of --force.",
    # Calibrations and pilots.
    "gzip_does_not_predict": "By this calibration H predicts left-out sources no better than their mean does.",
    "epsilon_zero": "The calibration has no weight, so the answer is that of the law that it starts from.",
    "draws_dropped": "Some of the calibration's draws give no law at this H, and the interval is of the others.",
    "native_ids": "The calibration was made on ids of its own and not on a tokenizer's.",
    "protocol_mismatch": "The calibration's H was measured in another way, so its laws are left out.",
    "calibration_unreadable": "An installed calibration is damaged and left out.",
    "no_default_calibration": "The coefficients file names no default: choose with --calibration.",
    "pilot_of_another_corpus": "The pilot was on a corpus with another H than this one.",
    "pilot_surprises": (
        "The pilot measured a gap that the default law thinks unlikely: an odd corpus, or runs that were not alike."
    ),
    "budgets_disagree": "The pilot's budgets tell different gaps. Look at its runs first.",
    "noisy_pilot": "The pilot's losses scatter more than usual: a run may have gone wrong.",
    "odd_losses": "Some of the pilot's losses are unlike the others of their corpus.",
    "loss_unit": "The pilot's losses look as if they were in another unit than nats per token.",
    "small_budgets": "Some of the pilot's budgets are too small to show a gap and are left out.",
    # Grammars.
    "few-sentences": "The grammar has only a few sentences, so its text is not like text.",
    "dead-nonterminals": "Some symbols of the grammar occur in no sentence.",
    "critical": "The grammar's sentences have no expected length.",
}


def _term(code: str, text: str) -> Term:
    changes = {"warning": "a warning: it changes what to do", "note": "a note: good to know"}
    return Term(
        word=code,
        text=text,
        unit=changes[Caution(code=code, message="").severity],
        where="`--cautions`; `cautions` of the JSON document",
        page="explanation/certainty.md",
    )


CAUTIONS = Section(title="Codes of cautions", terms=tuple(_term(*each) for each in _CODES.items()))
