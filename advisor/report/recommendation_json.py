"""The JSON document of a recommendation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from advisor.answer.recommendation import Recommendation
from advisor.answer.row import Answer, Choice, Interval
from advisor.compressibility.protocol import MeasuredCorpus, protocol_as_json
from advisor.report.beyond import asked_beyond, beyond_as_json
from advisor.report.plan import plan_as_json, units_as_json
from advisor.report.reliance import reliance_as_json
from advisor.report.text import bounds_as_json


def as_document(recommendation: Recommendation) -> dict[str, Any]:
    """Return the JSON form of a recommendation: keys carry units and are always present."""
    sensitivity, choice = recommendation.sensitivity, recommendation.choice
    return {
        "request": _request(recommendation),
        "compressibility": recommendation.compressibility,
        "profile": None if recommendation.profile is None else _profile(recommendation.profile),
        "calibration": recommendation.calibration,
        "headline": answer_as_json(recommendation.headline),
        "laws": [answer_as_json(answer) for answer in recommendation.laws],
        "choice": None if choice is None else _choice(choice),
        "neighbours": [_choice(neighbour) for neighbour in recommendation.neighbours],
        **beyond_as_json(recommendation),
        "sensitivity": None if sensitivity is None else asdict(sensitivity),
        "reliance": reliance_as_json(recommendation.reliance),
        "units": units_as_json(recommendation.units),
        "plan": plan_as_json(recommendation.plan),
        "cautions": [asdict(caution) for caution in recommendation.cautions],
    }


def _request(recommendation: Recommendation) -> dict[str, Any]:
    request, hardware = recommendation.request, recommendation.request.hardware
    return {
        "flops": request.flops,
        "gpu": None if hardware is None else hardware.gpu.name,
        "peak_flops_per_second": None if hardware is None else hardware.gpu.peak_flops,
        "n_gpus": request.gpus,
        "hours": request.hours,
        "mfu": None if hardware is None else hardware.mfu,
        "price_per_gpu_hour": request.price_per_hour,
        "gpu_memory_gb": request.gpu_memory,
        "vocab_size": request.vocab_size,
        "context_tokens": request.context,
        "n_params": request.n_params,
        "n_tokens": request.n_tokens,
        "target_loss_nats_per_token": request.target_loss,
        "compressibility": request.compressibility,
        "law": request.law,
        "epsilon": request.epsilon,
        "coefficients": None if request.coefficients is None else str(request.coefficients),
        "calibration": request.calibration,
        **asked_beyond(request),
    }


def _profile(profile: MeasuredCorpus) -> dict[str, Any]:
    return {
        "source": profile.source,
        "protocol": protocol_as_json(profile.protocol),
        "ci95": bounds_as_json(profile.ci95),
        "estimated_tokens": profile.estimated_tokens,
        "bytes_per_token": profile.bytes_per_token,
    }


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """Return the JSON form of one law's answer."""
    return {
        "law": answer.law,
        "count": answer.count,
        "source": answer.source,
        "flops": answer.flops,
        "n_params": answer.n_params,
        "n_tokens": answer.n_tokens,
        "tokens_per_param": answer.tokens_per_param,
        "loss_nats_per_token": answer.loss,
        "epochs": answer.epochs,
        "gpu_hours": answer.gpu_hours,
        "cost": answer.cost,
        "interval80": None if answer.interval80 is None else _interval(answer.interval80),
        "wasted_fraction": answer.wasted,
    }


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "flops": bounds_as_json(interval.flops),
        "n_params": bounds_as_json(interval.n_params),
        "n_tokens": bounds_as_json(interval.n_tokens),
        "tokens_per_param": bounds_as_json(interval.tokens_per_param),
        "loss_nats_per_token": bounds_as_json(interval.loss),
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "n_params": choice.n_params,
        "n_tokens": choice.n_tokens,
        "tokens_per_param": choice.n_tokens / choice.n_params,
        "flops": choice.flops,
        "loss_nats_per_token": choice.loss,
        "equivalent_flops": choice.equivalent_flops,
        "wasted_fraction": choice.wasted,
    }
