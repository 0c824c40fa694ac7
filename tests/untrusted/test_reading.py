"""Bounded files, names that become files, and the errors of parsing libraries."""

import os
from pathlib import Path

import pytest

from advisor.errors import CorpusError, LawError
from advisor.json_fields import read_json
from advisor.untrusted.reading import bounded_bytes, check_name, name_problem, parsing


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "invalid byte"), "'utf-8' codec can't decode"),
        (RecursionError("maximum recursion depth exceeded"), "maximum recursion depth exceeded"),
        (SystemError("null argument"), "null argument"),
        (MemoryError(), "it asks for more memory than there is"),
        (IndexError(), "IndexError"),
    ],
)
def test_whatever_a_library_raises_is_one_of_our_errors_with_the_place(raised, said):
    with pytest.raises(CorpusError) as caught, parsing("x.arrow", "an arrow file", CorpusError):
        raise raised
    assert str(caught.value).startswith("x.arrow cannot be read as an arrow file: ")
    assert said in str(caught.value)


def test_a_bound_of_ours_that_was_met_is_said():
    with (
        pytest.raises(CorpusError) as caught,
        parsing("x.arrow", "an arrow file", CorpusError, too_large="it needs over 320 MB"),
    ):
        raise MemoryError
    assert str(caught.value) == "x.arrow cannot be read as an arrow file: it needs over 320 MB."


def test_a_panic_of_rust_is_one_too():
    panic = type("PanicException", (BaseException,), {})
    with pytest.raises(CorpusError, match=r"^t\.json cannot be read as a tokenizer: index out of bounds\.$"):  # noqa: SIM117
        with parsing("t.json", "a tokenizer", CorpusError):
            raise panic("index out of bounds\nnote: run with RUST_BACKTRACE=1")


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), SystemExit(3), LawError("Ours.")])
def test_what_ends_the_program_and_what_is_ours_pass(raised):
    with pytest.raises(type(raised)) as caught, parsing("x", "text", CorpusError):
        raise raised
    assert caught.value is raised


def test_a_device_without_end_is_read_to_the_bound():
    with pytest.raises(LawError, match=r"^/dev/zero holds over 8 MB: it is not one of advisor's files\.$"):
        read_json(Path("/dev/zero"), LawError)


def test_a_pipe_is_read_where_it_is_named_and_refused_where_it_is_found(tmp_path):
    pipe = tmp_path / "x.json"
    os.mkfifo(pipe)
    with pytest.raises(LawError, match=r"x\.json is not a regular file: remove it\.$"):
        bounded_bytes(pipe, 100, LawError, regular=True)
    writer = os.open(pipe, os.O_RDWR)  # holds both ends: nothing blocks
    os.write(writer, b"0123456789")
    with pytest.raises(LawError, match=r"holds over 5 bytes"):
        bounded_bytes(pipe, 5, LawError)
    os.close(writer)


def test_the_bound_itself_is_allowed(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert bounded_bytes(path, 5, LawError) == b"12345"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", "a\nb", ".hidden", "-rf", " x", "x ", "é" * 101, "\x1b[31m"]
)
def test_a_name_that_leads_out_or_is_no_files_is_refused(name):
    assert name_problem(name) is not None
    with pytest.raises(CorpusError, match=r"^A source of plan\.json cannot be called .*: it would name a file, and it"):
        check_name(name, "A source of plan.json", CorpusError)


@pytest.mark.parametrize("name", ["code", "A6", "wiki.en", "日本語", "a b", "x-1_2", "é" * 100])
def test_a_plain_name_is_allowed(name):
    assert check_name(name, "A source", CorpusError) == name
