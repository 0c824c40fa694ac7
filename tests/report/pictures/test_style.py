"""What all pictures share: names that fit, ticks that people read, files that are whole and always the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from advisor.errors import AdvisorError, MissingExtraError, UsageError
from advisor.report.pictures.files import check_picture, save_figure
from advisor.report.pictures.style import (
    log_axis,
    name_ticks,
    new_figure,
    plain_axis,
    set_title,
    shortened,
    styled,
    ticks_between,
    told_apart,
)
from advisor.report.terminal import cells

pytest.importorskip("matplotlib")


def drawn(names=("a", "b")):
    with styled():
        figure = new_figure((6.3, 2.0))
        axis = figure.subplots()
        name_ticks(axis, [shortened(name) for name in names])
        log_axis(axis, "x", (2e8, 5e10))
        set_title(figure, "a title")
    return figure


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("short", 5, "short"),
        ("a/very/long/path/to/data.jsonl", 11, "a/ver…jsonl"),
        ("日本語の長い名前のファイル", 9, "日本…イル"),
        ("a\nb\x1b[31m\u202e\ud800", 20, "a?b?[31m??"),
        ("x" * 100_000, 3, "x…x"),
    ],
)
def test_a_name_is_shortened_in_the_middle(name, most, expected):
    assert shortened(name, most) == expected
    assert cells(expected) <= most


def test_names_that_shortening_makes_one_are_numbered():
    long = [f"/data/{'x' * 50}{i}{'y' * 50}.jsonl" for i in range(2)]
    assert told_apart(long, 12) == ["1. /da…sonl", "2. /da…sonl"]
    assert told_apart(["a", "b"], 12) == ["a", "b"]
    assert told_apart(["a", "a"], 12) == ["a", "a"]  # one corpus, named twice


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (1e19, 1e23, 6, [1e19, 1e20, 1e21, 1e22, 1e23]),
        (8e8, 1.1e10, 6, [1e9, 2e9, 5e9, 1e10]),
        (1.2e7, 4.9e9, 4, [1e8, 1e9]),
        (1.0, 1e30, 5, [1.0, 1e8, 1e16, 1e24]),
        (2.01, 2.09, 4, [2.02, 2.04, 2.06, 2.08]),
    ],
)
def test_ticks_are_round_and_few(low, high, most, expected):
    assert ticks_between(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize("ratio", [1.0001, 1.01, 1.3, 2.0, 3.7, 9.0, 31.0, 1e4, 1e9, 1e60])
@pytest.mark.parametrize("low", [1e-3, 1.0, 7.7e8, 9.6e22])
def test_every_range_has_ticks_inside_it(low, ratio):
    ticks = ticks_between(low, low * ratio, 6)
    assert 1 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))
    assert all(low * (1 - 1e-8) <= at <= low * ratio * (1 + 1e-8) for at in ticks)


def test_sizes_are_written_as_people_write_them():
    axis = drawn().axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["300M", "1B", "3B", "10B", "30B"]
    log_axis(axis, "x", (1e14, 1e17))
    assert [label.get_text() for label in axis.get_xticklabels()] == ["100T", "1e15", "1e16", "1e17"]


@pytest.mark.parametrize(("ending", "magic"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_a_file_is_whole_and_the_same_bytes_each_time(tmp_path: Path, ending, magic):
    first, second = tmp_path / f"1{ending}", tmp_path / f"2{ending.upper()}"
    save_figure(drawn(), first)
    save_figure(drawn(), second)
    assert first.read_bytes().startswith(magic)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


def test_text_of_a_vector_file_is_text_and_never_a_formula(tmp_path: Path):
    names = ("$x^2$ and $y$", r"a_{b$ \frac", "_hidden", "中文.jsonl", "a\x00\ud800<&>", "😀")
    save_figure(drawn(names), tmp_path / "a.svg")
    tree = ET.parse(tmp_path / "a.svg")
    texts = {element.text for element in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"$x^2$ and $y$", r"a_{b$ \frac", "_hidden", "中文.jsonl", "a??<&>", "😀", "300M", "a title"} <= texts
    assert b"<dc:date>" not in (tmp_path / "a.svg").read_bytes()


def test_the_users_own_settings_play_no_part(tmp_path: Path):
    import matplotlib

    save_figure(drawn(), tmp_path / "plain.svg")
    own = {"font.size": 30, "text.parse_math": True, "axes.grid": True, "savefig.bbox": "tight", "svg.fonttype": "path"}
    with matplotlib.rc_context(own):
        save_figure(drawn(), tmp_path / "own.svg")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / "own.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


@pytest.mark.filterwarnings("error")
def test_letters_that_no_font_has_are_one_line_on_stderr(tmp_path: Path, capfd):
    save_figure(drawn(("\U00010380a",)), tmp_path / "a.png")
    told = "no font on this machine has the letter \U00010380, so there are boxes in their place: install one, such as"
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"{tmp_path}/a.png: {told}")


def test_a_linear_axis_is_written_in_full():
    with styled():
        axis = new_figure().subplots()
        axis.set_ylim(2.30001, 2.30009)
        plain_axis(axis, "y")
        axis.figure.draw_without_rendering()
    assert [label.get_text() for label in axis.get_yticklabels()][1:3] == ["2.30002", "2.30004"]


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path, monkeypatch):
    read = tmp_path / "runs.svg"
    read.write_text("x")
    check_picture(None, read)
    check_picture(tmp_path / "a.SVG", read)
    with pytest.raises(UsageError, match=r"^fit\.bmp does not end in \.svg, \.pdf, \.png: name the picture so\.$"):
        check_picture(Path("fit.bmp"))
    with pytest.raises(UsageError, match=r"^picture does not end in"):
        check_picture(Path("picture"))
    with pytest.raises(UsageError, match=rf"^--plot {re.escape(str(read))} would overwrite what is read from "):
        check_picture(read, read)
    with pytest.raises(UsageError, match=r"^--out and --plot both name a\.svg: give them different names\.$"):
        check_picture(Path("a.svg"), out=Path("a.svg"))
    with pytest.raises(AdvisorError, match=r"no/a\.svg: there is no such folder\.$"):
        check_picture(tmp_path / "no" / "a.svg")
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    expected = "^--plot needs the package matplotlib, which is not installed: .* -m pip install 'matplotlib"
    with pytest.raises(MissingExtraError, match=expected):
        check_picture(tmp_path / "a.svg")
    with pytest.raises(MissingExtraError, match=r"^A picture needs the package matplotlib"), styled():
        pass
