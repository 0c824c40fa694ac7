"""`advisor explain`: what words mean, how they are found, and what every term must have."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import CODES
from advisor.commands.glossary import SECTIONS, WORDS
from advisor.commands.glossary.cautions import CAUTIONS
from advisor.commands.glossary.term import Section, Term, find
from advisor.errors import UsageError
from advisor.laws.published import published_laws

ROOT = Path(__file__).parent.parent.parent
TERMS = [term for section in SECTIONS for term in section.terms]


def test_a_word_is_explained(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert program("explain", "D/N") == (
        0,
        "tokens per parameter\n"
        "D over N, the ratio that people quote as 20. It depends on the budget, the\n"
        "corpus, the tokenizer and on which parameters are counted, so no one number is\n"
        "right. A tokenizer with more bytes for each token needs fewer.\n"
        "\n"
        "also  D/N, tokens_per_param\n"
        "unit  tokens/parameter\n"
        "where every answer\n"
        "more  docs/faq.md\n",
        "",
    )


def test_without_a_word_all_are_listed_on_one_screen(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = program("explain")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) <= 24
    assert " ".join(lines[-2:]) == (
        "advisor explain WORD explains one of them, a label of any screen, or the code of a caution."
    )
    listed = " ".join(out.split())
    assert [term.word for section in WORDS for term in section.terms if term.word not in listed] == []


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (("tokens", "per", "parameter"), "tokens per parameter"),
        (("tokens_per_param",), "tokens per parameter"),
        (("MFU",), "MFU"),
        (("mfu",), "MFU"),
        (("h",), "H"),
        (("A",), "A and B"),
        (("a",), "exponent a"),
        (("80 %",), "80 % interval"),
        (("80%",), "80 % interval"),
        (("How", "sure", "(80 %)"), "80 % interval"),
        (("Mind:",), "caution"),
        (("batch, tokens",), "batch and learning rate"),
        (("7", "published", "laws"), "published laws"),
        (("... 5 of them",), "of them"),
        (("--flops",), "FLOPs"),
        (("--unique-tokens",), "unique tokens"),
        (("--weights",), "--weights"),
        (("--hours",), "--hours"),
        (("--no-streaming",), "--streaming"),
        (("wasted", "flops"), "wasted FLOPs"),
        (("--covariate",), "covariate"),
        (("r_d*",), "R_D*"),
    ],
)
def test_a_word_is_found_as_people_type_it(program: Any, asked: tuple[str, ...], word: str) -> None:
    code, out, _ = program("explain", "--json", "--", *asked)
    assert (code, [term["word"] for term in json.loads(out)["terms"]]) == (0, [word])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("compresibility", " (did you mean compressibility or no_compressibility?)"),
        ("exponant", " (did you mean exponent?)"),
        ("--wieghts", " (did you mean --weights or weight?)"),
        ("qqq", ""),
        ("\x1b[2J", ""),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(program: Any, asked: str, said: str) -> None:
    shown = asked.replace("\x1b", "?")
    error = f"Error: No term is called '{shown}'{said}: `advisor explain` lists them.\n"
    assert program("explain", asked) == (2, "", error)


def test_an_option_is_explained_by_its_help(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert program("explain", "--weights") == (
        0,
        "--weights\n"
        "Shares of the tokens, one for each SOURCE: adds their mixture.\n"
        "\n"
        "unit  W,W,...\n"
        "where `advisor compare`\n"
        "more  docs/commands.md\n",
        "",
    )


def test_the_document_has_every_term(program: Any) -> None:
    _, out, _ = program("explain", "--json")
    document = json.loads(out)
    assert (document["schema_version"], len(document["terms"])) == (1, len(TERMS))
    assert set(document["terms"][0]) == {"word", "text", "unit", "where", "page", "also"}


def test_a_spelling_is_of_one_term() -> None:
    spellings = [spelling for term in TERMS for spelling in term.spellings]
    assert len(spellings) == len(set(spellings))


def test_of_two_terms_that_differ_in_case_the_exact_one_is_found() -> None:
    def term(word: str) -> Term:
        return Term(word=word, text="", unit="", where="", page="")

    section = Section(title="", terms=(term("A"), term("a")))
    assert [find(asked, [section]).word for asked in ("A", "a")] == ["A", "a"]
    with pytest.raises(UsageError, match="No term is called 'b'"):
        find("b", [section])


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.word)
def test_a_term_is_short_and_its_page_exists(term: Term) -> None:
    sentences = re.findall(r"[.!?](?= [A-Z`]|$)", term.text)
    assert 1 <= len(sentences) <= 7
    assert len(term.text) <= 480
    assert term.text[-1] == "."
    assert all((term.unit, term.where))
    assert (ROOT / "docs" / term.page).is_file()


def test_every_law_and_every_word_of_the_first_screen_is_explained(program: Any) -> None:
    known = {spelling for term in TERMS for spelling in term.spellings}
    assert {*published_laws(), *LAW_NAMES, "data", "bytes"} <= known
    _, out, _ = program("recommend", "--flops", "1e21", "--json")
    headline = json.loads(out)["headline"]
    assert {"n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token", "flops", "interval80"} <= set(headline)
    assert {"n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token", "flops", "interval80"} <= known


def test_every_code_of_a_caution_is_explained() -> None:
    explained = {term.word: term.unit for term in CAUTIONS.terms}
    assert list(explained) == list(CODES)
    assert explained["corpus_too_small"] == "a warning: it changes what to do"
    assert explained["counts_differ"] == "a note: good to know"


def test_other_commands_do_not_load_the_glossary() -> None:
    script = (
        "import sys; from advisor.cli import group; sys.stdout, out = open('/dev/null', 'w'), sys.stdout; "
        "group.main(sys.argv[1:], standalone_mode=False); "
        "print([name for name in sys.modules if 'glossary' in name or name == 'difflib'], file=out)"
    )
    run = [sys.executable, "-c", script, "table"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
