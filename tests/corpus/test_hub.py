"""``hub`` against a hub on 127.0.0.1: what is read, how much of it, and one sentence for everything that fails."""

import gzip
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from advisor.corpus.hub.dataset import HubOptions, is_hub_name, locate
from advisor.errors import UsageError, install_command
from tests.corpus.fake_hub import COMMIT, Hub, Repo, serve
from tests.corpus.reading import jsonl

ROOT = Path(__file__).parents[2]
SHA = COMMIT[:12]


def parquet(texts: list[str], **columns: list[object]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": pa.array(texts, pa.string()), **columns}), file, compression="none")
    return file.getvalue()


CONFIGS = b"""---
configs:
- {config_name: en, data_files: [{split: train, path: en/train-*.parquet}, {split: test, path: en/test.parquet}]}
- {config_name: de, data_files: [{split: held_out, path: de/*.parquet}]}
dataset_info:
- {config_name: en, splits: [{name: train, num_examples: 3}, {name: test, num_examples: 1}]}
- {config_name: de, splits: [{name: held_out, num_examples: 1}]}
---
"""
SCRIPT = b"raise SystemExit('dataset code was run')"
WIDE = [f"{row:04d}" * 500_000 for row in range(12)]  # 2 MB a row; the hub is read in blocks of 5 MB

REPOS = {
    "org/two": Repo(
        files={
            "README.md": CONFIGS,
            "en/train-0.parquet": parquet(["a", "b"], n=[1, 2]),
            "en/train-1.parquet": parquet(["c"], n=[3]),
            "en/test.parquet": parquet(["t"], n=[4]),
            "de/held.parquet": parquet(["x"], n=[5]),
        }
    ),
    "org/lines": Repo(files={"train-0.jsonl": jsonl(["a", "b"]), "train-1.jsonl": jsonl(["c"])}),
    "org/gz": Repo(files={"train.jsonl.gz": gzip.compress(jsonl(["a"]))}),
    "org/globs": Repo(
        files={
            "data/0.json.gz": gzip.compress(jsonl(["a"])),
            "data/1.json.gz": gzip.compress(jsonl(["b"])),
            "data/more/2.json.gz": gzip.compress(jsonl(["c"])),
            "other/3.jsonl": jsonl(["d"]),
        }
    ),
    "org/zst": Repo(files={"train.jsonl.zst": zstandard.compress(jsonl(["a"]))}),
    "org/wide": Repo(files={"train.parquet": parquet([*"abcdefghijkl"], wide=WIDE)}),
    "org/holes": Repo(files={"train-0.parquet": parquet([]), "train-1.parquet": parquet(["a"])}),
    "org/norows": Repo(files={"train.parquet": parquet([])}),
    "org/empty": Repo(files={"train.jsonl": b""}),
    "org/torn": Repo(files={"train.jsonl": b'{"text": "a"}\n{"text": \n'}),
    "org/corrupt": Repo(files={"train.parquet": b"not parquet at all"}),
    "org/tornzst": Repo(files={"train.jsonl.zst": b"junk" * 9}),
    "org/card": Repo(files={"README.md": b"---\na: [b\n: {\n---\n", "train.jsonl": jsonl(["a"])}),
    "org/columns": Repo(files={"train-0.jsonl": jsonl(["a"]), "train-1.jsonl": b'{"other": 3}\n'}),
    "org/nofiles": Repo(files={"README.md": b"nothing here"}),
    "org/script": Repo(files={"script.py": SCRIPT, "train.jsonl": jsonl(["a"])}),
    "squad": Repo(moved_to="org/lines"),
    "org/gated": Repo(
        files={"train.parquet": parquet(["a"])}, answers={r".*\.(py|parquet)": (403, {"X-Error-Code": "GatedRepo"})}
    ),
    "org/forbidden": Repo(api=(403, {"X-Error-Message": "Forbidden"})),
    "org/gone": Repo(api=(404, {"X-Error-Code": "RepoNotFound"})),
    "org/busy": Repo(api=(429, {"RateLimit": '"api";r=0;t=290'})),
    "org/busy2": Repo(api=(429, {})),
    "org/down": Repo(api=(500, {})),
    "org/silent": Repo(silent="info"),
    "org/stalls": Repo(files={"train.jsonl": jsonl(["a"])}, silent="tree"),
    "org/breaks": Repo(
        files={"train-0.jsonl": jsonl(["a"]), "train-1.jsonl": jsonl(["b"])}, answers={"train-1.jsonl": (503, {})}
    ),
    "org/limits": Repo(
        files={"train-0.jsonl": jsonl(["a"]), "train-1.jsonl": jsonl(["b"])},
        answers={"train-1.jsonl": (429, {"Retry-After": "300"})},
    ),
}

# name: what to open. Results: `online[name]`.
OPENED: dict[str, dict[str, Any]] = {
    "config": {"source": "org/two", "options": {"name": "en"}},
    "column": {"source": "org/two", "options": {"name": "en"}, "column": "text"},
    "test split": {"source": "org/two", "options": {"name": "en", "split": "test"}},
    "sum of splits": {"source": "org/two", "options": {"name": "en", "split": "train+test"}},
    "all splits": {"source": "org/two", "options": {"name": "en", "split": "all"}},
    "table": {"source": "org/two", "options": {"name": "en", "streaming": False}},
    "part of table": {"source": "org/two", "options": {"name": "en", "streaming": False, "split": "train[1:]"}},
    "lines": {"source": "org/lines"},
    "lines column": {"source": "org/lines", "column": "text"},
    "gz": {"source": "org/gz"},
    "zst": {"source": "org/zst"},
    "moved": {"source": "hf://datasets/squad"},
    "revision": {"source": "hf://datasets/org/lines@v1"},
    "path": {"source": "hf://datasets/org/lines@v1/train-1.*"},
    "glob": {"source": "hf://datasets/org/globs@v1/data/*.json.gz"},
    "deep glob": {"source": "hf://datasets/org/globs@v1/data/**/*.json.gz"},
    "folder": {"source": "hf://datasets/org/globs/data/**"},
    "data files": {"source": "org/lines", "options": {"data_files": ["train-1.jsonl", "train-0.jsonl"]}},
    "wide": {"source": "org/wide", "column": "text"},
    "holes": {"source": "org/holes"},
    "no rows": {"source": "org/norows"},
    "torn zst": {"source": "org/tornzst"},
    "token": {"source": "org/lines", "options": {"token": "hf_given"}},
    "token in environment": {"source": "org/lines", "environ": {"HF_TOKEN": "hf_environ"}},
}
# name: (what to open, the sentence, the most seconds that waiting for it may take).
REFUSED: dict[str, tuple[dict[str, Any], str, float]] = {
    "config missing": ({"source": "org/two"}, "org/two: it has several configs; choose one with --name: en, de.", 0),
    "config unknown": (
        {"source": "org/two", "options": {"name": "fr"}},
        "org/two: there is no config 'fr'; choose one with --name: en, de.",
        0,
    ),
    "split unknown": (
        {"source": "org/two", "options": {"name": "en", "split": "dev"}},
        "org/two: there is no split 'dev'; choose one with --split: train, test.",
        0,
    ),
    "no train": (
        {"source": "org/two", "options": {"name": "de"}},
        "org/two: no split was named and there is no train; choose one with --split: held_out.",
        0,
    ),
    "part of a stream": (
        {"source": "org/two", "options": {"name": "en", "split": "train[:1]"}},
        "--split train[:1] takes a part of a split, which needs the whole: add --no-streaming.",
        0,
    ),
    "column unknown": (
        {"source": "org/two", "options": {"name": "en"}, "column": "body"},
        "org/two has no column 'body': choose one with --column: text, n.",
        0,
    ),
    "revision unknown": (
        {"source": "org/lines", "options": {"revision": "v9"}},
        "org/lines has no revision 'v9': its branches and tags are at <hub>/datasets/org/lines/tree/main.",
        0,
    ),
    "files unmatched": (
        {"source": "org/lines", "options": {"data_files": ["none-*.jsonl"]}},
        "org/lines has no data files that match none-*.jsonl: its files are at <hub>/datasets/org/lines/tree/main.",
        0,
    ),
    "folder unmatched": (
        {"source": "hf://datasets/org/globs/data"},
        "org/globs has no data files that match data: its files are at <hub>/datasets/org/globs/tree/main; what is "
        "below a folder is written FOLDER/**.",
        0,
    ),
    "no files": (
        {"source": "org/nofiles"},
        "org/nofiles has no data files of a known format: name them with --data-files; "
        "its files are at <hub>/datasets/org/nofiles/tree/main.",
        0,
    ),
    "missing": (
        {"source": "org/missing"},
        "there is no dataset org/missing on <hub> (and no such path here), or it is private: "
        "check the spelling, or give a token that may read it with --token or HF_TOKEN.",
        0,
    ),
    "gone": (
        {"source": "org/gone", "options": {"token": "hf_given"}},
        "there is no dataset org/gone on <hub> (and no such path here), or it is private: "
        "check the spelling, or give a token that may read it with --token or HF_TOKEN.",
        0,
    ),
    "bad token": (
        {"source": "org/missing", "options": {"token": "hf_stale"}},
        "<hub> does not accept the token for org/missing: give a valid one with --token or HF_TOKEN.",
        0,
    ),
    "forbidden": (
        {"source": "org/forbidden", "options": {"token": "hf_given"}},
        "the token may not read org/forbidden (HTTP 403): give one with read access to it with --token or HF_TOKEN.",
        0,
    ),
    "gated": (
        {"source": "org/gated"},
        "org/gated is gated: ask for access at <hub>/datasets/org/gated, "
        "then give a token from <hub>/settings/tokens with --token or HF_TOKEN.",
        0,
    ),
    "rate limit": (
        {"source": "org/busy"},
        "<hub> refuses more requests for now (HTTP 429): wait 290 s, or give a token (--token or HF_TOKEN).",
        0,
    ),
    "rate limit without a time": (
        {"source": "org/busy2"},
        "<hub> refuses more requests for now (HTTP 429): wait some minutes, or give a token (--token or HF_TOKEN).",
        0,
    ),
    "rate limit in a stream": (
        {"source": "org/limits"},
        "<hub> refuses more requests for now (HTTP 429): wait 300 s, or give a token (--token or HF_TOKEN).",
        0,
    ),
    "hub down": (
        {"source": "org/down"},
        "<hub> failed on org/down (HTTP 500): the fault is on its side, so try again later.",
        1,
    ),
    "hub down in a stream": (
        {"source": "org/breaks"},
        "<hub> failed on org/breaks (HTTP 503): the fault is on its side, so try again later.",
        60,
    ),
    "silent hub": (
        {"source": "org/silent"},
        "cannot reach <hub> for org/silent (timed out): "
        "check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to read what is in the cache.",
        0,
    ),
    "silent hub, later": (
        {"source": "org/stalls"},
        "cannot reach <hub> for org/stalls (timed out): "
        "check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to read what is in the cache.",
        30,
    ),
    "script": (
        {"source": "org/script"},
        "org/script is a loading script, and dataset code is never run: "
        "try the copy in parquet that the hub may hold, with --revision refs/convert/parquet.",
        0,
    ),
    "no rows": (
        {"source": "org/norows", "options": {"streaming": False}},
        "org/norows: the split train has no rows: choose another with --split or --name.",
        0,
    ),
    "empty file": (
        {"source": "org/empty"},
        "org/empty holds an empty data file, which cannot be read: name the others with --data-files, "
        "see <hub>/datasets/org/empty/tree/main.",
        0,
    ),
    "empty file, downloaded": (
        {"source": "org/empty", "options": {"streaming": False}},
        "org/empty holds an empty data file, which cannot be read: name the others with --data-files, "
        "see <hub>/datasets/org/empty/tree/main.",
        0,
    ),
    "torn file": (
        {"source": "org/torn"},
        "org/torn cannot be read (ArrowInvalid: JSON parse error: Invalid value. in row 1): "
        "see its files at <hub>/datasets/org/torn/tree/main, and name the good ones with --data-files.",
        0,
    ),
    "torn file, downloaded": (
        {"source": "org/torn", "options": {"streaming": False}},
        "org/torn cannot be read (ArrowInvalid: JSON parse error: Invalid value. in row 1): "
        "see its files at <hub>/datasets/org/torn/tree/main, and name the good ones with --data-files.",
        0,
    ),
    "corrupt file": (
        {"source": "org/corrupt"},
        "org/corrupt cannot be read (ArrowInvalid: Parquet magic bytes not found in footer. "
        "Either the file is corrupted or this is not a parquet file): "
        "see its files at <hub>/datasets/org/corrupt/tree/main, and name the good ones with --data-files.",
        0,
    ),
    "card is not YAML": (
        {"source": "org/card"},
        "org/card cannot be read (ParserError: while parsing a flow sequence): "
        "see its files at <hub>/datasets/org/card/tree/main, and name the good ones with --data-files.",
        0,
    ),
    "columns differ": (
        {"source": "org/columns"},
        "org/columns: its files differ in their columns: "
        "name those that agree with --data-files, see <hub>/datasets/org/columns/tree/main.",
        0,
    ),
    "part that does not parse": (
        {"source": "org/two", "options": {"name": "en", "split": "train[:b]", "streaming": False}},
        "org/two: the split train[:b] cannot be taken (ValueError: Unrecognized instruction format: train[:b]): "
        "write it as train[:1000] or train[:5%].",
        0,
    ),
    "empty part": (
        {"source": "org/two", "options": {"name": "en", "split": "train[3:]", "streaming": False}},
        "org/two: the split train[3:] has no rows: choose another with --split or --name.",
        0,
    ),
    "package missing": (
        {"source": "org/zst"},
        "org/zst needs a package that is not installed (ValueError: Compression type zstd not supported): "
        f"{install_command('PACKAGE')} (of zst files: zstandard).",
        0,
    ),
}
OFFLINE: dict[str, dict[str, Any]] = {
    "table": {"source": "org/two", "options": {"name": "en", "streaming": False}},
    "stream": {"source": "org/two", "options": {"name": "en"}},
    "commit": {"source": "org/two", "options": {"name": "en", "revision": COMMIT}},
    "revision": {"source": "org/two", "options": {"name": "en", "revision": "v1"}},
    "config unknown": {"source": "org/two", "options": {"name": "de"}},
    "not cached": {"source": "org/lines"},
}


def run_cases(cases: dict[str, dict[str, Any]], endpoint: str, home: Path, **environ: str) -> dict[str, dict[str, Any]]:
    """Run cases in one child process; it must print nothing but its results, and nothing at all on stderr."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "DATASETS_", "HUGGING"))}
    child = subprocess.run(
        [sys.executable, str(ROOT / "tests/corpus/hub_child.py")],
        input=json.dumps(list(cases.values())),
        env={**kept, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "PYTHONPATH": str(ROOT), **environ},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (child.returncode, child.stderr) == (0, "")
    return dict(zip(cases, json.loads(child.stdout), strict=True))


@dataclass
class Session:
    hub: Hub
    opened: dict[str, dict[str, Any]]
    refused: dict[str, dict[str, Any]]
    offline: dict[str, dict[str, Any]]
    unreachable: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Every case, run once: with the hub up; then with the same cache and nothing listening any more."""
    home, bare = tmp_path_factory.mktemp("hf_home"), tmp_path_factory.mktemp("hf_home_bare")
    with serve(REPOS) as hub:
        opened = run_cases(OPENED, hub.endpoint, home)
        refused = run_cases(
            {name: case for name, (case, _, _) in REFUSED.items()}, hub.endpoint, bare, WITHOUT="zstandard"
        )
    offline = run_cases(OFFLINE, hub.endpoint, home, HF_HUB_OFFLINE="1")
    unreachable = run_cases({"config": OPENED["config"]}, hub.endpoint, home)
    return Session(hub, opened, refused, offline, unreachable)


def texts(result: dict[str, Any]) -> list[list[str]]:
    return [[row["text"] for row in shard] for shard in result["shards"]]


@pytest.mark.parametrize(
    ("case", "source", "shards"),
    [
        ("config", f"org/two@{SHA}:en/train", [["a", "b"], ["c"]]),
        ("test split", f"org/two@{SHA}:en/test", [["t"]]),
        ("sum of splits", f"org/two@{SHA}:en/train+test", [["a", "b"], ["c"], ["t"]]),
        ("all splits", f"org/two@{SHA}:en/all", [["a", "b"], ["c"], ["t"]]),
        ("lines", f"org/lines@{SHA}:train", [["a", "b"], ["c"]]),
        ("gz", f"org/gz@{SHA}:train", [["a"]]),
        ("zst", f"org/zst@{SHA}:train", [["a"]]),
        ("moved", f"org/lines@{SHA}:train", [["a", "b"], ["c"]]),
        ("revision", f"org/lines@{SHA}:train", [["a", "b"], ["c"]]),
        ("path", f"org/lines@{SHA}/train-1.*:train", [["c"]]),
        ("glob", f"org/globs@{SHA}/data/*.json.gz:train", [["a"], ["b"]]),
        ("deep glob", f"org/globs@{SHA}/data/**/*.json.gz:train", [["a"], ["b"], ["c"]]),
        ("folder", f"org/globs@{SHA}/data/**:train", [["a"], ["b"], ["c"]]),
        ("data files", f"org/lines@{SHA}/train-1.jsonl,train-0.jsonl:train", [["c"], ["a", "b"]]),
        ("holes", f"org/holes@{SHA}:train", [[], ["a"]]),
        ("no rows", f"org/norows@{SHA}:train", [[]]),
    ],
)
def test_streams_one_shard_a_file(session: Session, case: str, source: str, shards: list[list[str]]) -> None:
    found = session.opened[case]
    assert (found["source"], texts(found), found["table"]) == (source, shards, None)


def test_a_shard_starts_again_from_its_first_row(session: Session) -> None:
    assert session.opened["config"]["again"] == [{"text": "a", "n": 1}, {"text": "c", "n": 3}]
    assert session.opened["holes"]["again"] == [None, {"text": "a"}]


def test_rows_and_columns_are_known_before_reading(session: Session) -> None:
    assert [session.opened[case]["n_rows"] for case in ("config", "sum of splits", "lines")] == [3, 4, None]
    assert session.opened["config"]["columns"] == ["text", "n"]


@pytest.mark.parametrize(("case", "first"), [("column", {"text": "a"}), ("lines column", {"text": "a"})])
def test_a_named_column_comes_alone(session: Session, case: str, first: dict[str, object]) -> None:
    assert session.opened[case]["columns"] == ["text"]
    assert session.opened[case]["again"][0] == first


def test_other_columns_of_parquet_are_not_fetched(session: Session) -> None:
    """The file is opened three times: for its schema, and for each of two readings."""
    assert texts(session.opened["wide"]) == [[*"abcdefghijkl"]]
    assert session.hub.fetched["org/wide/train.parquet"] < len(REPOS["org/wide"].files["train.parquet"]) / 2


def test_a_download_is_a_table(session: Session) -> None:
    table = session.opened["table"]
    assert table["table"] == [{"text": "a", "n": 1}, {"text": "b", "n": 2}, {"text": "c", "n": 3}]
    assert (table["n_rows"], table["shards"]) == (3, [])
    assert session.opened["part of table"]["table"] == [{"text": "b", "n": 2}, {"text": "c", "n": 3}]


def test_the_token_is_sent_and_no_other_host_is_asked(session: Session) -> None:
    sent = {token for _, path, token in session.hub.requests if "/org/lines" in path}
    assert sent == {None, "Bearer hf_given", "Bearer hf_environ"}
    # A failed request to the S3 host of download counts, or to the dataset viewer, would have waited or slept.
    assert all(found["slept"] == 0 for found in session.opened.values())


@pytest.mark.parametrize("case", REFUSED)
def test_every_failure_is_one_sentence_and_soon(session: Session, case: str) -> None:
    refused, (_, sentence, most) = session.refused[case], REFUSED[case]
    assert refused.get("error", refused) == sentence.replace("<hub>", session.hub.endpoint)
    assert refused["kind"] == ("UsageError" if case == "part of a stream" else "HubError")
    assert refused["slept"] <= most


def test_a_torn_zst_file(session: Session) -> None:
    """Apart from the others, which run as if zstandard were not installed."""
    assert session.opened["torn zst"]["error"].startswith("org/tornzst cannot be read (ZstdError: ")


def test_offline_reads_the_cache_and_says_so(session: Session) -> None:
    source = f"org/two@{SHA}:en/train (cached copy)"
    assert [session.offline[case]["source"] for case in ("table", "stream", "commit")] == [source] * 3
    assert session.offline["table"]["n_rows"] == 3
    assert texts(session.offline["stream"]) == [["a", "b", "c"]]


@pytest.mark.parametrize(("case", "repo"), [("config unknown", "org/two"), ("not cached", "org/lines")])
def test_offline_without_a_cached_copy(session: Session, case: str, repo: str) -> None:
    assert session.offline[case]["error"] == (
        f"HF_HUB_OFFLINE is set and {repo} is not in the cache as it was asked for: "
        "unset it, or read the dataset once with --no-streaming while online."
    )


def test_offline_does_not_guess_a_revision(session: Session) -> None:
    assert session.offline["revision"]["error"] == (
        f"org/two comes from the cache, at commit {COMMIT}, and whether that is revision 'v1' cannot be told: "
        "leave out the revision, or go online."
    )


def test_no_network_is_an_error_within_seconds_even_with_a_cached_copy(session: Session) -> None:
    refused = session.unreachable["config"]
    assert refused["error"] == (
        f"cannot reach {session.hub.endpoint} for org/two ([Errno 111] Connection refused): "
        "check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to read what is in the cache."
    )
    assert refused["slept"] == 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("allenai/c4", True),
        ("nvidia/Nemotron-CC-v2.1", True),
        ("hf://datasets/squad", True),
        ("squad", False),
        ("data/train.jsonl", False),
        ("./data/train", False),
        ("../data", False),
        ("a/b/c", False),
        ("~/data", False),
        ("-", False),
    ],
)
def test_is_hub_name(source: str, expected: bool) -> None:
    assert is_hub_name(source) is expected


@pytest.mark.parametrize(
    ("source", "repo", "revision", "files"),
    [
        ("org/name", "org/name", None, ()),
        ("hf://datasets/org/name/", "org/name", None, ()),
        ("hf://datasets/squad@v1", "squad", "v1", ()),
        ("hf://datasets/org/name@v1/a/*.parquet", "org/name", "v1", ("a/*.parquet",)),
        ("hf://datasets/org/name@refs/convert/parquet/en/x", "org/name", "refs/convert/parquet", ("en/x",)),
        ("hf://datasets/org/name@refs%2Fpr%2F7", "org/name", "refs/pr/7", ()),
        ("hf://datasets/org/name/a.jsonl", "org/name", None, ("a.jsonl",)),
    ],
)
def test_locate(source: str, repo: str, revision: str | None, files: tuple[str, ...]) -> None:
    asked = locate(source, HubOptions(revision=revision))
    assert (asked.repo, asked.revision, asked.data_files) == (repo, revision, files)
    assert locate(source, HubOptions()) == asked


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        (
            "hf://org/name",
            HubOptions(),
            "hf://org/name does not name a dataset: write org/name or hf://datasets/org/name[@revision][/path]; "
            "models, spaces and buckets of the hub are not read.",
        ),
        (
            "hf://datasets/org/name@v1",
            HubOptions(revision="v2"),
            "hf://datasets/org/name@v1 and --revision v2 name two revisions: give one.",
        ),
        (
            "hf://datasets/org/name/a.jsonl",
            HubOptions(data_files=("b.jsonl",)),
            "hf://datasets/org/name/a.jsonl names files, and so does --data-files b.jsonl: give one.",
        ),
    ],
)
def test_a_source_that_contradicts_itself(source: str, options: HubOptions, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        locate(source, options)
    assert str(caught.value) == sentence


def test_importing_the_module_imports_nothing_heavy() -> None:
    heavy = "datasets", "huggingface_hub", "pyarrow", "numpy"
    code = f"import sys, advisor.corpus.hub.dataset; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
