"""Damaged parquet and arrow files end in one sentence, and never in the end of the interpreter."""

import random
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.corpus.arrow import column
from advisor.corpus.options import CorpusOptions
from advisor.corpus.source import open_corpus
from advisor.errors import AdvisorError, CorpusError
from advisor.untrusted.child import ChildDiedError

TEXTS = [f"line {number} of a text, and what follows it" for number in range(200)]


def arrow_bytes(table: pa.Table, *, stream: bool = False, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    make = pa.ipc.new_stream if stream else pa.ipc.new_file
    with make(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(table)
    return sink.getvalue().to_pybytes()


def contents(path: Path, *, skip_bad: bool = False) -> list[str]:
    corpus = open_corpus(str(path), CorpusOptions(skip_bad=skip_bad), seq_len=32)
    found = [document.content for reader in corpus.readers for document in reader.documents()]
    for reader in corpus.readers:
        list(reader.at([reader.size * tenth / 10 for tenth in range(10)]))
    return found


def sentence(path: Path) -> str:
    with pytest.raises(CorpusError) as caught:
        contents(path)
    return str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
def test_offsets_that_lead_out_of_their_buffer(tmp_path: Path, stream: bool) -> None:
    data = arrow_bytes(pa.table({"text": TEXTS}), stream=stream)
    ends = pa.array(TEXTS).buffers()[1].to_pybytes()[:804]
    path = tmp_path / "a.arrow"
    path.write_bytes(data.replace(ends, ends[:400] + b"\xff\xff\xff\x7f" + ends[404:]))
    assert sentence(path) == f"Record batch 0 of {path} cannot be read as arrow: a row ends before it begins."
    path.write_bytes(data.replace(ends, ends[:-4] + b"\xff\xff\xff\x7f"))
    assert sentence(path) == f"Record batch 0 of {path} cannot be read as arrow: a value leads out of its buffer."


@pytest.mark.parametrize("left", [4, 8, 0.5, -1])
def test_a_parquet_file_that_is_cut(tmp_path: Path, left: float) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": TEXTS}), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(left * len(data)) if isinstance(left, float) else left])
    cut = f"{path} is truncated: it begins as a parquet file and does not end as one; get the whole file."
    # Four bytes are both its beginning and its end.
    assert sentence(path) == cut if left != 4 else "cannot be read as a parquet file" in sentence(path)
    path.write_bytes(b"no" + data[2:-2])
    assert f"{path} cannot be read as a parquet file" in sentence(path)


def test_indices_that_lead_out_of_their_dictionary(tmp_path: Path) -> None:
    indices = pa.array([0, 1] * 100, pa.int32())
    table = pa.table({"text": pa.DictionaryArray.from_arrays(indices, ["the one text", "and the other"])})
    stored = indices.buffers()[1].to_pybytes()[:800]
    path = tmp_path / "a.arrow"
    path.write_bytes(arrow_bytes(table).replace(stored, stored[:400] + b"\0\0\0\x70" * 100))
    assert "ictionary ind" in sentence(path)
    assert sentence(path).endswith(".")


def test_a_death_of_the_child_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": TEXTS}), path, row_group_size=100)
    real = column.borrowed

    class Dying:
        def __init__(self, child):
            self.child = child

        def parts(self, function, *rest):
            if function == "slices":
                raise ChildDiedError("SIGSEGV")
            yield from self.child.parts(function, *rest)

    @contextmanager
    def borrowed(module, **options):
        with real(module, **options) as child:
            yield Dying(child)

    monkeypatch.setattr(column, "borrowed", borrowed)
    assert sentence(path) == (
        f"{path} cannot be read: pyarrow ended with SIGSEGV in row group 0, so the file is damaged or made to do that; "
        "write it again from its source."
    )


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_row_that_is_not_utf8_is_an_error_or_left_out(tmp_path: Path, kind: str) -> None:
    texts = pa.array([*(text.encode() for text in TEXTS), "déjà vu".encode("latin-1")]).view(pa.string())
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"text": texts}), path)
    else:
        path.write_bytes(arrow_bytes(pa.table({"text": texts})))
    assert sentence(path) == f"Row 200 of {path}: its 'text' is not UTF-8; --skip-bad leaves such rows out."
    assert contents(path, skip_bad=True) == TEXTS


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_column_name_that_is_not_utf8(tmp_path: Path, kind: str) -> None:
    path, table = tmp_path / f"a.{kind}", pa.table({"text": TEXTS, "xxxxnote": TEXTS})
    if kind == "parquet":
        pq.write_table(table, path, store_schema=False)
    else:
        path.write_bytes(arrow_bytes(table))
    path.write_bytes(path.read_bytes().replace(b"xxxxnote", b"\xe9\xe9\xe9\xe9note"))
    assert sentence(path) == f"{path} has a column whose name is not UTF-8: write it again with another name."


def test_a_value_that_is_larger_than_memory_is_one_sentence(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 1000, pa.int32()), ["x" * (2 << 20)])
    path = tmp_path / "bomb.arrow"
    path.write_bytes(arrow_bytes(pa.table({"text": texts}), compression="zstd"))
    assert path.stat().st_size < 100_000
    assert sentence(path).startswith((f"{path} cannot be read", f"Record batch 0 of {path} cannot be read"))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"text": ["a few words", "x" * (220 << 20)]}), path, compression="zstd")
    assert sentence(path) == (
        f"{path} cannot be read as a parquet file: a value or page of it needs over 320 MB at once, the most "
        "that it is given: if it is not damaged, write it with shorter values and smaller pages (data_page_size, "
        "row_group_size)."
    )


def test_mutants_are_read_or_refused(tmp_path: Path) -> None:
    rng = random.Random(0)
    tables = [
        pa.table({"text": TEXTS}),
        pa.table({"input_ids": [[number, 3, 1] for number in range(200)]}),
        pa.table({"text": pa.array(TEXTS).dictionary_encode()}),
        pa.table({"text": pa.array(TEXTS, pa.string_view())}),
    ]
    files = [arrow_bytes(table, stream=stream) for table in tables for stream in (False, True)]
    path, n_refused = tmp_path / "a.arrow", 0
    for _ in range(60):
        data = bytearray(rng.choice(files))
        for _ in range(4):
            data[rng.randrange(len(data))] = rng.choice((0, 0x7F, 0xFF))
        path.write_bytes(data)
        n_refused += "\n" not in refusal(path)
    assert 10 < n_refused < 60


def refusal(path: Path) -> str:
    """Return the sentence with which a file is refused; a line end where it is read."""
    try:
        contents(path)
    except AdvisorError as error:
        return str(error)
    return "\n"
