"""The bytes of a table, decompressed, and what their first ones say that it is; its text, decoded."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from advisor.corpus.compression import compression_of, decompressed
from advisor.errors import CorpusError, RunsError, asked_wrongly

# A table has a row a run: this is over 50,000 of them. As rows of Python objects it takes some 25 times as much.
MOST_BYTES = 8 << 20
_MARKS = (
    *((codecs.BOM_UTF8, "utf-8-sig", None), (codecs.BOM_UTF32_LE, "utf-32", "UTF-32")),
    *((codecs.BOM_UTF16_LE, "utf-16", "UTF-16"), (codecs.BOM_UTF16_BE, "utf-16", "UTF-16")),
)


def bytes_of(path: Path) -> bytes:
    """Return what a file holds, decompressed where its first bytes say gzip, bzip2, xz or zstd, whatever its name.

    Raises:
        RunsError: it is no file, cannot be read, is torn or too large, or is a format that must be converted first.
    """
    if not path.is_file():
        raise asked_wrongly(RunsError(f"{path} is not a file; give a table of runs (csv, json, jsonl or parquet)."))
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _too_large(path)
        data = path.read_bytes()
    except OSError as error:
        raise RunsError(f"{path} cannot be read ({error.strerror or error}).") from None
    compression = compression_of(data[:16])
    if compression is not None:
        data = _decompressed(path, data, compression)
    _refuse_other_formats(path, data)
    return data


def _decompressed(path: Path, data: bytes, compression: str) -> bytes:
    try:
        found = decompressed(io.BytesIO(data), compression, str(path)).read(MOST_BYTES + 1)
    except CorpusError as error:
        raise RunsError(str(error)) from None
    if len(found) > MOST_BYTES:
        raise _too_large(path)
    return found


def _too_large(path: Path) -> RunsError:
    return RunsError(
        f"{path} holds over {MOST_BYTES >> 20} MB, and a table of runs has one row a run: keep the last of each."
    )


def _refuse_other_formats(path: Path, data: bytes) -> None:
    """Raise RunsError for a spreadsheet or an archive, with the command that makes a table of it."""
    if data.startswith(b"PK\x03\x04"):
        if b"xl/workbook" in data or b"opendocument.spreadsheet" in data:
            raise _spreadsheet(path)
        raise RunsError(f"{path} is a zip archive: `unzip {path}` it, and name the table that was in it.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _spreadsheet(path)
    if data.startswith((b"ARROW1", b"FEA1")):
        raise RunsError(
            f'{path} is an Arrow (Feather) file: convert it with python -c "import pandas; '
            f"pandas.read_feather('{path}').to_parquet('{path.stem}.parquet')\"."
        )
    if data.startswith(b"\x80") and path.suffix.lower() in (".pkl", ".pickle"):
        raise RunsError(f"{path} is a pickle, which is never loaded: write the table with DataFrame.to_csv.")


def _spreadsheet(path: Path) -> RunsError:
    return RunsError(f"{path} is a spreadsheet: convert it with `libreoffice --headless --convert-to csv {path}`.")


def decoded(path: Path, data: bytes) -> tuple[str, str | None]:
    """Return a table's text, without a byte-order mark, and the name of its encoding where it is not UTF-8.

    Raises:
        RunsError: it is neither UTF-8 nor UTF-16 or UTF-32 with a mark, or it is binary.
    """
    encoding, name = next(((own, name) for mark, own, name in _MARKS if data.startswith(mark)), _unmarked(data))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise RunsError(f"{path} is not {name or 'UTF-8'} text (byte {error.start}): save it as UTF-8.") from None
    if "\0" in text:
        raise RunsError(f"{path} is no table: there is a NUL byte in it at {text.index(chr(0))}.")
    return text, name


def _unmarked(data: bytes) -> tuple[str, str | None]:
    """Return the encoding of text without a mark: a header in UTF-16 has a NUL in every other byte."""
    if data[1:4:2] == b"\0\0" and b"\0" not in data[0:4:2]:
        return "utf-16-le", "UTF-16"
    if data[0:4:2] == b"\0\0" and b"\0" not in data[1:4:2]:
        return "utf-16-be", "UTF-16"
    return "utf-8", None
