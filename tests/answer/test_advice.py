import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.repetition.advice import ADVICE, advice_for
from advisor.answer.request import Request

# What must be said of repeated data, by a phrase of each line.
LINES = {
    "dropout": "Dropout of 0.2 to 0.3",
    "dropout_late": "switched on late at no loss",
    "dropout_large_models": "less well for large models",
    "dropout_galactica": "Galactica",
    "weight_decay": "the literature is divided",
    "larger_models_overfit": "2^29 tokens repeated 2^8 times do less harm than 2^27",
    "objective": "mixed ones such as UL2",
    "flops_per_param": "neither sharing parameters nor a mixture of experts",
    "quality": "repeated Wikipedia degrades as repeated C4",
    "downstream": "Downstream tasks degrade too",
    "moe_proxy": "0.39 times the FLOPs",
    "small_sweeps": "small sweeps predict large runs",
    "sample_efficiency": "more sample-efficient",
    "fine_tuning": "few, diverse, good examples rather than tokens",
}


def test_every_line_has_its_text_source_and_scope():
    assert {line.code: line.text for line in ADVICE}.keys() == LINES.keys()
    for line in ADVICE:
        assert LINES[line.code] in line.text
        assert "arXiv:2305.13230" in line.source
        assert line.scope


def test_the_conflict_over_weight_decay_names_both_sides():
    line = next(line for line in ADVICE if line.code == "weight_decay")
    for paper in ("arXiv:2305.13230", "arXiv:2509.14786", "arXiv:2605.01640"):
        assert paper in line.text
        assert paper in line.source


@pytest.mark.parametrize(
    ("epochs", "asked", "n_lines"),
    [(None, False, 0), (1.0, False, 0), (1.1, False, 14), (0.2, True, 14), (None, True, 14)],
)
def test_advice_goes_with_repeated_data(epochs, asked, n_lines):
    assert len(advice_for(epochs, asked=asked)) == n_lines


def test_a_recommendation_carries_the_advice():
    assert recommend(Request(flops=1e22)).advice == ()
    assert recommend(Request(flops=1e22, advice=True)).advice == ADVICE
    assert recommend(Request(flops=1e22, unique_tokens=25e9)).advice == ADVICE
    assert recommend(Request(flops=1e22, unique_tokens=25e12)).advice == ()
