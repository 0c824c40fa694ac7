"""What is asked of a recommendation: a budget, or a question that implies one; what may be combined with what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.calibrations.own_base import BASES
from advisor.errors import UsageError
from advisor.plan.accelerators import Gpu, find_gpu, given_gpu
from advisor.plan.hardware import DEFAULT_MFU, Hardware
from advisor.plan.shape import check_model_options
from advisor.quantities import check_number, check_positive, check_share, check_text, check_whole, format_flops

# The fields of Request that must be above 0, and the option each comes from.
_POSITIVE = {
    "flops": "--flops",
    "hours": "--hours",
    "price_per_hour": "--price-per-hour",
    "n_params": "--params",
    "n_tokens": "--tokens",
    "target_loss": "--target-loss",
    "bytes_per_token": "--bytes-per-token",
    "unique_tokens": "--unique-tokens",
    "inference_tokens": "--inference-tokens",
    "inference_price_per_hour": "--inference-price-per-hour",
}
# What has bounds of its own.
_BOUNDED = ("peak_tflops", "mfu", "inference_mfu", "gpu_memory", "compressibility", "epsilon")
_TEXTS = ("gpu", "law", "base", "coefficients", "calibration", "pilot")
_MOST_GPUS = 10**9
_QUESTIONS = ("n_params", "n_tokens", "target_loss")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A checked request for a recommendation.

    Exactly one of these gives the budget: ``flops``; ``gpu``, ``gpus`` and ``hours`` with ``mfu``; or one question
    alone, ``n_params``, ``n_tokens`` or ``target_loss``, answered with the budget for which it is optimal.

    Attributes:
        flops: the training budget, a total; None where GPUs or a question give it.
        gpu: the accelerator, such as "H100"; beside a budget it turns FLOPs into GPU-hours.
        peak_tflops: dense bf16 TFLOP/s of one that is not in the table; ``gpu`` is then its name, or None.
        gpus: how many there are; with ``hours`` the budget, else what turns GPU-hours into wall time.
        hours: wall-clock hours of training.
        mfu: model FLOPs utilisation, above 0 to 1; None takes DEFAULT_MFU.
        price_per_hour: of one GPU-hour, in any currency: adds the cost.
        gpu_memory: GB of one accelerator; None takes what it is known to have.
        n_params: parameters whose budget is asked for, or beside a budget a choice to weigh against the optimum.
        n_tokens: training tokens, likewise.
        target_loss: nats/token; the cheapest budget that reaches it is asked for.
        vocab_size: vocabulary of the model whose shape is sought; None takes the plan's default.
        context: its tokens a sequence in training; None takes the plan's default.
        compressibility: H, inside (0, 1), under the default protocol, where there is no profile.
        bytes_per_token: of the corpus under the tokenizer that the model is trained with; None takes the protocol's.
        law: the headline, a law's name or a law file; None takes ``anchored`` where a calibration is named and H known,
            else ``data`` where H or the tokenizer is known, else ``chinchilla``.
        epsilon: weight of the calibration in ``blend`` and ``anchored``, 0 to 1; None takes the calibration's own.
        base: what blend and anchored start from, "own" (the calibration's own law) or "chinchilla"; None takes "own"
            where the calibration has one.
        coefficients: a coefficients file in place of what ships and is installed.
        calibration: the name of one of those; None takes the default.
        pilot: a file of ``advisor fit --pilot``: what a pilot on this corpus measured, for the law ``data``.
        unique_tokens: tokens that there are: more training repeats them. None sets no limit.
        use_corpus_size: take the corpus's own estimated size for ``unique_tokens``.
        inference_tokens: tokens to be served: least FLOPs of training and serving. None serves none.
        inference_mfu: utilisation when serving: least cost in place of FLOPs, with ``gpu`` and ``price_per_hour``.
        inference_price_per_hour: of a GPU-hour when serving; None takes the training's.
        advice: what is known of repeated data even where none are repeated.

    Raises:
        UsageError: a value is out of its domain, or two values exclude each other.
    """

    flops: float | None = None
    gpu: str | None = None
    peak_tflops: float | None = None
    gpus: int | None = None
    hours: float | None = None
    mfu: float | None = None
    price_per_hour: float | None = None
    gpu_memory: float | None = None
    n_params: float | None = None
    n_tokens: float | None = None
    target_loss: float | None = None
    vocab_size: int | None = None
    context: int | None = None
    compressibility: float | None = None
    bytes_per_token: float | None = None
    law: str | None = None
    epsilon: float | None = None
    base: str | None = None
    coefficients: Path | None = None
    calibration: str | None = None
    pilot: Path | None = None
    unique_tokens: float | None = None
    use_corpus_size: bool = False
    inference_tokens: float | None = None
    inference_mfu: float | None = None
    inference_price_per_hour: float | None = None
    advice: bool = False

    JSON = (
        *("flops", "-gpu", "-peak_tflops", "gpu=hardware.gpu.name", "peak_flops_per_second=hardware.gpu.peak_flops"),
        "n_gpus=gpus",
        *("hours", "-mfu", "mfu=hardware.mfu", "price_per_gpu_hour=price_per_hour", "gpu_memory_gb=gpu_memory"),
        *("vocab_size", "context_tokens=context", "n_params", "n_tokens", "target_loss_nats_per_token=target_loss"),
        *(
            "compressibility",
            "training_bytes_per_token=bytes_per_token",
            "law",
            "epsilon",
            "base",
            "coefficients",
            "calibration",
            "pilot",
        ),
        *("unique_tokens", "use_corpus_size", "inference_tokens", "inference_mfu"),
        *("inference_price_per_gpu_hour=inference_price_per_hour", "-advice"),
    )

    def __post_init__(self) -> None:
        self._check_values()
        self._check_budget()
        self._check_hardware()
        _check_limited_data(self)
        _check_inference(self)

    @cached_property
    def hardware(self) -> Hardware | None:
        """The accelerator that is named, or None."""
        if not self.names_gpu:
            return None
        mfu = DEFAULT_MFU if self.mfu is None else self.mfu
        return Hardware(gpu=self.named_gpu, mfu=mfu, price_per_hour=self.price_per_hour, memory_gb=self.gpu_memory)

    @property
    def names_gpu(self) -> bool:
        """Whether an accelerator is said, by its name or its peak."""
        return self.gpu is not None or self.peak_tflops is not None

    @property
    def named_gpu(self) -> Gpu:
        """The accelerator that ``gpu`` or ``peak_tflops`` names."""
        return find_gpu(self.gpu or "") if self.peak_tflops is None else given_gpu(self.gpu, self.peak_tflops)

    @cached_property
    def budget(self) -> float | None:
        """The budget in FLOPs that is given, or None where a question implies it."""
        hardware = self.hardware
        if self.flops is not None or hardware is None or self.gpus is None or self.hours is None:
            return self.flops
        return hardware.flops(self.gpus, self.hours)

    def _check_values(self) -> None:
        for name, option in _POSITIVE.items():
            if (value := getattr(self, name)) is not None:
                check_positive(value, option)
        for name in _BOUNDED:
            if (value := getattr(self, name)) is not None:
                check_number(value, f"--{name.replace('_', '-')}")
        for name in _TEXTS:
            if (value := getattr(self, name)) is not None:
                check_text(value, f"--{name}")
        if self.gpus is not None:
            check_whole(self.gpus, "--gpus", 1, _MOST_GPUS)
        check_dependence(self.law, self.compressibility, self.epsilon, self.base)
        other = next((name for name in ("coefficients", "calibration") if getattr(self, name) is not None), None)
        if self.pilot is not None and (other or self.law not in (None, "data")):
            raise UsageError(f"--pilot moves the law data, and --{other or 'law'} asks for another: give one.")
        check_model_options(self.vocab_size, self.context)

    def _check_budget(self) -> None:
        questions = [_POSITIVE[name] for name in _QUESTIONS if getattr(self, name) is not None]
        # GPUs without hours, beside another budget, are the cluster that spends it.
        in_time = self.hours is not None or (self.gpus is not None and self.flops is None and not questions)
        if self.flops is not None and in_time:
            raise UsageError("Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.")
        if in_time:
            said = {"gpu": self.names_gpu or None, "gpus": self.gpus, "hours": self.hours}
            missing = [f"--{name}" for name, value in said.items() if value is None]
            if missing:
                raise UsageError(
                    f"A budget in GPU time needs --gpu, --gpus and --hours; missing: {', '.join(missing)}."
                )
        has_budget = self.flops is not None or in_time
        if not has_budget and not questions:
            raise UsageError(
                "No budget is given: give --flops, or --gpu with --gpus and --hours, or ask for one with --params, "
                "--tokens or --target-loss."
            )
        if len(questions) > 1:
            raise UsageError(f"{' and '.join(questions)} cannot be combined: ask one at a time.")
        if has_budget and self.target_loss is not None:
            raise UsageError("--target-loss asks for the budget, so it cannot be combined with one.")

    def _check_hardware(self) -> None:
        if not self.names_gpu:
            for name in ("mfu", "price_per_hour", "gpus", "gpu_memory"):
                if getattr(self, name) is not None:
                    raise UsageError(f"--{name.replace('_', '-')} needs --gpu, the accelerator that it is about.")
        _ = self.hardware  # an unknown GPU and an MFU outside (0, 1] are refused here
        if self.budget is not None:
            check_positive(self.budget, "The budget in FLOPs")
            _check_choice(self, self.budget)


def check_dependence(
    law: str | None, compressibility: float | None, epsilon: float | None, base: str | None = None
) -> None:
    """Raise UsageError unless H is inside (0, 1), epsilon in [0, 1], and both it and base go to a law that has one."""
    if compressibility is not None and not 0 < compressibility < 1:
        raise UsageError(f"--compressibility must be above 0 and below 1, such as 0.45, not {compressibility:g}.")
    if epsilon is not None and not 0 <= epsilon <= 1:
        raise UsageError(f"--epsilon must be from 0 to 1, not {epsilon:g}.")
    if epsilon is not None and law not in (None, "blend", "anchored"):
        raise UsageError(f"--epsilon weighs the laws blend and anchored; --law {law} has none.")
    if base not in (None, *BASES):
        raise UsageError(f"--base must be {' or '.join(BASES)}, not {base!r}.")
    if base is not None and law not in (None, "blend", "anchored"):
        raise UsageError(f"--base is what the laws blend and anchored start from; --law {law} has none.")


def _check_choice(request: Request, flops: float) -> None:
    """Raise UsageError unless a choice of parameters or tokens leaves the budget at least one of the other."""
    for option, value, other in (("--params", request.n_params, "token"), ("--tokens", request.n_tokens, "parameter")):
        if value is None:
            continue
        if value < 1:
            raise UsageError(f"{option} must be at least 1, not {value:g}.")
        if flops / 6 < value:
            raise UsageError(
                f"{option} {format_flops(value)} leaves less than one {other} of {format_flops(flops)} FLOPs: ask for "
                "fewer, or give a larger budget."
            )


def _check_limited_data(request: Request) -> None:
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


def _check_inference(request: Request) -> None:
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
    check_share(request.inference_mfu, "--inference-mfu", 0.2)
    if not request.names_gpu or request.price_per_hour is None:
        raise UsageError("--inference-mfu asks for the least cost, which needs --gpu and --price-per-hour.")
