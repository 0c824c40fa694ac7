"""Calibrations that a user installs: where they go, which one answers, and what a damaged one breaks (nothing)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.calibrations import coefficients
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.installed import available, data_folder, install
from advisor.errors import AdvisorError, CoefficientsError, UsageError
from tests.calibrations.hand_made import calibration, document, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's data folder."""
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data" / "calibrations"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return write(tmp_path / "fitted_coefficients.json", document())


@pytest.mark.parametrize(
    ("variables", "platform", "expected"),
    [
        ({"ADVISOR_DATA_DIR": "/a", "XDG_DATA_HOME": "/x"}, "linux", "/a"),
        ({"XDG_DATA_HOME": "/x"}, "linux", "/x/data-scaling-advisor"),
        ({}, "linux", "/home/me/.local/share/data-scaling-advisor"),
        ({}, "darwin", "/home/me/Library/Application Support/data-scaling-advisor"),
        ({"LOCALAPPDATA": "/c"}, "win32", "/c/data-scaling-advisor"),
    ],
)
def test_where_the_data_folder_is(monkeypatch, variables, platform, expected):
    for name in ("ADVISOR_DATA_DIR", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"HOME": "/home/me"} | variables).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert data_folder() == Path(expected)


def test_an_installed_calibration_has_the_name_it_was_given(folder, made):
    assert install("mine", made) == folder / "mine.json"
    found = load_coefficients(folder / "mine.json")
    assert (found.default, [one.name for one in found.calibrations]) == ("mine", ["mine"])
    assert (
        found.calibrations[0].dependence.regressions == load_coefficients(made).calibrations[0].dependence.regressions
    )
    assert [path.name for path in folder.iterdir()] == ["mine.json"]


def test_of_several_the_one_of_that_name_is_installed(folder, tmp_path):
    path = write(tmp_path / "two.json", document(calibration(), calibration(name="other", epsilon=0.7)))
    install("other", path)
    assert load_coefficients(folder / "other.json").calibrations[0].dependence.epsilon == 0.7
    with pytest.raises(CoefficientsError) as caught:
        install("mine", path)
    assert str(caught.value) == f"{path} has no calibration 'mine' to install: it has hand-made, other."


def test_another_calibration_is_replaced_only_when_forced(folder, made, tmp_path):
    install("mine", made)
    before = (folder / "mine.json").read_bytes()
    assert install("mine", made) == folder / "mine.json"  # the same one again
    other = write(tmp_path / "other.json", document(calibration(epsilon=0.9)))
    with pytest.raises(UsageError) as caught:
        install("mine", other)
    assert str(caught.value) == (
        f"Another calibration mine is installed ({folder}/mine.json): give another name, or --force to replace it."
    )
    assert (folder / "mine.json").read_bytes() == before
    install("mine", other, force=True)
    assert load_coefficients(folder / "mine.json").calibrations[0].dependence.epsilon == 0.9


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 65])
def test_a_name_that_is_no_file_name(folder, made, name):
    with pytest.raises(UsageError, match=r"^A calibration's name is letters, digits"):
        install(name, made)
    assert not folder.exists()


def test_the_name_of_a_shipped_calibration_is_taken(folder, made, monkeypatch, tmp_path):
    ships(monkeypatch, tmp_path, document())
    with pytest.raises(UsageError) as caught:
        install("hand-made", made, force=True)
    assert str(caught.value) == "The calibration hand-made ships with advisor: install yours under another name."


def test_what_cannot_be_read_is_not_installed(folder, tmp_path):
    bad = write(tmp_path / "bad.json", document(calibration(epsilon=2)))
    with pytest.raises(CoefficientsError, match=r"epsilon must be in \[0, 1\], not 2\.$"):
        install("mine", bad)
    empty = write(tmp_path / "empty.json", {"schema_version": 1, "default": None, "calibrations": []})
    with pytest.raises(CoefficientsError, match=r"has no calibration 'mine' to install: it has none\.$"):
        install("mine", empty)
    assert not folder.exists()


def test_a_data_folder_that_cannot_be_made(monkeypatch, made, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(AdvisorError) as caught:
        install("mine", made)
    assert str(caught.value) == (
        f"{tmp_path}/file/calibrations cannot be made: Not a directory; set ADVISOR_DATA_DIR to a folder you can write "
        "to."
    )
    assert available().calibrations == ()


# --- which calibration answers ----------------------------------------------------------------------------------------


def ships(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: object) -> None:
    """Let a coefficients file of this content ship."""
    path = write(tmp_path / "shipped.json", content)
    monkeypatch.setattr(coefficients, "shipped_file", lambda name: path)


def test_nothing_installed_is_what_ships(folder):
    assert available() == load_coefficients()


def test_the_only_installed_one_is_used_where_none_ships(folder, made):
    install("mine", made)
    found = available()
    assert (found.default, found.installed, dict(found.problems)) == ("mine", ("mine",), {})
    chosen = found.calibration()
    assert chosen is not None
    assert chosen.name == "mine"


def test_of_several_installed_none_is_used_unasked(folder, made):
    install("mine", made)
    install("yours", made)
    found = available()
    assert (found.default, found.installed) == (None, ("mine", "yours"))
    assert found.calibration() is None
    chosen = found.calibration("yours")
    assert chosen is not None
    assert chosen.name == "yours"
    with pytest.raises(UsageError) as caught:
        found.calibration("theirs")
    assert str(caught.value) == "No calibration 'theirs' ships or is installed: there are mine, yours."


@pytest.mark.parametrize("default", ["hand-made", None])
def test_an_installation_does_not_change_what_ships(folder, made, monkeypatch, tmp_path, default):
    install("mine", made)
    ships(monkeypatch, tmp_path, document(default=default))
    found = available()
    assert (found.default, [one.name for one in found.calibrations]) == (default, ["hand-made", "mine"])
    chosen = found.calibration("mine")
    assert chosen is not None
    assert chosen.name == "mine"


def test_a_coefficients_file_stands_alone(folder, made):
    install("mine", made)
    found = available(made)
    assert found == load_coefficients(made)
    with pytest.raises(UsageError, match=r"has no calibration 'mine': it has hand-made\.$"):
        found.calibration("mine")


def test_a_damaged_file_breaks_nothing_else(folder, made):
    install("mine", made)
    (folder / "torn.json").write_text('{"schema_version": 1, "calibra', encoding="utf-8")
    found = available()
    assert found.default is None  # two were installed: which is meant is not known
    assert found.installed == ("mine",)
    assert list(found.problems) == ["torn"]
    assert found.calibration("mine") is not None
    with pytest.raises(CoefficientsError) as caught:
        found.calibration("torn")
    assert str(caught.value) == (
        f"The installed calibration torn cannot be used: {folder}/torn.json is not JSON: Unterminated string starting "
        "at at line 1."
    )


def test_files_that_were_put_there_by_hand(folder, made, monkeypatch, tmp_path):
    folder.mkdir(parents=True)
    write(folder / "renamed.json", document())
    write(folder / "shipped-too.json", document(calibration(name="shipped-too"), default=None))
    (folder / ".mine.json.x.part").write_text("half", encoding="utf-8")
    ships(monkeypatch, tmp_path, document(calibration(name="shipped-too"), default="shipped-too"))
    found = available()
    assert found.installed == ()
    assert found.problems == {
        "renamed": f"{folder}/renamed.json must hold one calibration, called renamed: install it again.",
        "shipped-too": f"{folder}/shipped-too.json has the name of a calibration that ships: rename the file.",
    }


# --- on the command line ----------------------------------------------------------------------------------------------


def cautions(advisor, *arguments: str) -> dict[str, str]:
    code, out, _ = advisor("recommend", *arguments, "--json")
    assert code == 0
    return {one["code"]: one["message"] for one in json.loads(out)["cautions"]}


def test_an_installed_calibration_answers_where_it_is_asked_for(advisor, folder, made):
    arguments = ("recommend", "--flops", "1e21", "--compressibility", ".4", "--json")
    before = json.loads(advisor(*arguments).stdout)["headline"]
    install("mine", made)
    assert json.loads(advisor(*arguments).stdout)["headline"] == before
    for asked in (("--calibration", "mine"), ("--law", "anchored")):  # the only one there is needs no name
        found = json.loads(advisor(*arguments, *asked).stdout)
        assert (found["headline"]["law"], found["calibration"]) == ("anchored", "mine")


def test_a_law_of_a_calibration_asks_which_of_several(advisor, folder, made):
    install("mine", made)
    install("yours", made)
    code, _, err = advisor("recommend", "--flops", "1e21", "--compressibility", ".4", "--law", "anchored")
    assert code == 2
    assert "Name a calibration with --calibration (mine, yours)" in " ".join(err.split())


def test_a_damaged_file_is_one_caution(advisor, folder, made):
    before = cautions(advisor, "--flops", "1e21", "--law", "chinchilla")
    folder.mkdir(parents=True)
    (folder / "torn.json").write_text("{", encoding="utf-8")
    after = cautions(advisor, "--flops", "1e21", "--law", "chinchilla")
    assert set(after) - set(before) == {"calibration_unreadable"}
    assert after["calibration_unreadable"] == (
        f"Installed calibrations that cannot be used are left out: {folder}/torn.json is not JSON: Expecting property "
        "name enclosed in double quotes at line 1."
    )


def test_table_and_laws_know_installed_ones(advisor, folder, made):
    install("mine", made)
    code, out, _ = advisor(
        "table", "--law", "gzip", "--compressibility", ".4", "--calibration", "mine", "--sizes", "1B"
    )
    assert (code, "gzip" in out) == (0, True)
    _, out, _ = advisor("laws", "--full")
    assert "mine (default, installed): 1 of 2 sources have a law, epsilon 0.3" in " ".join(out.split())
    (folder / "torn.json").write_text("{", encoding="utf-8")
    code, out, _ = advisor("laws", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["default_calibration"] is None
    one = found["calibrations"][0]
    assert (one["name"], one["installed"], one["n_sources"], one["n_laws"], one["epsilon"]) == ("mine", True, 2, 1, 0.3)
    assert list(found["unreadable_calibrations"]) == ["torn"]
    _, out, _ = advisor("laws", "--full")
    assert "torn: cannot be used (" in " ".join(out.split())


def put_bad_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    good = document(calibration(name="deep"), default="deep")
    os.mkfifo(folder / "pipe.json")
    (folder / "round.json").symlink_to(folder / "round.json")
    (folder / "zero.json").symlink_to("/dev/zero")
    (folder / "folder.json").mkdir()
    (folder / "large.json").write_bytes(b" " * (9 << 20))
    (folder / "nested.json").write_text("[" * 100_000)
    (folder / "digits.json").write_text('{"schema_version": 1' + "0" * 6000 + "}")
    (folder / "list.json").write_text("[]")
    (folder / "latin.json").write_bytes(b'{"a": "\xe9"}')
    good["calibrations"][0]["regression"]["draws"][0][0] = 10**400
    (folder / "deep.json").write_text(json.dumps(good))
    (folder / "\x1b[2J.json").write_text("{}")


def test_whatever_lies_in_the_folder_is_a_problem_and_no_more(folder, made):
    put_bad_files(folder)
    install("mine", made)
    found = available()
    assert found.installed == ("mine",)
    assert found.problems["pipe"] == f"{folder}/pipe.json is not a regular file: remove it."
    assert found.problems["zero"] == f"{folder}/zero.json is not a regular file: remove it."
    assert found.problems["folder"] == f"{folder}/folder.json is not a regular file: remove it."
    assert found.problems["round"].startswith(f"Cannot read {folder}/round.json: Too many levels of symbolic links")
    assert found.problems["large"] == f"{folder}/large.json holds over 8 MB: it is not one of advisor's files."
    assert found.problems["deep"].endswith("regression.draws[0] must be a list of 20 finite numbers.")
    assert len(found.problems) == 11


def test_bad_installed_files_leave_one_short_caution(folder):
    put_bad_files(folder)
    answer = recommend(Request(flops=1e21))
    said = [caution.message for caution in answer.cautions if caution.code == "calibration_unreadable"]
    assert len(said) == 1
    assert said[0].endswith("And 8 more.")


def test_of_very_many_installed_files_a_hundred_are_read(folder):
    folder.mkdir(parents=True)
    for i in range(1000):
        (folder / f"{i:04}.json").write_text("{}")
    found = available()
    assert len(found.problems) == 101
    assert found.problems["..."] == (
        f"{folder} holds 1,000 files, and the first 100 by name are read: remove what you do not use."
    )
