"""The regression of laws on H: what it refuses, and over which laws it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from calibration.lines.regression import refusal, regress_on_h
from calibration.lines.source_laws import SourceLaw, fit_sources
from tests.lines.laws_on_lines import QUICK, fitted, laws_of
from tests.lines.synthetic_rows import H, rows_of, source, true_law


def test_too_few_sources_are_refused_with_every_reason() -> None:
    sources = [source(h) for h in H[:5]]
    rows = [each for record in sources[:4] for each in rows_of(record, true_law(record.compressibility))]
    laws = fit_sources(sources, rows, QUICK)
    assert refusal(laws) == (
        "No coefficients are written: 4 of 5 sources have a law that can be used, and lines in H need 5.\n"
        "g430: there are 0 usable runs, and five parameters need at least 6."
    )


def test_sources_of_one_h_are_refused() -> None:
    names = [f"g{i}" for i in range(5)]
    laws = fitted([0.3] * 5, laws_of(np.full(5, 0.3), 1.0, np.random.default_rng(0)), name=names, data=names)
    assert refusal(laws) == "No coefficients are written: all 5 sources have the same H or one of two."


def test_corpora_in_the_tokens_of_two_tokenizers_are_refused() -> None:
    laws = fitted(H[:6], laws_of(np.array(H[:6]), 1.0, np.random.default_rng(0)))
    assert refusal(laws) is None

    def read_in(*tokenizers: str) -> tuple[SourceLaw, ...]:
        definitions = ({**law.source.definition, "tokenizer": name} for law, name in zip(laws, tokenizers, strict=True))
        records = (
            replace(law.source, kind="corpus", definition=each) for law, each in zip(laws, definitions, strict=True)
        )
        return tuple(replace(law, source=record) for law, record in zip(laws, records, strict=True))

    assert refusal(read_in(*["bytes"] * 6)) is None
    assert refusal(read_in(*["bytes"] * 3, *["pieces.model"] * 3)) == (
        "No coefficients are written: the corpora are read in tokens of bytes, pieces.model, and D of one counts other "
        "tokens than D of another: calibrate with one --tokenizer."
    )


def test_the_regression_is_over_accepted_laws_by_name() -> None:
    sources = [source(h) for h in reversed(H[:6])]
    rows = [each for record in sources for each in rows_of(record, true_law(record.compressibility))]
    laws = fit_sources(sources, rows, QUICK)
    found = regress_on_h(laws)
    again = regress_on_h(tuple(reversed(laws)))
    assert [law.source.name for law in found.laws] == ["g150", "g220", "g290", "g360", "g430", "g500"]
    assert found.draws.lines.tobytes() == again.draws.lines.tobytes()
    assert found.log.flops == found.flops[1] == 6.0 * 10 * 4 * 160**2 * 24_300_000
    assert found.epsilon == again.epsilon
    assert found.predictors == again.predictors
