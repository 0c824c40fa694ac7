"""The data files that ship."""

import pytest

from advisor.data_files import folder_made, shipped_file
from advisor.errors import AdvisorError, CoefficientsError


def test_shipped_files_are_found_and_a_missing_one_is_said():
    assert shipped_file("fitted_coefficients.json").is_file()
    with pytest.raises(CoefficientsError) as caught:
        shipped_file("nothing.json")
    assert str(caught.value) == (
        "The file nothing.json that ships with advisor is missing: install advisor again from where it came (in a "
        "checkout, `git checkout data` brings it back)."
    )


def test_a_folder_made_for_what_fails_goes_again_with_those_above_it(tmp_path):
    def fail(folder, file=None):
        with folder_made(folder):
            assert folder.is_dir()
            if file is not None:
                file.write_text("a file")
            raise KeyboardInterrupt

    (tmp_path / "there").mkdir()
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "there" / "new" / "deep")
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path / "new" / "deep", tmp_path / "new" / "kept")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "new", "there"]
    with folder_made(tmp_path / "made" / "deep"):
        pass
    assert (tmp_path / "made" / "deep").is_dir()


def test_a_folder_that_cannot_be_made_is_said_and_those_above_it_go_again(tmp_path):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(AdvisorError) as error, folder_made(tmp_path / "file" / "new"):
        pass
    assert str(error.value) == f"{tmp_path}/file/new cannot be made: Not a directory; name another folder."
    with pytest.raises(AdvisorError) as error, folder_made(tmp_path / "new" / ("x" * 300)):
        pass
    assert str(error.value).endswith(" cannot be made: File name too long; name another folder.")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
