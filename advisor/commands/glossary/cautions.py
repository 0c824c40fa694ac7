"""What a caution's code means: its line in the list of codes, or at more length with what to do about it."""

from advisor.caution import CODES, severity_of
from advisor.commands.glossary.term import Section, Term

_AT_LENGTH = {
    "like_noise": (
        "H is that of random ids: what was read is no text, or ids of another width. Check --dtype and the column."
    ),
    "encoded_text": (
        "Much of the sample is base64, hexadecimal digits, escapes or wrongly decoded text, which gzip sees and a "
        "reader does not. Decode it, or set --encoding."
    ),
    "serialised_text": (
        "The text is records of JSON or the like rather than what they say, so H is that of their syntax. Name the "
        "--format, or the --column with the text."
    ),
    "text_elsewhere": (
        "Another column holds much text that was not read. Name the one that you train on with --column; A,B joins two."
    ),
    "no_boundaries": "Nothing says where documents end, so the file was read as one. Give --eos-id.",
    "few_sequences": "The corpus holds too few sequences for a certain H. More text narrows it.",
    "much_skipped": (
        "So much of the source was left out that the corpus may be another than you mean. The sentence lists what, "
        "and in bytes."
    ),
    "splits_pooled": "Training, validation or test splits were read together. Name one with --split.",
    "remote_row_groups": (
        "Of large row groups on a server only the beginnings were drawn from. Download the files to draw from all rows."
    ),
    "other_language": (
        "Much of the text is not English or code, which the default law rests on. H alone moves the answer, and "
        "the interval is wider."
    ),
    "inference_not_priced": "Serving has no price, so FLOPs were minimised and not money. Give --inference-mfu.",
    "choice_not_weighed": (
        "The law gives no loss, so your choice of size could not be compared with the optimum. Choose another --law."
    ),
    "corpus_too_small": (
        "The answer asks for more tokens than the corpus has. --use-corpus-size answers with what it has."
    ),
    "epochs_above_40": (
        "The data are read more than 40 times, where the law is blind. Get more unique text, or train a smaller model."
    ),
    "no_shape": (
        "No usual model has that many parameters with this vocabulary. A smaller --vocab-size leaves room for layers."
    ),
    "budget_outside_range": (
        "The budget lies outside those of the runs that the law was fitted to. The interval is wider for it."
    ),
    "compressibility_outside_range": "H is outside the corpora that the law rests on. The interval is wider for it.",
    "budgets_disagree": "The pilot's budgets tell different gaps. Look at its runs first.",
}


def _term(code: str, text: str) -> Term:
    changes = {"warning": "a warning: it changes what to do", "note": "a note: good to know"}
    return Term(
        word=code,
        text=_AT_LENGTH.get(code, text),
        unit=changes[severity_of(code)],
        where="`--cautions`; `cautions` of the JSON document",
        page="explanation/certainty.md",
    )


CAUTIONS = Section(title="Codes of cautions", terms=tuple(_term(*each) for each in CODES.items()))
