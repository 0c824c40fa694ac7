"""What is said of repeated data, by how often they are."""

import math

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from tests.answer.said import codes, message


@pytest.mark.parametrize(
    ("unique", "code"),
    [(60e9, None), (40e9, "epochs_above_4"), (10e9, "epochs_above_16"), (3e9, "epochs_above_40")],
)
def test_cautions_by_epochs(unique, code):
    found = recommend(Request(flops=1e22, unique_tokens=unique))
    thresholds = {"epochs_above_4": (4, 16), "epochs_above_16": (16, 40), "epochs_above_40": (40, math.inf)}
    low, high = thresholds.get(code, (0, 4))
    assert low < found.limited[0].law_epochs <= high
    assert found.limited[0].epochs <= 40
    assert [each for each in codes(found) if each in thresholds] == ([] if code is None else [code])


def test_above_40_epochs_the_law_is_said_to_be_blind():
    found = recommend(Request(flops=1e22, unique_tokens=1e9))
    text = message(found, "epochs_above_40")
    assert text.startswith("305 epochs of the 1.00B unique tokens are beyond what this law can see: it knows no")
    assert "under-predicts the rise of the loss 2.5 to 5 times at 44 epochs" in text
    assert text.endswith("The answer stops at 40: get more unique data, or spend less compute.")


def test_tokens_of_the_users_own_choice_are_weighed_beyond_40_epochs_and_cautioned():
    found = recommend(Request(flops=1e22, unique_tokens=25e9, n_tokens=2e12))
    assert found.limited[0].choice.epochs == 80
    assert message(found, "epochs_above_40").startswith("80 epochs of the 25.0B unique tokens are beyond what this law")
    assert "Do not train so" in message(found, "epochs_above_40")


def test_the_epochs_of_the_users_own_choice_are_cautioned_too():
    found = recommend(Request(flops=1e22, unique_tokens=25e9, n_params=2e9))
    assert message(found, "epochs_above_16").startswith("33.3 epochs of the 25.0B unique tokens:")
    assert message(found, "epochs_above_4").startswith("The best for these data: 9.49 epochs of the ")
