"""Make the corpora of ``text_corpora.py`` from Debian packages: one NAME.jsonl each, and a manifest.

python docs/make_text_corpora.py FOLDER [--only NAME ...]

It downloads the packages to FOLDER/packages (apt-get and dpkg-deb, no root; what is there is not downloaded again),
reads them where they are and writes FOLDER/NAME.jsonl, one line {"text", "path"} a document, and FOLDER/manifest.json.
Nothing of the packages is run. Which documents a corpus has is decided by these rules alone:

- A file is a document: its text, of man pages and sources as it is, of HTML where a corpus asks for it without tags.
- Left out are files that are no UTF-8 or hold a NUL, links, empty ones, those of over MOST_BYTES (or cut, where the
  corpus asks for it), and of code those that say they are generated and those with a line of over LONGEST_LINE.
- Of files of the same text (by SHA-256) one is kept, the first by package and path.
- Of what is left the documents are taken in the order of their SHA-256, so at random, until there are CORPUS_BYTES.

Texts stay under the licences of their packages: /usr/share/doc/PACKAGE/copyright in each. None is in this repository;
data/calibrations/subword/corpora.json is the manifest of those that were trained on, and what comes out otherwise is
said at the end.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import hashlib
import io
import json
import lzma
import re
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from html_text import text_of
from text_corpora import CORPORA, Corpus, Part

MOST_BYTES = 1_000_000
CORPUS_BYTES = 80_000_000
LONGEST_LINE = 2_000
GENERATED = re.compile(
    r"@generated|(auto\S{0,12}|machine)[- ]generated|generated (by|from|automatically)|do not (edit|modify)", re.I
)
HEAD = 1_000  # characters in which a file says that it is generated
KNOWN = Path(__file__).resolve().parent.parent / "data" / "calibrations" / "subword" / "corpora.json"
_OPENERS = {".gz": gzip.decompress, ".bz2": bz2.decompress}


def download(packages: set[str], folder: Path) -> dict[str, Path]:
    """Return the file of every package, downloaded where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = sorted(name for name in packages if not list(folder.glob(f"{name}_*.deb")))
    if missing:
        done = subprocess.run(["apt-get", "download", "-q", *missing], cwd=folder, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit("apt-get downloaded nothing, for the reason above: mend that, and rerun.")
    return {name: sorted(folder.glob(f"{name}_*.deb"))[-1] for name in sorted(packages)}


def version_of(package: Path) -> str:
    """Return the version that a package says it has."""
    shown = subprocess.run(["dpkg-deb", "-f", str(package), "Version"], check=True, capture_output=True, text=True)
    return shown.stdout.strip()


def files_of(package: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file of a package, and of the archives in it; links are none."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield from _of_tar(process.stdout, "")
    if process.returncode:
        raise SystemExit(f"{package} cannot be read: dpkg-deb ended with {process.returncode}; remove it and rerun.")


def _of_tar(stream: IO[bytes], prefix: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if not member.isfile():
                continue
            path = prefix + member.name.removeprefix("./")
            opened = archive.extractfile(member)
            assert opened is not None
            if path.endswith(".tar.xz"):
                with lzma.open(opened) as inner:
                    yield from _of_tar(inner, f"{path}/")
            elif path.endswith((".zip", ".jar")):
                yield from _of_zip(opened.read(), f"{path}/")
            else:
                yield path, opened.read()


def _of_zip(content: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from ((prefix + one.filename, archive.read(one)) for one in archive.infolist() if not one.is_dir())
    except zipfile.BadZipFile:  # some packages have a file of this name that is none
        return


def decoded(path: str, content: bytes) -> str | None:
    """Return the text of a file, decompressed; None if it is no UTF-8 text."""
    opener = _OPENERS.get(Path(path).suffix)
    try:
        text = (opener(content) if opener else content).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def documents(corpus: Corpus, path: str, content: bytes, left_out: Counter[str]) -> Iterator[str]:
    """Yield the documents of a file; why it has none is counted in ``left_out``."""
    text = decoded(path, content)
    reason = "not UTF-8 text" if text is None else _reason(corpus, text)
    if text is None or reason:
        left_out[reason] += 1
    elif len(text.encode()) > MOST_BYTES:
        yield from _cut(text)
    else:
        yield text_of(text) if corpus.tagless and re.search(r"\.(html|page)(\.gz)?$", path) else text


def _reason(corpus: Corpus, text: str) -> str:
    if not text.strip():
        return "empty"
    if not corpus.cut and len(text.encode()) > MOST_BYTES:
        return f"over {MOST_BYTES:,} bytes"
    if corpus.code and GENERATED.search(text[:HEAD]):
        return "generated"
    if corpus.code and max(map(len, text.splitlines())) > LONGEST_LINE:
        return f"a line of over {LONGEST_LINE:,} characters"
    return ""


def _cut(text: str) -> Iterator[str]:
    """Yield consecutive pieces of at most MOST_BYTES that end with a line."""
    piece: list[str] = []
    n_bytes = 0
    for line in text.splitlines(keepends=True):
        n_bytes += len(line.encode())
        if piece and n_bytes > MOST_BYTES:
            yield "".join(piece)
            piece, n_bytes = [], len(line.encode())
        piece.append(line)
    yield "".join(piece)


def collected(corpus: Corpus, packages: dict[str, Path], left_out: Counter[str]) -> dict[str, tuple[str, str]]:
    """Return {SHA-256: (path, text)} of a corpus's documents, each text once."""
    found: dict[str, tuple[str, str]] = {}
    for part in corpus.parts:
        for name in part.packages:
            for path, content in sorted(_wanted(part, packages[name])):
                for text in documents(corpus, path, content, left_out):
                    digest = hashlib.sha256(text.encode()).hexdigest()
                    left_out["the same text as another"] += digest in found
                    found.setdefault(digest, (f"{name}:{path}", text))
    return found


def _wanted(part: Part, package: Path) -> Iterator[tuple[str, bytes]]:
    wanted = re.compile(part.files)
    return ((path, content) for path, content in files_of(package) if wanted.search(f"/{path}"))


def write(corpus: Corpus, packages: dict[str, Path], folder: Path) -> dict[str, Any]:
    """Write a corpus's documents; return what the manifest says of it."""
    left_out: Counter[str] = Counter()
    found = collected(corpus, packages, left_out)
    n_bytes = n_documents = 0
    whole = hashlib.sha256()
    with (folder / f"{corpus.name}.jsonl").open("wb") as out:
        for digest in sorted(found):
            path, text = found[digest]
            size = len(text.encode())
            if n_bytes + size > CORPUS_BYTES:
                left_out["beyond the corpus's size"] += 1
                continue
            line = json.dumps({"text": text, "path": path}, ensure_ascii=False).encode() + b"\n"
            out.write(line)
            whole.update(line)
            n_bytes, n_documents = n_bytes + size, n_documents + 1
    names = sorted({name for part in corpus.parts for name in part.packages})
    return {
        "n_documents": n_documents,
        "n_bytes": n_bytes,
        "sha256": whole.hexdigest(),
        "left_out": {reason: count for reason, count in sorted(left_out.items()) if count},
        "packages": {name: version_of(packages[name]) for name in names},
        "files": {" ".join(part.packages): part.files for part in corpus.parts},
        "licences": "/usr/share/doc/PACKAGE/copyright in each package",
    }


def main() -> None:
    """Make the corpora that are asked for, or all, and the manifest of all that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=[corpus.name for corpus in CORPORA])
    asked = parser.parse_args()
    chosen = [corpus for corpus in CORPORA if corpus.name in asked.only]
    packages = download(
        {name for corpus in chosen for part in corpus.parts for name in part.packages}, asked.folder / "packages"
    )
    manifest = asked.folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    known = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    for corpus in chosen:
        entry = entries[corpus.name] = write(corpus, packages, asked.folder)
        manifest.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        differs = corpus.name in known and known[corpus.name]["sha256"] != entry["sha256"]
        said = "  not what was trained on: see the versions of its packages" if differs else ""
        print(
            f"{corpus.name:12s}{entry['n_documents']:8,} documents {entry['n_bytes'] / 1e6:6.1f} MB{said}", flush=True
        )


if __name__ == "__main__":
    main()
