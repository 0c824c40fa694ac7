"""Rows to laws: known laws come back, order plays no part, what is left out and what is refused is said in words."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from calibration.fit.minimum import log_optimum
from calibration.lines.source_laws import SourceLaw, common_flops, fit_sources, refusals
from tests.lines.synthetic_rows import (
    QUICK,
    H,
    calibration_rows,
    fitted,
    log_optimum_at,
    row,
    rows_of,
    source,
    true_law,
)


def messages(law: SourceLaw) -> dict[str, tuple[str, str]]:
    return {reason.code: (reason.level, reason.message) for reason in law.reasons}


def test_a_known_law_comes_back_within_its_interval():
    record = source(0.36)
    law = fitted(record, rows_of(record, true_law(0.36)))
    assert law.accepted
    assert law.reasons == ()
    assert law.flops == 6.0 * 10 * 4 * 160**2 * 24_300_000
    low, high = np.quantile(log_optimum(law.drawn, law.flops), [0.025, 0.975])
    assert low <= log_optimum_at(true_law(0.36), law.flops) <= high
    assert high - low < 0.5
    assert law.group.law is not None
    assert law.group.law.count == "non-embedding"
    assert law.group.runs.covariate == 0.36


def test_the_order_of_rows_changes_no_bit():
    sources = [source(h) for h in H[:2]]
    rows = [each for record in sources for each in rows_of(record, true_law(record.compressibility))]
    first = fit_sources(sources, rows, QUICK)
    random.Random(0).shuffle(rows)
    again = fit_sources(sources, [*rows, *rows[:7]], QUICK)  # rows of one key count once
    for one, other in zip(first, again, strict=True):
        assert one.parameters.tobytes() == other.parameters.tobytes()
        assert one.drawn.tobytes() == other.drawn.tobytes()
        assert one.rows == other.rows
        assert one.figures == other.figures


def test_rows_of_few_steps_are_left_out_and_counted():
    record = source(0.36)
    rows = rows_of(record, true_law(0.36))
    short = [replace(r, few_steps=True, loss=9.0) if r.n_tokens == 300_000 else r for r in rows]
    law = fitted(record, short)
    assert len(law.rows) == 40
    assert messages(law)["few-steps"] == (
        "caution",
        "10 of 50 rows left out: fewer optimizer steps than a loss needs.",
    )
    without = fitted(record, [r for r in rows if r.n_tokens > 300_000])
    assert law.parameters.tobytes() == without.parameters.tobytes()


def test_rows_of_other_data_and_of_a_halved_rate_are_said():
    record = source(0.36)
    rows = rows_of(record, true_law(0.36))
    changed = [
        replace(rows[0], data="other", key="x"),
        *rows[1:3],
        *(replace(r, halvings=1) for r in rows[3:5]),
        *rows[5:],
    ]
    law = fitted(record, changed)
    assert len(law.rows) == 49
    assert messages(law) == {
        "other-data": ("caution", "1 of 50 rows left out: of other data under the same name."),
        "halved-rate": (
            "caution",
            "2 of 49 rows diverged, and had a half of the learning rate or less.",
        ),
    }


def test_rows_of_two_learning_rates_are_refused():
    record = source(0.36)
    rows = rows_of(record, true_law(0.36))
    twice = replace(rows[7], key="other", rate=0.016, loss=0.9 * rows[7].loss)
    law = fitted(record, [*rows, twice])
    assert not law.accepted
    assert messages(law)["several-rates"] == (
        "refused",
        "width 16, seed 1 and D = 8.1e+06 were trained at the learning rates 0.008 and 0.016: give the rows of one.",
    )


def test_no_row_is_left_out_for_its_loss():
    record = source(0.36)
    rows = rows_of(record, true_law(0.36))
    law = fitted(record, [replace(r, loss=1.3 * r.loss) if i == 40 else r for i, r in enumerate(rows)])
    assert len(law.group.runs) == 50


def test_a_source_that_learned_nothing_is_refused_as_fit_does():
    record = source(0.36)
    rows = [replace(r, loss=math.log(8001) - 0.01 * i / 50) for i, r in enumerate(rows_of(record, true_law(0.36)))]
    law = fitted(record, rows)
    assert not law.accepted
    level, message = messages(law)["untrained-runs"]
    assert (level, message) == (
        "refused",
        "50 runs of 50 have a loss within 5 % of ln(vocabulary) = 8.99 nats/token, which is that of guessing: they "
        "have learned nothing.",
    )
    assert message in refusals([law])["g360"]


def test_a_source_without_rows_is_refused():
    law = fitted(source(0.36), [])
    assert (law.accepted, law.flops, law.group.fit) == (False, None, None)
    assert refusals([law]) == {"g360": ("there are 0 usable runs, and five parameters need at least 6.",)}


def test_losses_at_the_floor_are_refused():
    record = source(0.36)
    flat = {"E": 0.99, "log_A": -7.0, "log_B": -7.0, "alpha": 0.3, "beta": 0.3}
    law = fitted(record, rows_of(record, flat))
    level, message = messages(law)["saturated"]
    assert level == "refused"
    assert message.startswith("the losses range over 2")
    assert message.endswith("% each): the models are at the floor and show no law.")


def test_one_seed_is_a_caution():
    record = source(0.36)
    law = fitted(record, rows_of(record, true_law(0.36), n_seeds=1))
    assert law.figures.seed_sd is None
    assert messages(law)["one-seed"] == (
        "caution",
        "no two seeds of one N and D were trained: the noise that the law is read against is not known.",
    )


def test_a_form_that_does_not_fit_is_a_caution():
    record = source(0.36)
    rows = [replace(r, loss=r.loss * (1.04 if r.width in (32, 96) else 0.96)) for r in rows_of(record, true_law(0.36))]
    level, message = messages(fitted(record, rows))["misfit"]
    assert level == "caution"
    assert message.endswith("the runs do not follow the form of the law to within their noise.")


def test_e_at_the_entropy_bound_and_under_the_entropy_rate():
    rows = rows_of(source(0.36), true_law(0.36))
    law = fitted(source(0.36, entropy_bound=0.8, entropy_rate=0.7), rows)
    found = messages(law)
    assert found["e-at-entropy-bound"] == (
        "caution",
        "E lies at the entropy bound of the documents, 0.8 nats/token; the runs want it higher.",
    )
    assert "e-at-bound" not in found
    assert math.exp(law.parameters[0]) == pytest.approx(0.8)
    low = messages(fitted(source(0.36, entropy_bound=None, entropy_rate=1.5), rows))
    assert low["e-under-entropy-rate"][0] == "caution"
    assert "is below the entropy rate, 1.5: the grammar is ambiguous, or" in low["e-under-entropy-rate"][1]


def test_tokens_beyond_a_corpus_are_repeated_and_left_out_of_the_law():
    record = source(0.36, kind="corpus", n_unique_tokens=9_000_000, entropy_bound=None, entropy_rate=None)
    law = fitted(record, rows_of(record, true_law(0.36)))
    assert law.group.runs.n_tokens.max() == 8_100_000
    assert messages(law)["repeated-runs"][1].startswith("10 of 50 runs repeat data")
    assert law.flops == 6.0 * 10 * 4 * 160**2 * 8_100_000


def test_common_budgets():
    sources = [source(0.36), source(0.43)]
    rows = rows_of(sources[0], true_law(0.36))
    rows += [r for r in rows_of(sources[1], true_law(0.43)) if r.width < 160 and r.n_tokens > 300_000]
    laws = fit_sources(sources, rows, QUICK)
    assert common_flops(laws) == (6.0 * 5120 * 900_000, 6.0 * 276_480 * 24_300_000)
    assert row(sources[0], width=96, n_layers=3).n_non_embedding == 276_480


def test_progress_says_which_source_is_fitted_and_how_many_are():
    sources, rows = calibration_rows()
    told = []
    fit_sources(sources[:2], rows, QUICK, progress=lambda *news: told.append(news))
    assert told == [("fitting g150", 0, 2), ("fitting g220", 1, 2)]
