"""What the numbers of options are given in: the units that each takes, and those that it refuses by name."""

from __future__ import annotations

import math

from advisor.commands.values.units import TypedUnits

_SI = (
    *(("M", "mega", 1e6), ("G", "giga", 1e9), ("T", "tera", 1e12), ("P", "peta", 1e15)),
    *(("E", "exa", 1e18), ("Z", "zetta", 1e21), ("Y", "yotta", 1e24)),
)
_PREFIXES = {rf"(?i:{letter}|{word}[- ]?)": factor for letter, word, factor in _SI}
_PREFIX = "|".join(_PREFIXES)
_PER_SECOND = r"\s*(?:(?:/|per)\s*(?i:s(?:ec(?:ond)?)?)|(?i:ps))"
_TIMES = {r"(?i:d(?:ays?)?)": 86_400.0, r"(?i:h(?:(?:ou)?rs?)?)": 3600.0}
_ACCELERATORS = r"(?i:gpus?|tpus?|chips?|cards?|accelerators?)"
_BYTES = r"(?i:bytes?|[kmgtp]i?b(?:ytes?)?|[gtp]iga?bytes?)"
_MONEY = r"(?:(?:US|A|C)?[$\u20ac\u00a3]|(?i:usd|eur|gbp|dollars?|euros?|pounds?))"
_HOUR = rf"(?:/|per|an?)\s*(?:{_ACCELERATORS}\s*[-/\u00b7 ]?\s*)?(?:(?:per|an?)\s*)?(?i:h(?:(?:ou)?rs?)?)"

# A PF-day is 1e15 FLOP/s for a day, 8.64e19 FLOPs (Brown et al. 2020, "Language Models are Few-Shot Learners", table
# D.1, counts GPT-3 in them). With a prefix FLOPS and FLOP/s are a rate, FLOP and FLOPs a total.
_NO_RATE = "may be a rate, and a budget is a total: write it such as 1e21, 1 ZFLOP or 10PF-days (8.64e19 FLOPs each)"
FLOPS = TypedUnits(
    such="a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days",
    worth=(
        (r"(?i:flops?)", 1.0),
        *((rf"{prefix}(?:(?i:flop)|FLOPs)", factor) for prefix, factor in _PREFIXES.items()),
        *(
            (rf"{prefix}(?i:flops?|fs?)(?:{_PER_SECOND})?\s*[-\u2013\u00b7*.]?\s*{time}", factor * seconds)
            for prefix, factor in _PREFIXES.items()
            for time, seconds in _TIMES.items()
        ),
    ),
    refused=(
        (rf"(?:{_PREFIX})?(?i:f|flops?)(?:{_PER_SECOND})?", _NO_RATE),
        (
            r"(?i:[a-z]*\d*[a-z]*)[- ](?i:d(?:ays?)?|h(?:(?:ou)?rs?)?)",
            "is a time of accelerators: give --gpu, --gpus and --hours",
        ),
    ),
)
TOKENS = TypedUnits(
    such="a positive number of tokens such as 300B or 1.5T",
    worth=((r"(?i:tok(?:en)?s?)", 1.0),),
    refused=((_BYTES, "is in bytes: divide it by the bytes of a token, which `advisor score` measures"),),
)
CONTEXT = TypedUnits(such="a positive number of tokens such as 4096 or 8K", worth=TOKENS.worth)
VOCABULARY = TypedUnits(
    such="a positive number of pieces such as 32000 or 32K", worth=((r"(?i:tokens?|pieces?)", 1.0),)
)
PARAMS = TypedUnits(
    such="a positive number of parameters such as 400M or 7B",
    worth=((r"(?i:param(?:eter)?s?)", 1.0),),
    refused=(
        (_BYTES, "is in bytes: divide it by the bytes of a parameter, 2 in bf16"),
        (r"[x*\u00d7]\s*\d.*", "is a mixture of experts, and the laws are of dense models: give one number such as 7B"),
    ),
)
LOSS = TypedUnits(
    such="a positive number of nats/token such as 2.1",
    worth=(
        (r"(?i:nats?)(?:\s*(?:/|per)\s*(?i:tok(?:en)?))?", 1.0),
        (r"(?i:bits?)\s*(?:/|per)\s*(?i:tok(?:en)?)", math.log(2.0)),
    ),
    refused=(
        (r"(?i:bits?)", "may be per token or per byte: write it in nats/token, or with bits/token"),
        (
            r"(?i:bpb|bits?\s*(?:/|per)\s*byte)",
            "is per byte: multiply it by 0.693 and by the bytes of a token, for nats/token",
        ),
        (r"(?i:ppl|perplexity)", "is a perplexity: its natural logarithm is the loss in nats/token"),
    ),
    large=False,
)
BYTES_PER_TOKEN = TypedUnits(
    such="a positive number of bytes such as 4.2",
    worth=((r"(?:(?i:b(?:ytes?)?))?(?:\s*(?:/|per)\s*(?i:tok(?:en)?))?", 1.0),),
    large=False,
)
PRICE = TypedUnits(
    such="a positive price of one GPU-hour such as 2.5",
    worth=((rf"{_MONEY}?\s*(?:{_HOUR})?", 1.0),),
    refused=(
        (rf"(?i:ct|cents?|\u00a2)\s*(?:{_HOUR})?", "is in cents: write 0.5 for 50"),
        (r".*(?:/|per|an?)\s*(?i:d(?:ay)?|w(?:ee)?k|mo(?:nth)?|y(?:ea)?r|min(?:ute)?|s(?:ec(?:ond)?)?)",
         "is not per hour: give the price of one GPU-hour"),
    ),
    before=_MONEY,
)  # fmt: skip
TERAFLOPS = TypedUnits(
    such="a positive number of TFLOP/s such as 989, or 2PFLOP/s",
    worth=(
        *((rf"{prefix}(?i:flops?|f)(?:{_PER_SECOND})?", factor / 1e12) for prefix, factor in _PREFIXES.items()),
        (rf"(?i:flops?)(?:{_PER_SECOND})?", 1e-12),
    ),
    refused=((rf"(?:{_PREFIX})?(?i:ops)", "counts operations of integers: give dense bf16 TFLOP/s"),),
)
GIGABYTES = TypedUnits(
    such="a positive number of GB such as 80 or 80GB",
    worth=(
        *((r"(?i:gb?)", 1.0), (r"(?i:mb)", 1e-3), (r"(?i:tb)", 1e3)),
        *((r"(?i:gib)", 2**30 / 1e9), (r"(?i:mib)", 2**20 / 1e9), (r"(?i:tib)", 2**40 / 1e9)),
    ),
    large=False,
)
GPUS = TypedUnits(
    such="a positive number such as 64, or 8x8",
    worth=((_ACCELERATORS, 1.0),),
    refused=(
        (r"[x*\u00d7]?\s*(?=[A-Za-z]*\d)[A-Za-z][\w -]*", "names the accelerator too: the name belongs to --gpu"),
        (r"(?i:nodes?|hosts?|machines?)", "counts machines: give the accelerators of all of them, such as 8x8"),
        (rf"{_ACCELERATORS}[- ](?i:d(?:ays?)?|h(?:(?:ou)?rs?)?)", "is a time of accelerators: a time is for --hours"),
    ),
    product=True,
)
SHARES = TypedUnits(
    such="a positive share such as 0.7 or 70%", worth=((r"%|(?i:percent|per cent)", 0.01),), large=False
)

# What an option's numbers are of, where units may stand behind them.
UNITS_OF = {
    "--flops": FLOPS,
    **dict.fromkeys(("--tokens", "--unique-tokens", "--inference-tokens"), TOKENS),
    **dict.fromkeys(("--params", "--sizes"), PARAMS),
    **dict.fromkeys(("--price-per-hour", "--inference-price-per-hour"), PRICE),
    **{"--peak-tflops": TERAFLOPS, "--gpus": GPUS, "--gpu-memory": GIGABYTES, "--weights": SHARES},
    **{"--context": CONTEXT, "--vocab-size": VOCABULARY},
    **{"--target-loss": LOSS, "--bytes-per-token": BYTES_PER_TOKEN},
}
