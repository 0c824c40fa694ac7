"""Compressed files are read whole, or end in a sentence: at whatever byte they stop, and whatever is behind them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import time
import tracemalloc
from collections.abc import Callable

import pytest
import zstandard

from advisor.corpus import compression as compression_room
from advisor.corpus.compression import DamagedFileError, compression_of, decompressed

TEXT = b"".join(b"%d: " % i + random.Random(i).randbytes(9).hex().encode() + b"\n" for i in range(300))
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data),
}


def read(data: bytes, compression: str) -> bytes:
    return decompressed(io.BytesIO(data), compression, "file").read()


@pytest.mark.parametrize("compression", COMPRESS)
def test_a_file_that_stops_anywhere_is_truncated(compression: str) -> None:
    whole = COMPRESS[compression](TEXT)
    assert read(whole, compression) == TEXT
    for end in [*range(4, 60), *range(60, len(whole) - 40, 41), *range(len(whole) - 40, len(whole))]:
        with pytest.raises(DamagedFileError) as caught:
            read(whole[:end], compression)
        assert str(caught.value) == (
            f"file is truncated: it ends at byte {end}, inside its {compression} data; get the whole file."
        )
        with pytest.raises(DamagedFileError, match=f"truncated: it ends at byte {len(whole) + end},"):
            read(whole + whole[:end], compression)


@pytest.mark.parametrize("compression", COMPRESS)
def test_streams_one_after_the_other_are_read_and_what_else_follows_is_named(compression: str) -> None:
    new = COMPRESS[compression]
    parts = [TEXT[start : start + 500] for start in range(0, len(TEXT), 500)]
    whole = b"".join(map(new, parts))
    assert read(whole, compression) == TEXT
    assert read(new(b"") + whole + new(b""), compression) == TEXT
    assert read(new(b""), compression) == b""
    with pytest.raises(DamagedFileError) as caught:
        read(whole + b"garbage", compression)
    assert str(caught.value) == (
        f"file holds something that is not {compression} from byte {len(whole)} on, after whole {compression} data: "
        "b'garbage'; cut it off there, or get the file again."
    )


@pytest.mark.parametrize("compression", COMPRESS)
def test_a_flipped_byte_gives_the_text_or_an_error(compression: str) -> None:
    whole = bytearray(COMPRESS[compression](TEXT))
    n_errors = 0
    for at in range(12, len(whole), 97):
        whole[at] ^= 0x55
        try:
            assert read(bytes(whole), compression) == TEXT
        except DamagedFileError:
            n_errors += 1
        whole[at] ^= 0x55
    assert n_errors > 5


def test_padding_of_zeros_is_no_data() -> None:
    for compression in ("gzip", "xz"):
        whole = COMPRESS[compression](TEXT)
        assert read(whole + b"\0" * 1024 + whole + b"\0" * 4, compression) == TEXT + TEXT


def test_frames_of_other_data_and_unknown_lengths() -> None:
    other = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    stream = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as writer:
        for start in range(0, len(TEXT), 1000):
            writer.write(TEXT[start : start + 1000])
            writer.flush()
    assert read(other + stream.getvalue() + other, "zstd") == TEXT
    with pytest.raises(DamagedFileError, match="truncated"):
        read(other[:-1], "zstd")


def with_window(log: int, data: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=log, enable_ldm=True, hash_log=14, chain_log=14)
    # Of unknown length, so that the window is not narrowed to the data.
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(data) + compressor.flush()


def test_long_windows() -> None:
    assert read(with_window(27, TEXT), "zstd") == TEXT
    with pytest.raises(DamagedFileError) as caught:
        read(with_window(28, TEXT), "zstd")
    assert str(caught.value) == (
        "file is compressed with a zstd window of 256 MB, and windows to 128 MB are read: "
        "pipe it, zstd -dc --long=31 file | advisor score -."
    )


def test_a_dictionary_is_named() -> None:
    dictionary = zstandard.train_dictionary(2048, [TEXT[i : i + 200] for i in range(0, 9000, 50)], dict_id=77)
    data = zstandard.ZstdCompressor(dict_data=dictionary).compress(TEXT)
    with pytest.raises(DamagedFileError, match=r"^file is compressed with the zstd dictionary 77: decompress it first"):
        read(data, "zstd")


@pytest.mark.parametrize("compression", COMPRESS)
def test_what_expands_ten_thousand_times_is_held_a_block_at_a_time(compression: str) -> None:
    data = COMPRESS[compression](b"a" * (1 << 20)) * 64
    tracemalloc.start()
    stream, n_bytes = decompressed(io.BytesIO(data), compression, "file"), 0
    while block := stream.read(1 << 20):
        n_bytes += len(block)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_bytes == 64 << 20
    assert most < 20 << 20


def test_an_ending_that_lies() -> None:
    for data, compression, what in [
        (b"plain text", "gzip", "data: it begins with b'plain te'"),
        (gzip.compress(TEXT, mtime=0), "zstd", "but gzip"),
        (COMPRESS["zstd"](TEXT), "xz", "but zstd"),
    ]:
        with pytest.raises(DamagedFileError) as caught:
            read(data, compression)
        assert str(caught.value) == f"file is not {compression} {what}; give it the ending of what it is."


def test_first_bytes_say_the_compression() -> None:
    assert {name: compression_of(new(TEXT)[:16]) for name, new in COMPRESS.items()} == {name: name for name in COMPRESS}
    assert compression_of(bz2.compress(b"")) == "bzip2"
    assert compression_of(b"\x50\x2a\x4d\x18\0\0\0\0") == "zstd"
    assert [compression_of(head) for head in (b"", b"BZh9 is a name", b"{}", b"PK\x03\x04")] == [None] * 4


def test_an_error_is_not_taken_for_the_end_by_the_next_read() -> None:
    stream = decompressed(io.BytesIO(gzip.compress(TEXT)[:-3]), "gzip", "file")
    for _ in range(2):
        with pytest.raises(DamagedFileError):
            stream.read()


def test_what_expands_without_end_is_told_and_repetitive_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression_room, "_MOST_FREE", 8 << 20)
    logs = b"".join(b"2024-01-01 %08d INFO worker: nothing to do, sleeping for 30 s\n" % i for i in range(150_000))
    assert read(COMPRESS["zstd"](logs), "zstd") == logs
    for name in ("bzip2", "xz", "zstd"):
        data = COMPRESS[name](b"a" * (16 << 20))
        with pytest.raises(
            DamagedFileError,
            match=r"^file expands over 1,000 times, its first [\d,]+ bytes to over 8 MB, which no text does: "
            r"if it is meant, decompress it and name the result\.$",
        ):
            read(data, name)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_members_by_the_hundred_thousand(compression: str) -> None:
    one = COMPRESS[compression](b"a b\n")
    begun = time.process_time()
    assert len(read(one * 100_000, compression)) == 400_000
    assert time.process_time() - begun < 60  # 2 s where nothing else runs
