"""Several corpora on one page: whose a warning is, and names that fit."""

from __future__ import annotations

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.report.page.profile import profile_section
from tests.report.page.pages import corpus

MIND = {"code": "few_sequences", "message": "it is small"}


def section(*corpora):
    return profile_section(Node({"corpora": list(corpora)}, "p.json", "", AdvisorError))


def messages(found):
    return [
        row.message
        for part in found.parts
        for block in part.blocks
        for row in getattr(block, "rows", ())[:9]
        if hasattr(row, "message")
    ] + ([] if found.mind is None else [row.message for row in found.mind.rows])


def test_a_caution_says_of_which_corpus_it_is_where_there_are_several():
    assert messages(section(corpus("a", cautions=(MIND,)), corpus("b", cautions=(MIND,)))) == [
        "a: it is small",
        "b: it is small",
    ]
    assert messages(section(corpus("a", cautions=(MIND,)))) == ["it is small"]


def test_a_heading_names_three_corpora_and_counts_the_others():
    found = section(*(corpus(f"c{i}") for i in range(15)))
    assert found.answer == (
        "c0 has H 0.450, less than web text's 0.565; c1 has H 0.450, less than web text's 0.565; "
        "c2 has H 0.450, less than web text's 0.565; and 12 more."
    )


def test_a_long_name_is_shortened_in_the_middle():
    found = section(corpus("/data/" + "a/" * 60 + "end.jsonl"))
    name = found.answer.split(" has H")[0]
    assert len(name) == 60
    assert name.startswith("/data/a/a")
    assert name.endswith("end.jsonl")
    assert found.parts[0].blocks[0].rows[0][0] == name
