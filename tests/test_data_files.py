"""The data files that ship."""

import pytest

from advisor.data_files import shipped_file
from advisor.errors import CoefficientsError


def test_shipped_files_are_found_and_a_missing_one_is_said():
    assert shipped_file("fitted_coefficients.json").is_file()
    with pytest.raises(CoefficientsError) as caught:
        shipped_file("nothing.json")
    assert str(caught.value) == (
        "The file nothing.json that ships with advisor is missing: install advisor again from where it came (in a "
        "checkout, `git checkout data` brings it back)."
    )
