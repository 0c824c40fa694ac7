"""Archives: their text files are documents, or their samples are; what is not read is said in bytes."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus.archives.archive import archive_reader
from advisor.corpus.corpus_file import CorpusFile
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.tally import Tally
from advisor.errors import CorpusError
from tests.corpus.token_files.writing import place

TEXTS = [f"Chapter {i}. " + "The river rose in the night. " * (i % 7) for i in range(60)]


def write_tar(path: Path, members: dict[str, bytes], *, mode: str = "w", format: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=format) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def read(
    path: Path, *, tally: Tally | None = None, column: str | None = None, named: bool = True, **said: object
) -> list[str | list[int]]:
    """Return the documents of an archive."""
    compression = {".gz": "gzip", ".xz": "xz", ".bz2": "bzip2"}.get(path.suffix)
    format = "zip" if path.suffix == ".zip" else "tar"
    file = CorpusFile(place=place(path), format=format, compression=compression, named=named)
    options = CorpusOptions(column=column, ids=IdOptions(**said))  # type: ignore[arg-type]
    reader = archive_reader(file, options, 64, tally if tally is not None else Tally())
    return [doc.content if isinstance(doc.content, str) else doc.content.tolist() for doc in reader.documents()]


def refused(path: Path, **said: object) -> str:
    with pytest.raises(CorpusError) as caught:
        read(path, **said)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{path.parent}/", "")


BOOK = {f"book/chapter-{i:03}.txt": text.encode() for i, text in enumerate(TEXTS)}


@pytest.mark.parametrize("name", ["b.tar", "b.tar.gz", "b.tar.xz", "b.tar.bz2", "b.zip"])
def test_each_text_file_is_a_document(tmp_path, name):
    path = tmp_path / name
    if name == "b.zip":
        write_zip(path, BOOK)
    else:
        write_tar(path, BOOK, mode=f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w")
    tally = Tally()
    assert read(path, tally=tally) == TEXTS
    found = [(each.format, each.column, each.type) for each in tally.columns]
    assert found == [("zip" if name == "b.zip" else "tar", None, "text files")]
    assert tally.left_out == ()


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_sizes_of_every_kind_of_tar(tmp_path, format):
    folder = "/".join(["a-long-folder-name"] * (8 if format != tarfile.USTAR_FORMAT else 5))
    members = {f"{folder}/{'n' * 90}{i}.txt": text.encode() for i, text in enumerate(TEXTS)}
    tally = Tally()
    assert read(write_tar(tmp_path / "b.tar", members, format=format), tally=tally) == TEXTS


def test_what_is_no_text_is_said_in_bytes(tmp_path):
    members = {
        **BOOK,
        **{"book/cover.jpg": b"\xff\xd8" * 500, "book/table.csv": b"a,b\n1,2\n", "book/more.tar": b"x" * 700},
        **{"book/old.txt.gz": b"y" * 30, "book/.git/config.txt": b"z" * 11, "book/latin.txt": b"caf\xe9 " * 9},
        **{"book/empty.txt": b""},
    }
    for path in (write_tar(tmp_path / "b.tar", members), write_zip(tmp_path / "b.zip", members)):
        tally = Tally()
        assert read(path, tally=tally) == TEXTS
        assert {each.reason: (each.n, each.n_bytes) for each in tally.left_out} == {
            "files of another type in archives": (1, 1000.0),
            "csv files in archives (unpack them to read them)": (1, 8.0),
            "archives in archives": (1, 700.0),
            "compressed files in archives": (1, 30.0),
            "hidden files and caches in archives": (1, 11.0),
            "files that are binary or not UTF-8 in archives": (1, 45.0),
            "empty files": (1, 0.0),
        }
        assert tally.left_out[0].largest == (f"{path}/book/cover.jpg",)


def test_an_archive_without_text_that_is_named_is_refused(tmp_path):
    assert refused(write_zip(tmp_path / "b.zip", {"a.jpg": b"x", "b.jpg": b"y"})) == (
        "b.zip holds no file of text that is read: unpack it, and name what is in it."
    )


@pytest.mark.parametrize("cut", [700, 511, 512, 100])
def test_a_tar_that_is_cut_is_refused(tmp_path, cut):
    path = write_tar(tmp_path / "b.tar", BOOK)
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole[:-cut])
    assert "is truncated: it ends at byte" in refused(path)
    packed = tmp_path / "b.tar.gz"
    packed.write_bytes(gzip.compress(whole[:-cut]))
    assert "is truncated: it ends at byte" in refused(packed)
    packed.write_bytes(gzip.compress(whole)[:-cut])
    assert "b.tar.gz is truncated" in refused(packed)


def test_a_tar_cut_between_members_is_refused(tmp_path):
    """Where Python's tarfile ends in silence."""
    path = write_tar(tmp_path / "b.tar", {"a.txt": b"x" * 512, "b.txt": b"y" * 512})
    path.write_bytes(path.read_bytes()[:1024])
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["a.txt"]
    assert refused(path) == ("b.tar is truncated: it ends at byte 1,024 without the empty blocks that end a tar.")


def test_two_tars_in_one_file_are_both_read(tmp_path):
    """Where Python's tarfile ends in silence."""
    path = write_tar(tmp_path / "b.tar", {"a.txt": b"one"})
    path.write_bytes(path.read_bytes() * 2)
    assert read(path) == ["one", "one"]


def test_a_damaged_tar_is_refused(tmp_path):
    path = write_tar(tmp_path / "b.tar", BOOK)
    data = bytearray(path.read_bytes())
    data[1024 + 148] ^= 0xFF  # the checksum of the second member
    path.write_bytes(data)
    assert refused(path).startswith("b.tar is no tar, or damaged at byte 1,024")


def samples(**parts: object) -> dict[str, bytes]:
    """Return the members of WebDataset samples with these parts, each a function of the sample's number."""
    return {f"part/{i:05}.{part}": make(i) for i in range(60) for part, make in parts.items()}  # type: ignore[operator]


def as_npy(i: int) -> bytes:
    data = io.BytesIO()
    np.save(data, np.arange(i, i + 5, dtype="uint16"))
    return data.getvalue()


def test_webdataset(tmp_path):
    parts = {"jpg": lambda i: b"\xff\xd8" * 50, "json": lambda i: json.dumps({"url": "u", "n": i}).encode()}
    path = write_tar(tmp_path / "000.tar", samples(txt=lambda i: TEXTS[i].encode(), npy=as_npy, **parts))
    tally = Tally()
    assert read(path, tally=tally) == TEXTS
    assert [(each.format, each.column) for each in tally.columns] == [("tar", "txt")]
    assert [(each.reason, each.n, each.n_bytes) for each in tally.left_out] == [(".jpg parts of samples", 60, 6000.0)]
    assert read(path, column="npy") == [list(range(i, i + 5)) for i in range(60)]
    assert read(path, column="url") == ["u"] * 60
    assert refused(path, column="cls").startswith("000.tar has no column 'cls': its columns are")


def test_webdataset_of_records_and_of_ids(tmp_path):
    path = write_tar(tmp_path / "a.tar", samples(json=lambda i: json.dumps({"text": TEXTS[i], "n": i}).encode()))
    assert read(path) == TEXTS
    path = write_tar(tmp_path / "b.tar", samples(npy=as_npy))
    assert read(path, eos_id=4)[0] == [0, 1, 2, 3]
    assert refused(path, vocab_size=60) == (
        "Sample part/00056 of b.tar, read as int64, has the id 60 at place 4, and the vocabulary has 60 ids: say what "
        "type they have with --dtype, or whose they are with --tokenizer or --vocab-size."
    )


def test_a_sample_without_the_column(tmp_path):
    members = samples(txt=lambda i: TEXTS[i].encode(), cls=lambda i: b"1")
    del members["part/00030.txt"]
    assert refused(write_tar(tmp_path / "a.tar", members)) == (
        "Sample part/00030 of a.tar has no usable 'txt'; --skip-bad leaves it out."
    )


def test_sources_with_headers_are_files_and_not_samples(tmp_path):
    members = {}
    for i in range(20):
        members |= {f"src/m{i}.c": b"int a;", f"src/m{i}.h": b"int b;"}
    assert read(write_tar(tmp_path / "a.tar", members)) == ["int a;", "int b;"] * 20


def test_an_encrypted_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "b.zip", {"a.txt": b"hello"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "b.zip is encrypted: unpack it with its password, and name the folder."


def test_a_zip_that_is_cut_or_damaged_is_refused(tmp_path):
    path = write_zip(tmp_path / "b.zip", BOOK)
    whole = path.read_bytes()
    path.write_bytes(whole[:-200])
    assert refused(path).startswith("b.zip is not a zip file, or it is truncated:")
    data = bytearray(whole)
    data[60] ^= 0xFF
    path.write_bytes(data)
    assert refused(path).startswith("b.zip is damaged:")
    data = bytearray(whole)
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 99
    path.write_bytes(data)
    assert refused(path) == "b.zip cannot be unpacked: That compression method is not supported."


def test_a_zip_that_says_it_holds_more_than_can_be_is_refused(tmp_path):
    path = write_zip(tmp_path / "b.zip", {"a.txt": b"x" * 1000})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, (1 << 32) - 2)
    path.write_bytes(data)
    assert refused(path) == (
        f"b.zip says that its {len(data):,} bytes hold {(1 << 32) - 2:,}, more than can be: it is not read."
    )


def test_a_tar_ends_after_two_empty_blocks(tmp_path):
    path = write_tar(tmp_path / "x.tar", {"a.txt": b"The river rose."})
    with path.open("r+b") as file:
        file.truncate(8 << 20)
    assert read(path) == ["The river rose."]
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # a hole: no more than its beginning is read
    assert refused(path) == (
        "x.tar holds over 16 MB of empty blocks before byte 16,778,752, and a tar ends with two: it is damaged, or a "
        "file that was made and never filled; get it again."
    )


def test_a_zip_whose_list_is_not_where_its_end_says(tmp_path):
    path = write_zip(tmp_path / "x.zip", {"a.txt": b"The river rose."})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\5\6")
    data[at + 16 : at + 20] = (0x7FFFFFFF).to_bytes(4, "little")
    path.write_bytes(data)
    assert refused(path) == (
        "x.zip is damaged: the list of its members says that 'a.txt' begins before the file does; get it again."
    )
