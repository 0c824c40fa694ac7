"""With limited data a page shows what other sizes and laws do with these data, and not without the limit."""

from __future__ import annotations

import json

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.errors import AdvisorError
from advisor.json_fields import Node, json_text
from advisor.report.page.blocks import DataTable
from advisor.report.page.recommendation import recommendation_section


def tables(request, change=lambda document: None):
    """Return the tables of what else would do, by their titles."""
    document = json.loads(json_text(recommend(request).document()))
    change(document)
    section = recommendation_section(Node(document, "given.json", "", AdvisorError), None)
    (part,) = [part for part in section.parts if part.title == "What else would do"]
    return {block.title: block for block in part.blocks if isinstance(block, DataTable)}


def cells(table):
    return dict(zip(table.header, (list(column) for column in zip(*table.rows, strict=True)), strict=True))


def test_other_sizes_and_laws_are_those_of_the_limited_data():
    found = tables(Request(flops=1e22, unique_tokens=1e9, n_params=7e9))
    assert list(found) == [
        "The same budget and data on other sizes, by muennighoff",
        "The same budget and data by every law",
    ]
    sizes, laws = (cells(table) for table in found.values())
    assert sizes["passes"][sizes[""].index("your choice")] == "40"
    assert sizes["D"][sizes[""].index("your choice")] == "40.0B"
    assert sizes[""].count("best") == 1
    assert laws["law"][0] == "muennighoff"
    assert laws["N"][laws["law"].index("kaplan")] == ""  # it knows nothing of repeated data


def test_a_document_that_does_not_say_it_shows_them_without_the_limit():
    def older(document):
        del document["limited_data"]["sizes"], document["limited_data"]["laws"]

    titles = list(tables(Request(flops=1e22, unique_tokens=1e9), older))
    assert titles[0] == "The same budget on other sizes, were unique data unlimited"
