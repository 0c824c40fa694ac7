"""What the public functions say of an argument of another type: one sentence with its name, before any work."""

from __future__ import annotations

import pytest

import advisor
from advisor.errors import UsageError


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: advisor.Request(flops="x"), "--flops must be a number, not 'x'."),
        (lambda: advisor.Request(flops=True), "--flops must be a number, not True."),
        (lambda: advisor.Request(flops=[1e21]), "--flops must be a number, not [1e+21]."),
        (lambda: advisor.Request(flops=10**400), "--flops must be below 1e308, not a number of over 308 digits."),
        (lambda: advisor.Request(flops=5e-324), "--flops must be at least 1e-300, not 4.94066e-324."),
        (
            lambda: advisor.Request(gpu="H100", gpus=10**400, hours=1),
            "--gpus must be below 1e308, not a number of over 308 digits.",
        ),
        (lambda: advisor.Request(gpu="H100", gpus=1.5, hours=1), "--gpus must be a whole number, not 1.5."),
        (lambda: advisor.Request(gpu="H100", gpus=10**12, hours=1), "--gpus must be at most 1,000,000,000, not 1e+12."),
        (lambda: advisor.Request(flops=1e21, compressibility="x"), "--compressibility must be a number, not 'x'."),
        (lambda: advisor.Request(flops=1e21, law=3), "--law must be a text, not int."),
        (lambda: advisor.Request(flops=1e21, context="2048"), "--context must be a number, not '2048'."),
        (lambda: advisor.recommend(3), "corpus must be a path, a profile or the name of a dataset, not int."),
        (lambda: advisor.score(3), "source must be a text, not int."),
        (lambda: advisor.fit(None), "table must be a text, not NoneType."),
        (lambda: advisor.fit("runs.csv", group=1), "group must be a text, not int."),
        (lambda: advisor.fit("runs.csv", at=["x"]), "--at is 'x'; give a number."),
    ],
)
def test_a_wrong_type_is_told_by_its_name(call, message):
    with pytest.raises(UsageError) as caught:
        call()
    assert str(caught.value) == message
