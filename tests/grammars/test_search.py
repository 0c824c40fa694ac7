"""Grammars of a wanted H, and the set in which H and the entropy rate vary apart."""

import math

import numpy as np
import pytest

from advisor.errors import GrammarError
from calibration.grammars import search as grammar_search
from calibration.grammars.entropy import entropy_rate
from calibration.grammars.gate import gate
from calibration.grammars.grammar import draw
from calibration.grammars.profile import measure
from calibration.grammars.search import path_shape, target_set, two_way_set
from calibration.grammars.tilting import tilt


@pytest.mark.parametrize("target", [0.10, 0.25, 0.45, 0.60])
def test_a_target_compressibility_is_hit_on_fresh_documents(target):
    search = target_set([target], seed=0)
    (found,) = search.grammars
    grammar = tilt(found.grammar)
    assert found.grammar == draw(found.shape, seed=found.seed)
    assert gate(grammar) == ()
    # The search confirmed it to .004 on other documents; these have an error of their own.
    assert measure(grammar, n_documents=1000, seed=987) == pytest.approx(target, abs=0.005)


def test_rejections_say_why():
    search = target_set([0.10], seed=0)
    assert search == target_set([0.10], seed=0)
    assert search.n_draws > len(search.rejections) > 20
    assert {reason.code for rejection in search.rejections for reason in rejection.reasons} >= {"few", "q"}
    rejection = search.rejections[0]
    try:
        reasons = gate(tilt(draw(rejection.shape, seed=rejection.seed)))
    except GrammarError:
        reasons = rejection.reasons[:1]
    assert rejection.reasons == reasons


def test_the_path_runs_through_the_papers_shapes():
    assert [str(path_shape(position)) for position in (0, 2, 2.5, 6)] == [
        *("3,20,2,2", "20,300,10,5", "24,346,10,6", "200,32000,200,60")
    ]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (0.8, r"No grammar has H = 0.8: the ceiling, uniform random ids up to 32000, has 0\.72\d; ask for .10 to .70."),
        (0.02, r"No grammar has H = 0.02: a single repeated id has 0\.0\d+; ask for .10 to .70."),
        (0.725, r"No grammar on the path has H = 0.725: its richest, 200,32000,200,60, has 0.72\d."),
    ],
)
def test_unreachable_targets_get_one_sentence(target, message, monkeypatch):
    monkeypatch.setattr(grammar_search, "TOLERANCE", 0.001)
    with pytest.raises(GrammarError, match=f"^{message}$"):
        target_set([target], seed=0)


def test_a_target_that_no_draw_has_gets_one_sentence(monkeypatch):
    monkeypatch.setattr(grammar_search, "MAX_DRAWS", 20)
    with pytest.raises(
        GrammarError, match=r"^No grammar with H = 0.05 among 20 draws of shape 3,2\d,2,2: take another"
    ):
        target_set([0.05], seed=0)


def test_the_two_way_set_separates_compressibility_and_entropy_rate():
    search = two_way_set(seed=0)
    assert len(search.grammars) == 12
    assert len({grammar.name for grammar in search.grammars}) == 12
    tight = [tilt(grammar.grammar) for grammar in search.grammars]
    h = np.array([measure(grammar, n_documents=200, seed=5) for grammar in tight])
    bits = np.array([entropy_rate(grammar) / math.log(2) for grammar in tight])
    assert abs(np.corrcoef(h, bits)[0, 1]) < 0.1
    assert h.reshape(4, 3) == pytest.approx(np.repeat([[0.25], [0.35], [0.45], [0.55]], 3, axis=1), abs=0.02)
    assert bits.reshape(4, 3) == pytest.approx(np.tile([0.4, 0.8, 1.6], (4, 1)), rel=0.15)
    assert all(gate(grammar) == () for grammar in tight)
