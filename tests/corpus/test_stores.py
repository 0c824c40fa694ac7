"""Object stores: S3 against a server of its own on 127.0.0.1; the others' listing on fsspec's file system in memory."""

import gzip
import sys
import time
from collections.abc import Iterator

import pytest

from advisor.corpus.files.find import find_files
from advisor.corpus.options import CorpusOptions
from advisor.corpus.remote import bounds, stores, waiting
from advisor.corpus.remote.listing import list_remote
from advisor.corpus.source import open_corpus
from advisor.corpus.tally import Tally
from advisor.errors import EXTRAS, MissingExtraError, install_command
from tests.corpus.reading import contents, jsonl, profile, sentence
from tests.corpus.web_server import Served, serve_web

pytest.importorskip("s3fs")
pytest.importorskip("moto")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

TEXTS = [f"document {number} of words and more words" for number in range(20)]


OBJECTS = {
    "data/0.jsonl": jsonl(TEXTS[:10]),
    "data/more/1.jsonl": jsonl(TEXTS[10:]),
    "data/README.md": b"about",
    "data/.cache/2.jsonl": jsonl(["hidden"]),
    "data/": b"",
    "data/empty.jsonl": b"",
    "odd/a[1]?.jsonl": jsonl(["odd"]),
    **{f"shards/{number:02d}.jsonl.gz": gzip.compress(jsonl([f"shard {number}"] * 50)) for number in range(20)},
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ(f"http://{host}:{port}").items():
            patch.setenv(name, value)
        fill(f"http://{host}:{port}")
    yield f"http://{host}:{port}"
    server.stop()


def environ(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIDENTITY",
        "AWS_SECRET_ACCESS_KEY": "hidden-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_CONFIG_FILE": "/nowhere",
    }


def fill(endpoint: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="bucket", ACL="public-read")
    for key, body in OBJECTS.items():
        client.put_object(Bucket="bucket", Key=key, Body=body, ACL="public-read")


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    for name, value in environ(endpoint).items():
        monkeypatch.setenv(name, value)
    return "s3://bucket"


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("data/0.jsonl", TEXTS[:10]),
        ("data", TEXTS),
        ("data/", TEXTS),
        ("data/**/*.jsonl", TEXTS),
        ("data/*.jsonl", TEXTS[:10]),
        ("data/[01].jsonl", TEXTS[:10]),
        ("data/?.jsonl", TEXTS[:10]),
        ("odd/a[1]?.jsonl", ["odd"]),
        ("shards/0[01].jsonl.gz", ["shard 0"] * 50 + ["shard 1"] * 50),
    ],
)
def test_objects_folders_and_globs_are_read(s3: str, path: str, texts: list[str]) -> None:
    assert contents(f"{s3}/{path}") == texts
    assert contents(f"S3{s3[2:]}/{path}") == texts


def test_what_is_left_out_of_a_folder_is_counted_and_hidden_files_are_read_when_asked_for(s3: str) -> None:
    tally = Tally()
    found = find_files(f"{s3}/data", CorpusOptions(), tally)
    assert found is not None
    assert [file.name for file in found.files] == [f"{s3}/data/0.jsonl", f"{s3}/data/more/1.jsonl"]
    assert sum(each.n for each in tally.left_out) == 3
    assert contents(f"{s3}/data", everything=True) == ["hidden", *TEXTS]


def test_a_public_bucket_is_read_without_credentials(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert contents(f"{s3}/data") == TEXTS


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("s3://bucket/none", "There is no file and no folder s3://bucket/none: check its spelling, and the bucket's."),
        ("s3://bucket/*.parquet", "No file matches s3://bucket/*.parquet."),
        (
            "s3://nobucket/a.jsonl",
            "There is no s3://nobucket/a.jsonl (HTTP 404: The specified bucket does not exist): check its "
            "spelling, and the bucket's or host's.",
        ),
        ("s3://", "s3:// names no bucket: write s3://BUCKET/PATH."),
        (
            "s3://key:secret@bucket/a.jsonl",
            "s3://bucket/a.jsonl was given with a password: leave it out, and set it in the environment.",
        ),
    ],
)
def test_what_is_not_there_is_one_sentence(s3: str, source: str, said: str) -> None:
    assert sentence(source) == said


@pytest.mark.parametrize(
    ("served", "said"),
    [
        (
            Served(status=403),
            "s3://bucket/a.jsonl may not be listed (HTTP 403: Forbidden); credentials are looked for in "
            "AWS_ACCESS_KEY_ID, AWS_PROFILE, ~/.aws and the role of the machine.",
        ),
        (
            Served(silent=True),
            "s3://bucket/a.jsonl could not be listed within 2 s: the server is silent or too slow; try again, or name "
            "a narrower folder or glob.",
        ),
    ],
)
def test_a_store_that_refuses_or_is_silent_is_one_sentence_in_bounded_time(
    s3: str, served: Served, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "CALL_LIMIT", 2.0)
    with serve_web({"/bucket/a.jsonl": served, "/bucket": served}) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.address)
        start = time.monotonic()
        assert sentence("s3://bucket/a.jsonl") == said
    assert time.monotonic() - start < 5


def test_a_store_that_is_down_is_one_sentence(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(waiting, "_PAUSE", 0.01)
    monkeypatch.setattr(stores, "CALL_LIMIT", 4.0)
    assert sentence("s3://bucket/a.jsonl").startswith("s3://bucket/a.jsonl c")


def test_of_many_files_read_in_order_the_beginnings_are_read(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "IN_ORDER", 100)
    source = f"{s3}/shards/*.jsonl.gz"
    corpus = open_corpus(source, CorpusOptions(), seq_len=64)
    assert [caution.message for caution in corpus.tally.cautions] == [
        "20 files of 0.0 GB can only be read in order: the beginnings of 20 of them were read, 32 MB of documents in "
        "all. H is that of beginnings, and how many tokens there are is not known."
    ]
    assert profile(source).estimated_tokens is None
    monkeypatch.setattr("advisor.corpus.readers.heads.BYTES", 20)
    assert contents(source) == [f"shard {number}" for number in range(20) for _ in range(20)]


@pytest.mark.parametrize(
    ("scheme", "package", "extra"), [("gs", "gcsfs", "gs"), ("az", "adlfs", "az"), ("s3", "s3fs", "s3")]
)
def test_a_package_that_is_missing_is_named(
    scheme: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError) as caught:
        list_remote(f"{scheme}://bucket/a.jsonl")
    assert str(caught.value) == (
        f"Reading {scheme}:// addresses needs the package {package}, which is not installed: "
        f"{install_command(*EXTRAS[scheme])}"
    )


def test_any_store_of_fsspec_is_listed_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of gs:// and az:// no server is at hand: fsspec's own file system takes the place of theirs."""
    from fsspec.implementations.memory import MemoryFileSystem

    files = MemoryFileSystem()
    files.pipe("/bucket/a.jsonl", jsonl(TEXTS))
    monkeypatch.setattr(
        stores, "_opened", lambda source: stores._Store(source=source, path=source.partition("//")[2], files=files)
    )
    for scheme in ("gs", "az"):
        for path in ("bucket/a.jsonl", "bucket", "bucket/*.jsonl"):
            assert contents(f"{scheme}://{path}") == TEXTS
    files.rm("/bucket", recursive=True)
