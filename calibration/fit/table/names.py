"""What a column's name says: which of our columns it is, in what unit, and of which of a run's losses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

LossUnit = Literal["nats", "bits", "bpb", "ppl"]
LOSS_UNITS: tuple[LossUnit, ...] = get_args(LossUnit)

REQUIRED = ("n_params", "n_tokens", "loss")
OPTIONAL = ("seed", "vocab_size", "weight", "unique_tokens", "compressibility", "flops")
PARTS = ("steps", "batch_tokens", "batch_size", "seq_len")  # n_tokens is a product of them
OURS = (*REQUIRED, *OPTIONAL, *PARTS, "bytes_per_token")

WITHOUT_EMBEDDINGS = re.compile(
    r"(non?|without|excl|excluding|no|sans|minus)[ _.-]?emb[a-z]*|(^|[ _.-])ne($|[ _.-])", re.IGNORECASE
)
# A lone letter as the papers write it; c and l in small letters are anything, so that they are taken as capitals only.
_LETTERS = {"N": "n_params", "n": "n_params", "D": "n_tokens", "d": "n_tokens", "L": "loss", "C": "flops"}
_PARAMS = (
    *("nparams", "numparams", "params", "parameters", "nparameters", "numparameters", "numberofparameters"),
    *("parametercount", "paramcount", "paramscount", "nparamstotal", "totalparams", "totalparameters", "modelsize"),
    *("size", "modelparams", "modelparameters", "trainableparams", "trainableparameters", "activeparams"),
    *("activeparameters", "numtotalparams", "ntotalparams"),
)
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "n_params": _PARAMS,
    "n_tokens": (
        *("ntokens", "numtokens", "tokens", "numberoftokens", "traintokens", "trainingtokens", "ntraintokens"),
        *("numtraintokens", "tokensseen", "seentokens", "tokencount", "tokenct", "totaltokens", "tokenstrained"),
        *("tokensprocessed", "consumedtokens", "tokensconsumed"),
    ),
    "flops": (
        *("flops", "flop", "compute", "totalflops", "trainflops", "trainingflops", "nflops", "numflops"),
        *("computeflops", "trainingcompute", "traincompute", "totalcompute", "flopsbudget", "computebudget"),
    ),
    "unique_tokens": ("uniquetokens", "nuniquetokens", "numuniquetokens"),
    "vocab_size": ("vocabsize", "vocab", "nvocab", "vocabularysize"),
    "steps": (
        *("steps", "nsteps", "numsteps", "trainsteps", "trainingsteps", "step", "globalstep", "globalsteps"),
        *("iterations", "iters", "niters", "numiters", "iter", "optimizersteps", "updates", "numupdates"),
    ),
    "batch_tokens": (
        *("batchtokens", "tokensperbatch", "tokensperstep", "batchsizetokens", "batchsizeintokens"),
        *("globalbatchtokens", "globalbatchsizetokens"),
    ),
    "batch_size": ("batchsize", "globalbatchsize", "batch", "globalbatch", "batchsequences", "sequencesperbatch", "bs"),
    "seq_len": (
        *("seqlen", "seqlength", "sequencelength", "sequencelen", "contextlength", "contextlen", "context"),
        *("contextsize", "contexttokens", "ctxlen", "ctx", "nctx", "blocksize", "length"),
    ),
    "bytes_per_token": ("bytespertoken",),
}
_OF_ALIAS = {alias: ours for ours, aliases in _ALIASES.items() for alias in aliases}
# Columns that say that a batch is one device's or one accumulation step's.
PART_OF_BATCH = re.compile(
    r"accum|world.?size|(n|num).?(gpu|device|node)s|micro|per.?(device|gpu)|data.?parallel|"
    r"(^|[_ .-])(gas?|dp)($|[_ .-])",
    re.IGNORECASE,
)
_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_IN_UNITS = re.compile(
    r"(?P<base>.+?)[ _.\-/]*(?:(?<=[ _.\-/])|[(\[])(?:in[ _])?"
    r"(?P<unit>k|m|b|t|thousand|million|billion|trillion)s?[)\]]?",
    re.IGNORECASE,
)
_LOSS = re.compile(
    r"(?:final|last|best|min)?(?P<split>val|valid|validation|eval|evaluation|test|heldout|dev|train|training)?(?:final)?"
    r"(?P<stem>loss|crossentropy|celoss|ce|nll|nllloss|ppl|pplx|perplexity|bpb|bitsperbyte|bpt|bitspertoken|bits)"
    r"(?P<unit>nats|natspertoken|pertoken|bits|bitspertoken|bpt|bpb|bitsperbyte|ppl)?"
)
_UNIT_OF: Mapping[str, LossUnit] = {
    **dict.fromkeys(("ppl", "pplx", "perplexity"), "ppl"),
    **dict.fromkeys(("bpb", "bitsperbyte"), "bpb"),
    **dict.fromkeys(("bpt", "bitspertoken", "bits"), "bits"),
}


@dataclass(frozen=True, kw_only=True)
class ColumnName:
    """A name as ours: the factor that it says, the loss's unit, and which split a loss is of ("" where not said)."""

    ours: str
    factor: float = 1.0
    unit: LossUnit = "nats"
    split: str = ""


def read_name(name: str) -> ColumnName | None:
    """Return what a column's name says; None where it is none of ours.

    >>> read_name("tokens (B)").factor, read_name("Val PPL").unit, read_name("learning_rate")
    (1000000000.0, 'ppl', None)
    """
    if name in OURS:
        return ColumnName(ours=name)
    if (loss := _LOSS.fullmatch(_plain(name))) is not None and loss["stem"] + (loss["split"] or "") != "bits":
        unit = _UNIT_OF.get(loss["unit"] or "", _UNIT_OF.get(loss["stem"], "nats"))
        split = (loss["split"] or "")[:3]
        return ColumnName(ours="loss", unit=unit, split={"tra": "train", "eva": "val", "dev": "val"}.get(split, split))
    if (ours := _unitless(name)) is not None:
        return ColumnName(ours=ours)
    scaled = _IN_UNITS.fullmatch(name.strip())
    ours = None if scaled is None else _unitless(scaled["base"])
    if scaled is None or ours is None or ours not in ("n_params", "n_tokens", "unique_tokens"):
        return None
    return ColumnName(ours=ours, factor=_UNITS[scaled["unit"].lower()])


def is_ours(name: str) -> bool:
    """Whether a name reads as that of a column of ours."""
    return read_name(name) is not None


def says_without_embeddings(name: str) -> bool:
    """Whether a column's name says that its parameters are counted without embeddings."""
    return WITHOUT_EMBEDDINGS.search(name) is not None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _unitless(name: str) -> str | None:
    text = name.strip().lstrip("#").strip()
    if len(text) == 1:
        return _LETTERS.get(text)
    if says_without_embeddings(text):
        rest = _plain(WITHOUT_EMBEDDINGS.sub(" ", text))
        return "n_params" if rest in ("", "n", *_PARAMS) else None
    return _OF_ALIAS.get(_plain(text))
