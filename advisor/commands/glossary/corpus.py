"""What is measured of a corpus."""

from advisor.commands.glossary.term import Section, Term

CORPUS = Section(
    title="The corpus",
    terms=(
        Term(
            word="H",
            also=("compressibility", "median", "H (median)"),
            text="How far gzip shrinks the tokens of your corpus: compressed size over raw size, so a smaller H is "
            "more compressible. Code lies near .40, mathematics near .47, English web text near .56. No H is good or "
            "bad: it says how far your corpus lies from web text, and the answer moves with that. It is the median "
            "over 1,000 random sequences of 256 tokens. H measured with another tokenizer or length is another "
            "quantity and cannot be compared.",
            unit="none: a share, 0 to 1",
            where="`advisor score`; the corpus of `advisor recommend`",
            page="measurement.md",
        ),
        Term(
            word="ceiling",
            also=("ceiling (random ids)", "ceiling of H"),
            text="H of token ids drawn at random from the whole vocabulary: about the most that any corpus can have. "
            "It depends on the vocabulary and the length of the sequences, and is .727 for 32,000 pieces and 256 "
            "tokens.",
            unit="as H",
            where="`advisor score`",
            page="measurement.md",
        ),
        Term(
            word="tokens shuffled",
            also=("shuffled", "shuffled H", "shuffled_median"),
            text="H of the same tokens in random order. What is left between it and H is what gzip found in the order "
            "of tokens; the rest is how often each token occurs. At 256 tokens order is usually the smaller part.",
            unit="as H",
            where="`advisor score`",
            page="explanation/gzip.md",
        ),
        Term(
            word="bytes per token",
            also=("T", "T_c", "T_t", "bytes_per_token", "B/token"),
            text="Bytes of UTF-8 text for each token that a tokenizer makes of it. A larger vocabulary gives more; "
            "with Mistral-v1's 32,000 pieces web text has about 4.06 and code 3.0. The law `data` uses two: that of "
            "your corpus under the tokenizer H is measured with (T_c), and that under the tokenizer your model is "
            "trained with (T_t, --count-tokenizer or --bytes-per-token).",
            unit="bytes/token",
            where="`advisor score`; `advisor recommend --bytes-per-token`",
            page="explanation/bytes.md",
        ),
        Term(
            word="estimated tokens",
            also=("tokens, estimated", "estimated_tokens"),
            text="How many tokens the whole corpus has, from the tokens in the bytes that were sampled and the bytes "
            "there are. Its 95 % interval is that of the sample.",
            unit="tokens",
            where="`advisor score`",
            page="measurement.md",
        ),
        Term(
            word="document",
            also=("documents",),
            text="What the corpus keeps together: a file of text, a row of a table, the ids between two end-of-text "
            "ids. Sequences never run from one document into the next, and intervals are drawn over whole documents.",
            unit="a count",
            where="`advisor score`",
            page="sources.md",
        ),
        Term(
            word="protocol",
            text="Everything that H depends on beside the corpus: tokenizer, tokens a sequence, how ids become bytes, "
            "gzip's level, and that the median is taken. It is stored with every profile and every coefficients file. "
            "Two values of H may be compared only where their protocols match, and a mismatch is an error.",
            unit="none",
            where="`advisor score`; every profile and coefficients file",
            page="measurement.md",
        ),
        Term(
            word="profile",
            also=("profile file",),
            text="What `advisor score --out FILE` writes: H, its interval, bytes per token, estimated tokens, and the "
            "protocol. `advisor recommend --profile FILE` answers from it without reading the corpus again.",
            unit="a JSON file",
            where="`advisor score --out`; `--profile`",
            page="measurement.md",
        ),
        Term(
            word="moved by",
            also=("shift", "Delta", "moved"),
            text="How many times web text's parameters your corpus gets at this budget. It is made of two parts, one "
            "from H and one from bytes per token, and has an 80 % interval of its own. Below 1 means fewer parameters "
            "and more tokens.",
            unit="none: a factor of N",
            where="`advisor recommend` with a corpus",
            page="data_rule.md",
        ),
    ),
)
