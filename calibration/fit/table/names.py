"""What a column's name says: which of our columns it is, in what unit, and of which of a run's losses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from calibration.fit.table.name_units import factor_of_flops, with_units

LossUnit = Literal["nats", "bits", "bpb", "ppl"]
LOSS_UNITS: tuple[LossUnit, ...] = get_args(LossUnit)

REQUIRED = ("n_params", "n_tokens", "loss")
OPTIONAL = ("seed", "vocab_size", "weight", "unique_tokens", "compressibility", "flops")
# n_tokens is a product of some of them, with unique_tokens or n_params
PARTS = ("steps", "batch_tokens", "batch_size", "seq_len", "samples", "epochs", "tokens_per_param")
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
    *("activeparameters", "numtotalparams", "ntotalparams", "nactiveparams", "activatedparams", "nactive"),
)
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "n_params": _PARAMS,
    "n_tokens": (
        *("ntokens", "numtokens", "tokens", "numberoftokens", "traintokens", "trainingtokens", "ntraintokens"),
        *("numtraintokens", "tokensseen", "seentokens", "tokencount", "tokenct", "totaltokens", "tokenstrained"),
        *("tokensprocessed", "consumedtokens", "tokensconsumed", "tok", "toks", "ntok"),
    ),
    "flops": (
        *("flops", "flop", "compute", "totalflops", "trainflops", "trainingflops", "nflops", "numflops"),
        *("computeflops", "trainingcompute", "traincompute", "totalcompute", "flopsbudget", "computebudget"),
    ),
    "unique_tokens": (
        *("uniquetokens", "nuniquetokens", "numuniquetokens", "datasettokens", "corpustokens", "tokensindataset"),
        *("tokensperepoch", "datasetsizetokens"),
    ),
    "vocab_size": ("vocabsize", "vocab", "nvocab", "vocabularysize"),
    "steps": (
        *("steps", "nsteps", "numsteps", "trainsteps", "trainingsteps", "step", "globalstep", "globalsteps"),
        *("iterations", "iters", "niters", "numiters", "iter", "optimizersteps", "updates", "numupdates"),
    ),
    "batch_tokens": (
        *("batchtokens", "tokensperbatch", "tokensperstep", "batchsizetokens", "batchsizeintokens"),
        *("globalbatchtokens", "globalbatchsizetokens"),
    ),
    "batch_size": (
        *("batchsize", "globalbatchsize", "batch", "globalbatch", "batchsequences", "sequencesperbatch", "bs"),
        *("totalbatchsize", "effectivebatchsize"),
    ),
    "seq_len": (
        *("seqlen", "seqlength", "sequencelength", "sequencelen", "contextlength", "contextlen", "context"),
        *("contextsize", "contexttokens", "ctxlen", "ctx", "nctx", "blocksize", "length"),
        *("maxseqlen", "maxseqlength", "maxsequencelength"),
    ),
    "samples": (
        *("samples", "nsamples", "numsamples", "trainsamples", "samplesseen", "seensamples", "consumedsamples"),
        *("sequences", "nsequences", "numsequences", "sequencesseen"),
    ),
    "epochs": ("epochs", "epoch", "nepochs", "numepochs", "trainepochs", "numtrainepochs", "trainingepochs", "passes"),
    "tokens_per_param": (
        *("tokensperparam", "tokensperparameter", "tokensparam", "tpp", "tokenparamratio", "tokenstoparams"),
        *("tokentoparamratio", "dovern"),
    ),
    "bytes_per_token": ("bytespertoken",),
}
_OF_ALIAS = {alias: ours for ours, aliases in _ALIASES.items() for alias in aliases}
# Columns that say, by a number above one, that a batch is one device's or one accumulation step's.
PART_OF_BATCH = re.compile(
    r"accum|world.?size|gpu|tpu|(^|[_ .#-])(n_?|num_?)?(nodes?|hosts?|ranks?|workers?|chips?|pods?|cores?)($|[_ .-])|"
    r"devices?|accelerator|replica|hardware|micro|data.?parallel|(^|[_ .-])(gas?|dp|ddp|fsdp|npus?|xpus?)($|[_ .-])",
    re.IGNORECASE,
)
# Of devices, but no count of them.
OF_DEVICES = re.compile(
    r"hour|sec|min|day|util|mem|temp|watt|power|cost|price|type|name|model|mfu|flop|(^|_)id($|_)", re.IGNORECASE
)
_HAVE_UNITS = ("n_params", "n_tokens", "unique_tokens", "flops", "steps", "samples", "batch_tokens")
_LOSS = re.compile(
    r"(?:final|last|best|min)?(?P<split>val|valid|validation|eval|evaluation|test|heldout|dev|train|training)?(?:final)?"
    r"(?P<stem>loss|crossentropy|celoss|ce|nll|nllloss|ppl|pplx|perplexity|bpb|bitsperbyte|bpt|bitspertoken|bits)"
    r"(?P<unit>nats|natspertoken|natstoken|pertoken|bits|bitspertoken|bitstoken|bpt|bpb|bitsperbyte|bitsbyte|ppl)?"
)
_UNIT_OF: Mapping[str, LossUnit] = {
    **dict.fromkeys(("ppl", "pplx", "perplexity"), "ppl"),
    **dict.fromkeys(("bpb", "bitsperbyte", "bitsbyte"), "bpb"),
    **dict.fromkeys(("bpt", "bitspertoken", "bitstoken", "bits"), "bits"),
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
    if (factor := factor_of_flops(name)) is not None:
        return ColumnName(ours="flops", factor=factor)
    for base, factor in with_units(name):
        if (ours := _unitless(base)) in _HAVE_UNITS:
            return ColumnName(ours=str(ours), factor=factor)
    return None


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
    if text == "D/N":
        return "tokens_per_param"
    if len(text) == 1:
        return _LETTERS.get(text)
    if says_without_embeddings(text):
        rest = _plain(WITHOUT_EMBEDDINGS.sub(" ", text))
        return "n_params" if rest in ("", "n", *_PARAMS) else None
    return _OF_ALIAS.get(_plain(text))
