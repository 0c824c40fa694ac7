"""How the parts of a recommendation beyond the optimum look: flat region, limited data, inference, advice."""

from __future__ import annotations

from advisor.answer.recommendation import Recommendation
from advisor.quantities import format_flops
from advisor.report.flat_region import print_flat
from advisor.report.inference import print_inference
from advisor.report.limited_data import print_limited
from advisor.report.text import echo


def unlimited(recommendation: Recommendation) -> str:
    """Return what to add to a title over numbers that hold for unlimited data, where data are limited."""
    return ", were unique data unlimited" if recommendation.limited else ""


def print_beyond(recommendation: Recommendation) -> None:
    """Print the answer that is asked for, where it is not the optimum of one pass: limited data, inference."""
    if recommendation.limited:
        print_limited(recommendation.limited)
        echo()
    if recommendation.inference is not None:
        print_inference(recommendation.inference)
        echo()


def print_off_optimum(recommendation: Recommendation) -> None:
    """Print which sizes are nearly as good as the optimum, and the budget that the user's choice is worth."""
    if recommendation.flat is not None:
        print_flat(recommendation.flat)
    if recommendation.choice is not None:
        equivalent = format_flops(recommendation.choice.equivalent_flops)
        echo(f"Your choice does what {equivalent} FLOPs do at their optimum.", "dim")
