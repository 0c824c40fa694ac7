"""``plot`` draws whatever the library returned, gives the figure or writes the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.answer.comparison import compare
from advisor.answer.recommendation import recommend
from advisor.answer.repetition.repeat_table import repeat_table
from advisor.answer.request import Request
from advisor.errors import AdvisorError, UsageError
from advisor.report.pictures.plot import plot
from tests.answer.said import CORPUS
from tests.report.pictures.made import profile

pytest.importorskip("matplotlib")


@pytest.mark.parametrize(
    "made",
    [
        lambda: profile("a", 0.5),
        lambda: (profile("a", 0.5), CORPUS),
        lambda: recommend(Request(flops=1e21)),
        lambda: compare([Request(flops=1e21), Request(flops=1e22)]),
        lambda: repeat_table(None, 25e9),
    ],
    ids=["profile", "profiles", "recommendation", "comparison", "repeat"],
)
def test_a_result_is_drawn_into_a_file_that_is_returned(made, tmp_path: Path):
    path = tmp_path / "picture.svg"
    assert plot(made(), str(path)) == path
    assert path.read_bytes().startswith(b"<?xml")
    assert plot(made()).axes


def test_a_notebook_shows_the_picture_at_the_size_of_its_letters():
    content, size = plot(CORPUS)._repr_png_()
    assert content.startswith(b"\x89PNG")
    assert size["width"] == 630


@pytest.mark.parametrize(
    ("result", "named"), [(7, "int"), ([], "nothing"), ("text", "str"), ([profile("a", 0.5), 7], "Profile, int")]
)
def test_what_has_no_picture_is_said(result, named):
    with pytest.raises(UsageError, match=f"^There is no picture of {named}: give what score, recommend, compare, "):
        plot(result)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path):
    with pytest.raises(UsageError, match=r"a\.jpg does not end in \.svg, \.pdf, \.png: name the picture so\.$"):
        plot(CORPUS, tmp_path / "a.jpg")
    with pytest.raises(AdvisorError, match=r"^Cannot write .*no/a\.svg: No such file or directory; name a file in a "):
        plot(CORPUS, tmp_path / "no" / "a.svg")
    assert list(tmp_path.iterdir()) == []


LETTER = "\U0001f9ff"  # no font of letters has an amulet


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_a_letter_that_no_font_has_is_said_in_one_line(ending, tmp_path: Path, capsys):
    path = tmp_path / f"picture{ending}"
    plot([profile(f"a{LETTER}", 0.5), profile(f"b{LETTER}", 0.5)], path)
    assert capsys.readouterr().err == (
        f"{path}: no font on this machine has the letter {LETTER}, so there are boxes in their place: install one, "
        "such as Noto Sans CJK, or write an .svg, in which letters are text.\n"
    )


def test_in_an_svg_letters_are_text(tmp_path: Path, capsys):
    path = plot(profile(f"a{LETTER}", 0.5), tmp_path / "picture.svg")
    assert LETTER in path.read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""
