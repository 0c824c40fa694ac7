"""The labels of rows and columns of a corpus's profile that are no terms of the field."""

from advisor.commands.glossary.term import Section, Term

CORPUS_LABELS = Section(
    title="Rows and columns of a profile",
    terms=(
        Term(
            word="Spread",
            also=("spread, 0 to 0.8",),
            text=(
                "How the H of single sequences lies about the median, as a line of bars from H 0 to 0.8. Two heaps "
                "are two kinds of text."
            ),
            unit="as H",
            where="`advisor score`",
            page="measurement.md",
        ),
        Term(
            word="Read",
            also=(
                "sampled from",
                "long enough for H",
                "sequences sampled",
                "sequences measured",
            ),
            text="What was read of the source: columns, formats, numbers of files.",
            unit="none",
            where="`advisor score`",
            page="sources.md",
        ),
        Term(
            word="Left out",
            text="Files, lines or documents of the source that were not read, and why.",
            unit="documents, bytes",
            where="`advisor score`",
            page="sources.md",
        ),
        Term(
            word="Measured",
            also=(
                "vocabulary",
                "vocab",
                "ids used",
            ),
            text=(
                "How H was measured: by gzip, on how many sequences, with whose tokens. The vocabulary is the tokens "
                "that there are."
            ),
            unit="none",
            where="`advisor score`",
            page="measurement.md",
        ),
        Term(
            word="compresses like",
            also=("like",),
            text=(
                "The kind of text with the nearest H: code .402, mathematics .467, web text .5645, measured on six "
                "public corpora."
            ),
            unit="none",
            where="`advisor score` of several corpora",
            page="measurement.md",
        ),
        Term(
            word="mean",
            also=(
                "standard deviation",
                "sd",
            ),
            text="Mean and standard deviation of H over the sampled sequences; H itself is the median.",
            unit="as H",
            where="`advisor score`",
            page="measurement.md",
        ),
    ),
)
