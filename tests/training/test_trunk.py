"""What a trunk refuses to be made of."""

import dataclasses

import pytest

from advisor.errors import UsageError
from tests.training.toy_training import PAIR, toy, toy_source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: {"documents": s.documents[:159]},
            "160 documents are to be trained on and the source has 159: an "
            "epoch is not repeated, so give it more data or ask for fewer tokens.",
        ),
        (lambda s: {"validation": s.validation[:127]}, "127 validation documents are too few: hold out at least 128."),
        (
            lambda s: {"validation": s.validation[:, :8]},
            "Documents of [8, 16] tokens were mixed: data, shape and plan must agree.",
        ),
        (
            lambda s: {"documents": s.documents + 1},
            "The data has ids from 1 to 5, and the model has 5, from 0: give it a vocabulary that holds them.",
        ),
    ],
)
def test_a_source_that_does_not_fit_is_said(change, message):
    source = toy_source()
    with pytest.raises(UsageError) as error:
        toy(sources=[dataclasses.replace(source, **change(source))])
    assert str(error.value) == message


def test_runs_and_sources_are_paired():
    source = toy_source()
    with pytest.raises(UsageError, match=r"^1 run cannot be trained on 2 sources: pair them\.$"):
        toy(sources=[source] * 2)
    longer = dataclasses.replace(source, validation=source.documents[:130])
    message = r"^Sources with \[128, 130\] validation documents cannot be stacked: hold out as many\.$"
    with pytest.raises(UsageError, match=message):
        toy(PAIR, sources=[source, longer])
