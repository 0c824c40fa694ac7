"""The way out of a recommendation: the first screen, or the answer and the sections that are asked for, or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from advisor.answer.recommendation import Recommendation
from advisor.report.explain import emit_explained, print_derivation
from advisor.report.recommendation.first_screen import answer_of, corpus_row, print_first_screen
from advisor.report.screen import print_answer, print_cautions, print_rows
from advisor.report.text import echo

if TYPE_CHECKING:
    from advisor.explanation import Explanation


class Sections(NamedTuple):
    """What is asked for in place of the rest of the first screen; ``full`` is all of it but the explanations."""

    laws: bool = False
    sizes: bool = False
    plan: bool = False
    cautions: bool = False
    advice: bool = False
    explain: bool = False
    full: bool = False


def show(
    recommendation: Recommendation,
    *,
    sections: Sections = Sections(),  # noqa: B008
    explain_all: bool = False,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print a recommendation on stdout; write the JSON document to ``out`` if given, with cautions on stderr beside it.

    ``explain_all`` adds where every number comes from, to the document too.
    """
    emit_explained(
        recommendation,
        lambda: _render(recommendation, sections),
        lambda: _explanations(recommendation),
        asked=sections.explain,
        explain_all=explain_all,
        as_json=as_json,
        out=out,
    )


def _explanations(recommendation: Recommendation) -> tuple[Explanation, ...]:
    from advisor.answer.explained import explain_recommendation

    return explain_recommendation(recommendation)


def _render(recommendation: Recommendation, sections: Sections) -> None:
    if not any(sections):
        print_first_screen(recommendation)
        return
    print_answer(*answer_of(recommendation))
    if not sections.full:
        print_rows([corpus_row(recommendation)])
    if sections.explain:
        from advisor.answer.explained import explain_recommended

        echo()
        print_derivation(explain_recommended(recommendation))
    if sections.full:
        _print_numbers(recommendation)
    if sections.sizes or sections.full:
        _print_sizes(recommendation)
    if sections.laws or sections.full:
        _print_laws(recommendation)
    if sections.plan or sections.full:
        from advisor.report.plan import show_plan

        show_plan(recommendation.plan)
    if recommendation.advice and (sections.advice or sections.full):
        from advisor.report.repetition.advice import print_advice

        echo()
        print_advice(recommendation.advice, everything=sections.advice)
    if sections.cautions or sections.full:
        echo()
        print_cautions(recommendation.cautions)


def _print_numbers(recommendation: Recommendation) -> None:
    """Print what the answer rests on and its numbers, with limited data and with serving."""
    from advisor.report.recommendation.about import print_about

    if recommendation.limited:
        from advisor.report.repetition.limited import print_limited

        echo()
        print_limited(recommendation.limited)
    if recommendation.inference is not None:
        from advisor.report.inference import print_inference

        echo()
        print_inference(recommendation.inference)
    echo()
    print_about(recommendation)


def _print_sizes(recommendation: Recommendation) -> None:
    """Print other sizes: with the unique tokens that there are, where these are limited."""
    if recommendation.limited:
        from advisor.report.repetition.sizes import print_limited_sizes

        echo()
        print_limited_sizes(recommendation)
    elif recommendation.neighbours:
        from advisor.report.recommendation.sizes import print_sizes

        echo()
        print_sizes(recommendation)


def _print_laws(recommendation: Recommendation) -> None:
    """Print every law: with the unique tokens that there are, where these are limited."""
    echo()
    if recommendation.limited:
        from advisor.report.repetition.laws import print_limited_laws

        print_limited_laws(recommendation)
    else:
        from advisor.report.recommendation.laws import print_laws

        print_laws(recommendation)
