"""The labels of rows and columns of answers that are no terms of the field."""

from advisor.commands.glossary.term import Section, Term

ANSWER_LABELS = Section(
    title="Rows and columns of answers",
    terms=(
        Term(
            word="Corpus",
            also=("corpus", "this corpus", "mixture"),
            text=(
                "The text that the answer is for: its size in tokens, its H, and its bytes per token. None is named "
                "where the answer is web text's."
            ),
            unit="none",
            where="the row Corpus; tables of `advisor compare`",
            page="measurement.md",
        ),
        Term(
            word="web text",
            also=("web text, Chinchilla", "best, web text, Chinchilla", "web"),
            text=(
                "English text of the web, which Chinchilla's law is taken to be of. The default law starts there and "
                "moves by how far your corpus lies from it. The row of that name is Chinchilla's answer, without your "
                "corpus."
            ),
            unit="none",
            where="the table How sure",
            page="data_rule.md",
        ),
        Term(
            word="published laws",
            also=("laws", "laws, unlimited data"),
            text="The least and the most that the published laws say for this budget, each as its paper has it.",
            unit="parameters, tokens",
            where="the table How sure; `--laws`",
            page="explanation/laws.md",
        ),
        Term(
            word="of them",
            text="The published laws near the middle one, without those that lie far from it.",
            unit="parameters, tokens",
            where="the table How sure, as `... 5 of them`",
            page="explanation/laws.md",
        ),
        Term(
            word="this much data",
            text="The answer where the unique tokens are limited, by a law that knows what repeating them is worth.",
            unit="parameters, tokens",
            where="the table How sure with `--unique-tokens`",
            page="limited_data.md",
        ),
        Term(
            word="Why",
            text="What moves the answer away from web text's, in one sentence.",
            unit="none",
            where="the first screen of `advisor recommend`",
            page="data_rule.md",
        ),
        Term(
            word="Narrow",
            text="What would make the interval smaller: small runs on your corpus and on web text.",
            unit="none",
            where="the first screen of `advisor recommend`",
            page="pilot.md",
        ),
        Term(
            word="More data",
            also=(
                "unlimited",
                "... with unlimited data",
                "... with unlimited compute",
            ),
            text=(
                "What more unique tokens would be worth: the FLOPs saved at the same loss, and the optimum without a "
                "limit."
            ),
            unit="FLOPs",
            where="the first screen with `--unique-tokens`",
            page="limited_data.md",
        ),
        Term(
            word="More",
            text="The options that print more of this answer.",
            unit="none",
            where="the last line of every screen",
            page="start.md",
        ),
        Term(
            word="Time",
            also=("wall time", "wall hours"),
            text=(
                "Hours from the start of training to its end on your accelerators: FLOPs over their number, peak and "
                "MFU. Restarts and evaluation are not in it."
            ),
            unit="hours, days",
            where="answers with `--gpu` and `--gpus`",
            page="how-to/budget.md",
        ),
        Term(
            word="cost",
            also=("price", "cost by 6 N D", "training cost", "inference cost", "total cost"),
            text="GPU-hours times the price of one, in the currency of the price.",
            unit="as `--price-per-hour`",
            where="answers with `--price-per-hour`",
            page="how-to/budget.md",
        ),
        Term(
            word="replicas",
            also=("GPUs/replica", "data parallel"),
            text=(
                "Copies of the model that train side by side, each on its own part of a batch. GPUs/replica is how "
                "many accelerators hold one copy."
            ),
            unit="replicas",
            where="the memory table of `--plan`",
            page="how-to/budget.md",
        ),
        Term(
            word="sharded",
            text=(
                "Memory on each accelerator with one training state spread over all of them, as ZeRO-3 and FSDP do "
                "(Rajbhandari et al. 2020, arXiv:1910.02054)."
            ),
            unit="GB",
            where="the memory table of `--plan`",
            page="how-to/budget.md",
        ),
        Term(
            word="memory",
            also=("GPU memory", "GB", "GB/GPU", "weights", "gradients", "Adam", "all", "bf16", "fp32"),
            text="What the training state takes: weights, gradients and Adam's two moments. Activations come on top.",
            unit="GB",
            where="the memory table of `--plan`",
            page="how-to/budget.md",
        ),
        Term(
            word="steps",
            also=("sequences",),
            text="Optimiser steps of the run, D over the batch. Sequences is the batch over the context.",
            unit="steps",
            where="the batch table of `--plan`",
            page="faq.md",
        ),
        Term(
            word="rule",
            also=("DeepSeek LLM", "Step Law"),
            text="The paper whose rule gives a batch and a peak learning rate: DeepSeek LLM (arXiv:2401.02954) or Step "
            "Law (arXiv:2503.04715). They disagree.",
            unit="none",
            where="the batch table of `--plan`",
            page="faq.md",
        ),
        Term(
            word="text",
            also=("training data",),
            text="Size of the training text: D times its bytes per token.",
            unit="bytes",
            where="`advisor compare`; answers with a corpus",
            page="explanation/bytes.md",
        ),
        Term(
            word="FLOPs saved",
            also=("saved", "FLOPs to match", "FLOPs lost to the limit"),
            text=(
                "Budget that more unique tokens, or another choice, would save at the same loss. FLOPs to match is "
                "the budget that is then left."
            ),
            unit="FLOPs, or a share of them",
            where="`advisor recommend --full`",
            page="limited_data.md",
        ),
        Term(
            word="worth",
            also=("worth in unique tokens, D'",),
            text="What repeated tokens are worth: that many new tokens would do as much.",
            unit="unique tokens",
            where="`advisor repeat`",
            page="limited_data.md",
        ),
        Term(
            word="each",
            also=("worth of a token, average",),
            text="What a token is worth beside a new one, on average over all passes.",
            unit="a share",
            where="`advisor repeat`",
            page="limited_data.md",
        ),
        Term(
            word="last",
            also=("... at the end",),
            text="What a token is worth beside a new one in the last pass: near 0 %, reading on is for nothing.",
            unit="a share",
            where="`advisor repeat`",
            page="limited_data.md",
        ),
        Term(
            word="Gopher units",
            also=("Gopher unit",),
            text="FLOPs over the 5.76e23 that trained Gopher, as Hoffmann et al. 2022, table 3, has them.",
            unit="5.76e23 FLOPs",
            where="`advisor table`",
            page="explanation/laws.md",
        ),
        Term(
            word="N ~ C^a",
            also=("paper", "k"),
            text=(
                "How the best N grows with the budget: with a = 0.5 ten times the FLOPs want 3.2 times the "
                "parameters. Paper is where a law was published; k is the factor before C^a."
            ),
            unit="none",
            where="`advisor laws`",
            page="explanation/laws.md",
        ),
    ),
)
