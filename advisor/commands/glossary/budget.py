"""The budget, the model and the tokens that it buys."""

from advisor.commands.glossary.term import Section, Term

BUDGET = Section(
    title="Budget, model and tokens",
    terms=(
        Term(
            word="FLOPs",
            also=("C", "budget", "6ND", "6 N D", "flops", "training FLOPs", "total FLOPs"),
            text="All floating-point operations of one training run, a total and not a rate. It is counted as C = 6 N "
            "D: for each parameter and token two operations forward and four backward. Attention over the context is "
            "not in it; the shape's exact count stands beside it. `advisor recommend --flops 1e21 --gpu H100` says how "
            "many GPU-hours a budget is.",
            unit="FLOPs",
            where="`--flops`; every table",
            page="explanation/laws.md",
        ),
        Term(
            word="N",
            also=("parameters", "n_params", "params", "parameters N"),
            text="Parameters of the model. Laws differ in which they count: the default law counts all of them, others "
            "leave embeddings out, and every row says which. Comparing N across counts is wrong by a factor that is "
            "large for small models.",
            unit="parameters",
            where="every answer; `--params`",
            page="explanation/laws.md",
        ),
        Term(
            word="total parameters",
            also=("total", "count", "N counts"),
            text="N with the embedding and the output matrix. For small models with a large vocabulary most of N is "
            "embedding, and the same model has a far smaller non-embedding N.",
            unit="parameters",
            where="the column `N counts`; the shape",
            page="explanation/laws.md",
        ),
        Term(
            word="non-embedding parameters",
            also=("non-embedding", "non-embed.", "n_non_embedding"),
            text="N without the embedding and the output matrix: the layers alone. Kaplan's and DeepSeek's laws count "
            "these. The shape gives both counts.",
            unit="parameters",
            where="the column `N counts`; the shape",
            page="explanation/laws.md",
        ),
        Term(
            word="D",
            also=("training tokens", "n_tokens", "tokens", "training tokens D"),
            text="Tokens that training reads, repeats counted each time. At a given budget D = C/(6 N), so more "
            "parameters mean fewer tokens.",
            unit="tokens",
            where="every answer; `--tokens`",
            page="explanation/laws.md",
        ),
        Term(
            word="tokens per parameter",
            also=("D/N", "tokens_per_param"),
            text="D over N, the ratio that people quote as 20. It depends on the budget, the corpus, the tokenizer and "
            "on which parameters are counted, so no one number is right. A tokenizer with more bytes for each token "
            "needs fewer.",
            unit="tokens/parameter",
            where="every answer",
            page="faq.md",
        ),
        Term(
            word="bytes per parameter",
            also=("bytes/N", "bytes_per_param"),
            text="Bytes of training text for each parameter. Across tokenizers this ratio stays nearly the same at the "
            "optimum, about 60 for English with non-embedding N (Limisiewicz et al. 2026), where tokens per parameter "
            "do not.",
            unit="bytes/parameter",
            where="`advisor recommend` with a corpus",
            page="explanation/bytes.md",
        ),
        Term(
            word="MFU",
            also=("model FLOPs utilisation", "utilisation", "mfu"),
            text="The share of the hardware's peak that training turns into the model's 6 N D operations. The default "
            "is .40; runs in the literature reached .21 (GPT-3) to .46 (PaLM). It turns GPU-hours into FLOPs and back, "
            "so an MFU that is off by a fifth moves the budget by a fifth.",
            unit="none: a share of the peak, 0 to 1",
            where="`--mfu`; answers with `--gpu`",
            page="how-to/budget.md",
        ),
        Term(
            word="GPU-hours",
            also=("gpu_hours", "hours", "GPU-hours by 6 N D"),
            text="Hours of one accelerator: the budget over its dense bf16 peak and MFU. Restarts, evaluation and "
            "failures are not in it.",
            unit="hours",
            where="`advisor recommend --gpu`",
            page="how-to/budget.md",
        ),
        Term(
            word="shape",
            also=("width", "layers", "heads"),
            text="One usual decoder of about the recommended size: width, layers, heads, feed-forward width. Its "
            "proportions are conventions and no law has a say in them.",
            unit="none",
            where="`advisor recommend`",
            page="explanation/laws.md",
        ),
        Term(
            word="batch and learning rate",
            also=("batch", "learning rate", "peak learning rate"),
            text="Where to begin a search, by two published rules that disagree. They were fitted with their own "
            "optimisers and schedules, and the ranges they hold in stand beside them. The advisor's N and D know "
            "nothing of either.",
            unit="tokens a batch; a peak learning rate",
            where="`advisor recommend`",
            page="faq.md",
        ),
        Term(
            word="inference tokens",
            also=(
                "serving",
                "inference_tokens",
                "training alone",
                "with inference",
                "to train and serve",
                "inference FLOPs",
            ),
            text="Tokens that the model will read and write once it is in use. Each costs about 2 N FLOPs, so much use "
            "favours a smaller model that is trained for longer (Sardana et al. 2024, arXiv:2401.00448).",
            unit="tokens",
            where="`--inference-tokens`",
            page="how-to/serving.md",
        ),
    ),
)
