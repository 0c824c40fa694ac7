"""Which questions beyond the optimum a request may ask together: repeated data, and inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.errors import UsageError

if TYPE_CHECKING:
    from advisor.request import Request


def check_choice(request: Request, flops: float) -> None:
    """Raise UsageError unless a choice of parameters or tokens leaves the budget at least one of the other."""
    for option, value, other in (("--params", request.n_params, "token"), ("--tokens", request.n_tokens, "parameter")):
        if value is None:
            continue
        if value < 1:
            raise UsageError(f"{option} must be at least 1, not {value:g}.")
        if flops / 6 < value:
            raise UsageError(
                f"{option} {value:g} leaves less than one {other} of {flops:.3g} FLOPs: ask for fewer, or give a "
                "larger budget."
            )


def check_limited_data(request: Request) -> None:
    """Raise UsageError unless the limit on unique tokens is given once, beside a budget and without inference."""
    if request.unique_tokens is not None and request.use_corpus_size:
        raise UsageError("The unique tokens are given twice: by --unique-tokens and by --use-corpus-size.")
    if request.unique_tokens is None and not request.use_corpus_size:
        return
    option = "--use-corpus-size" if request.use_corpus_size else "--unique-tokens"
    if request.unique_tokens is not None and request.unique_tokens < 1:
        raise UsageError(f"{option} must be at least 1, not {request.unique_tokens:g}.")
    if request.flops is None and request.hours is None:
        raise UsageError(f"{option} needs a budget: give --flops, or --gpu with --gpus and --hours.")
    if request.inference_tokens is not None:
        raise UsageError(f"{option} and --inference-tokens cannot be combined: ask one at a time.")


def check_inference(request: Request) -> None:
    """Raise UsageError unless what is said of inference comes with its tokens, and an MFU with prices."""
    if request.inference_tokens is None:
        for name in ("inference_mfu", "inference_price_per_hour"):
            if getattr(request, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} needs --inference-tokens, the tokens to be served.")
    elif request.flops is not None or request.hours is not None:
        for option, value in (("--params", request.n_params), ("--tokens", request.n_tokens)):
            if value is not None:
                raise UsageError(
                    f"{option} beside a budget is weighed against the optimum, and --inference-tokens asks for another "
                    "model: ask one at a time."
                )
    if request.inference_price_per_hour is not None and request.inference_mfu is None:
        raise UsageError("--inference-price-per-hour needs --inference-mfu: both make the cost of a served token.")
    if request.inference_mfu is None:
        return
    if not 0 < request.inference_mfu <= 1:
        raise UsageError(f"--inference-mfu must be above 0 and at most 1, such as 0.2, not {request.inference_mfu:g}.")
    if request.gpu is None or request.price_per_hour is None:
        raise UsageError("--inference-mfu asks for the least cost, which needs --gpu and --price-per-hour.")
