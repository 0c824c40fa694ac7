"""Files of a web server: what is fetched of them, and one sentence for everything that fails."""

import gzip
import json
import random
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.corpus.options import CorpusOptions
from advisor.corpus.remote import bounds, web
from advisor.corpus.source import open_corpus
from advisor.errors import RemoteError, UsageError
from tests.corpus.reading import contents, profile, sentence
from tests.corpus.web_server import Served, Web

pytestmark = pytest.mark.usefixtures("quick")

TEXTS = [f"document {number} of words and more words" for number in range(20)]
LINES = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS).encode()


def test_a_file_is_read_whole_or_by_ranges_with_what_its_name_says(server: Web, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "a.parquet")
    server.files |= {
        "/a.jsonl": Served(data=LINES),
        "/a.jsonl.gz": Served(data=gzip.compress(LINES)),
        "/a.parquet": Served(data=(tmp_path / "a.parquet").read_bytes()),
        "/unnamed": Served(data=(tmp_path / "a.parquet").read_bytes()),
        "/no-ranges.jsonl": Served(data=LINES, ranges=False),
        "/no-length.jsonl": Served(data=LINES, ranges=False, length=False),
    }
    for path in server.files:
        assert contents(server.address + path) == TEXTS, path


def test_a_large_file_is_fetched_where_draws_fall_and_measured_as_a_local_one(server: Web, tmp_path: Path) -> None:
    rng = random.Random(1)
    words = [str(rng.random()) for _ in range(500)]
    lines = [json.dumps({"text": " ".join(rng.choices(words, k=100))}) + "\n" for _ in range(37_000)]
    data = "".join(lines).encode()
    assert len(data) > 64 << 20
    (tmp_path / "a.jsonl").write_bytes(data)
    server.files["/a.jsonl"] = Served(data=data)
    remote, local = profile(f"{server.address}/a.jsonl"), profile(tmp_path / "a.jsonl")
    assert remote.compressibility == local.compressibility
    assert remote.estimated_tokens == local.estimated_tokens
    assert server.n_requests < 400
    assert server.n_sent < 8e6


def test_large_row_groups_are_read_at_their_beginning_and_that_is_said(
    server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(1)
    letters = "".join(rng.choices("abcdefgh ", k=500_000))
    texts = [letters[start : start + 3000] for start in (rng.randrange(497_000) for _ in range(8000))]
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": texts}), path, row_group_size=4000, use_dictionary=False, compression="none")
    server.files["/a.parquet"] = Served(data=path.read_bytes())
    monkeypatch.setattr("advisor.corpus.sampling._READ_WHOLE", 0)
    monkeypatch.setattr(bounds, "_OF_ROW_GROUPS", 2 << 20)
    source = f"{server.address}/a.parquet"
    whole = profile(path)
    server.n_sent = 0
    found = profile(source)
    assert found.estimated_tokens == pytest.approx(whole.estimated_tokens, rel=0.01)
    assert server.n_sent < path.stat().st_size * 0.4
    corpus = open_corpus(source, CorpusOptions(), seq_len=64)
    assert [caution.message for caution in corpus.tally.cautions] == [
        "2 of 2 row groups have 12 MB of the column on average, and what was drawn from them lies in the first 1 MB of "
        "each: download the files to have all of their rows drawn from."
    ]
    rows = {
        passage.key[1]
        for number, reader in enumerate(corpus.readers)
        for passage in reader.at([reader.size * part / 10 for part in range(10)])  # type: ignore[operator, attr-defined]
        if passage is not None
    }
    assert len(rows) == 20
    assert max(rows) < 4000 + 500


@pytest.mark.parametrize(
    ("served", "sentence_of"),
    [
        (None, "There is no <file> (HTTP 404): check its spelling, and the bucket's or host's."),
        (
            Served(status=403),
            "<file> may not be read (HTTP 403); a signed address may have expired, and one that needs a log-in can be "
            "downloaded first.",
        ),
        (
            Served(status=429, headers={"Retry-After": "300"}),
            "<file> cannot be read: the server refuses more requests for now (HTTP 429); wait 300 s.",
        ),
        (Served(status=503), "<file> cannot be read: the server failed (HTTP 503); try again later."),
        (Served(data=b""), "<file> is empty."),
        (Served(data=b"", ranges=False), "<file> is empty."),
        (
            Served(silent=True),
            "<file> could not be read within 1.2 s: the server is silent or too slow; try again, or download it.",
        ),
        (
            Served(data=LINES, ranges=False, slow=True),
            "<file> could not be read within 1.2 s: the server is silent or too slow; try again, or download it.",
        ),
        (
            Served(data=LINES, slow=True),
            "<file> could not be read within 1.2 s: the server is silent or too slow; try again, or download it.",
        ),
        (
            Served(data=LINES, headers={"Content-Type": "text/html; charset=utf-8"}),
            "<file> is a web page (text/html) and not a file: it may ask for a log-in, list files, or show the file, "
            "whose own address has /resolve/ or /raw/ in place of /blob/.",
        ),
        (
            Served(data=LINES, headers={"Content-Encoding": "br"}),
            "<file> is served with Content-Encoding br, which hides its stored bytes: download it (curl --compressed) "
            "and name the file.",
        ),
        (
            Served(status=302, headers={"Location": "/a.jsonl"}),
            "<file> cannot be read (TooManyRedirects: Exceeded 30 redirects); a signed address may have expired, and "
            "one that needs a log-in can be downloaded first.",
        ),
    ],
)
def test_what_fails_is_one_sentence_in_bounded_time(server: Web, served: Served | None, sentence_of: str) -> None:
    if served is not None:
        server.files["/a.jsonl"] = served
    start = time.monotonic()
    said = sentence(f"{server.address}/a.jsonl")
    assert said == sentence_of.replace("<file>", f"{server.address}/a.jsonl")
    assert time.monotonic() - start < 4


def test_a_large_file_without_ranges_is_refused_before_it_is_fetched(server: Web) -> None:
    server.files["/a.jsonl"] = Served(data=lambda start, end: b"x" * (end - start), n_bytes=100 << 20, ranges=False)
    assert sentence(f"{server.address}/a.jsonl") == (
        f"The server of {server.address}/a.jsonl gives no ranges of it, and it has 105 MB: download it and name the "
        "file, or pipe it: curl -sL ADDRESS | advisor score - (a compressed one through zcat or zstdcat)."
    )
    assert server.n_sent < 8 << 20  # what the sockets hold


def test_a_failure_that_passes_is_tried_again(server: Web) -> None:
    server.files["/a.jsonl"] = Served(data=LINES, status=503, failing=2)
    assert contents(f"{server.address}/a.jsonl") == TEXTS


def test_a_body_that_is_cut_and_a_file_that_changes_are_told(server: Web) -> None:
    server.files["/a.jsonl"] = Served(data=LINES, cut=True)
    assert sentence(f"{server.address}/a.jsonl").startswith(f"{server.address}/a.jsonl cannot be read: the connection")
    more = LINES * (1 + (4 << 20) // len(LINES))  # beyond what is kept of the file's beginning
    server.files["/a.jsonl"] = Served(data=more)
    corpus = open_corpus(f"{server.address}/a.jsonl", CorpusOptions(), seq_len=64)
    server.files["/a.jsonl"] = Served(data=more + LINES)
    with pytest.raises(RemoteError, match=r"^http://\S+ has changed, or its server gives other ranges than it is ask"):
        list(corpus.readers[0].documents())


def test_a_redirect_is_followed_once_and_again_when_its_target_expires(server: Web) -> None:
    server.files |= {
        "/a.jsonl": Served(status=302, headers={"Location": "/signed?X-Amz-Signature=1f"}),
        "/signed": Served(data=LINES * 100),
    }
    place = web.web_place(f"{server.address}/a.jsonl")
    before = server.n_requests
    assert place.open().read(10) == LINES[:10]
    assert server.n_requests == before + 1
    server.files["/signed"].status, server.files["/signed"].failing = 403, 1
    handle = place.open()
    handle.seek(-10, 2)
    assert handle.read() == LINES[-10:]
    assert server.files["/signed"].failing == 0


def test_no_secret_of_an_address_is_shown(server: Web) -> None:
    host = server.address.removeprefix("http://")
    server.files["/a.jsonl"] = Served(data=LINES)
    source = f"http://me:secret@{host}/a.jsonl?X-Amz-Signature=secret&sig=secret&file=a"
    assert profile(source).source == f"http://{host}/a.jsonl?file=a"
    assert "Authorization" in server.headers[-1]
    corpus = open_corpus(source, CorpusOptions(), seq_len=64)
    assert {document.key[0] for document in corpus.readers[0].documents()} == {f"http://{host}/a.jsonl"}
    for path in ("/none.jsonl", "/*.jsonl"):
        assert "secret" not in sentence(f"http://me:secret@{host}{path}?sig=secret")
    assert sentence("http://me:secret@127.0.0.1:1/a.jsonl?sig=secret") == (
        "http://127.0.0.1:1/a.jsonl cannot be read: its host refuses the connection; check the address and the network."
    )


def test_arrow_and_files_read_in_order_are_bounded(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "ARROW", 100)
    monkeypatch.setattr(bounds, "IN_ORDER", 100)
    server.files |= {"/a.arrow": Served(data=LINES), "/a.jsonl.gz": Served(data=gzip.compress(LINES))}
    assert sentence(f"{server.address}/a.arrow") == (
        f"{server.address}/a.arrow: 0 MB of arrow files, which are read whole when they are remote: download them and "
        "name their folder, or store them as parquet."
    )
    assert sentence(f"{server.address}/a.jsonl.gz") == (
        f"{server.address}/a.jsonl.gz: 0.0 GB that can only be read in order, beginning to end (compressed, csv, json, "
        "or not UTF-8): download them, or name at least 16 such files with a glob, of which the beginnings are read."
    )


@pytest.mark.parametrize("source", ["https://host/data/*.jsonl", "https://host/data/"])
def test_a_web_server_lists_no_files(source: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_corpus(source, CorpusOptions(), seq_len=64)
    assert (
        str(caught.value) == f"{source} is a glob or a folder, and a web server does not list its files: name one file."
    )


def test_an_address_of_another_kind_and_hub_options_are_refused() -> None:
    assert sentence("ftp://host/a.jsonl") == (
        "ftp://host/a.jsonl has an address of a kind that is not read: https://, s3://, gs://, az:// and hf:// are, "
        "and a file of this machine is named by its path."
    )
