"""Small valid and hostile examples of advisor's own files, of tokenizers and of tables of runs."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from fuzz.bundle import packed
from fuzz.hostile import DEPTHS, LONG_NUMBERS, TEXTS, nested
from tests.calibrations import hand_made

_LAW = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37, "count": "total"}
_RUNS = [
    {"n_params": n, "n_tokens": d, "loss": round(1.8 + 480 * n**-0.35 + 2100 * d**-0.37, 5), "corpus": "[/red]"}
    for n in (10**7, 5 * 10**7, 2 * 10**8, 10**9)
    for d in (10**9, 5 * 10**9, 2 * 10**10)
]


def _documents(*documents: Any) -> list[bytes]:
    """Return JSON documents, and what is hostile to whatever reads one."""
    found = [json.dumps(each).encode() for each in documents]
    found += [nested(depth, opening).encode() for depth in DEPTHS for opening in "[{"]
    found += [f'{{"schema_version": {number}}}'.encode() for number in (*LONG_NUMBERS, "9" * 5000, "NaN", 99, '"1"')]
    return [*found, b"", b"null", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", found[0][:-9], found[0] + b"}"]


def laws() -> list[bytes]:
    """Return law files, with draws, ranges and a decay, and laws at the edges of their domain."""
    law = {"schema_version": 1, "name": "mine", "source": "runs.csv", **_LAW}
    row = [6.17, 7.65, 0.59, 0.35, 0.37]
    ranges = {"n_params": [1e7, 1e9], "n_tokens": [1e9, 2e10], "flops": [6e16, 1.2e20]}
    full = {**law, "draws": [row] * 20, "ranges": ranges, "decay": {"R_D": 15.4, "R_N": 5.3, "source": "x"}}
    edges = [{**law, "alpha": 6.6e-7}, {**law, "E": 0, "A": 1e300}, {**law, "beta": 10}, {**law, "alpha": 1e-300}]
    long = [json.dumps(law).replace("0.35", str(number)).encode() for number in LONG_NUMBERS]
    return [*_documents(law, full, *edges), *long]


def coefficients() -> list[bytes]:
    """Return coefficients files."""
    numbers = [hand_made.calibration(epsilon=0), hand_made.calibration(name="[/red]"), hand_made.calibration(h_ref=0.9)]
    return _documents(hand_made.document(), *(hand_made.document(each, default=None) for each in numbers))


def profiles() -> list[bytes]:
    """Return what ``advisor score --json`` prints, of this version and of an older one."""
    histogram = {"low": 0.0, "high": 0.8, "counts": [0, 1, 4, 9, 3, 0]}
    new = hand_made.profile(
        compressibility={**hand_made.profile()["compressibility"], "histogram": histogram},
        vocab_size=32000,
        n_documents=100,
        n_documents_exact=True,
        n_bytes=10**6,
        estimated_tokens_ci95=[9e8, 1.1e9],
        non_ascii_fraction=0.01,
        columns=[{"format": "jsonl", "column": "text", "type": "string", "n_files": 1, "of": 1}],
        left_out=[{"reason": "\x1b[31m", "n": 1, "n_bytes": 9, "largest": ["a"], "deliberate": False}],
        cautions=[{"code": "padding", "message": "[/red]"}],
    )
    by_hand = {
        "corpora": {"code": {"compressibility": 0.4, "bytes_per_token": 3.5}, "[/red]": {"compressibility": 0.5}}
    }
    score = {"schema_version": 1, "corpora": [new]}
    return _documents(
        score, {"schema_version": 1, "corpora": [hand_made.profile(skipped={}, histogram=None), new]}, by_hand
    )


def pilots() -> list[bytes]:
    """Return what ``advisor fit --pilot --out`` writes."""
    corpus = {"name": "code", "compressibility": 0.4, "bytes_per_token": 3.5, "non_ascii_fraction": 0.01}
    pilot = {"schema_version": 1, "kind": "pilot", "ln_n_params": -0.4, "ln_n_params_sd": 0.1, "flops": 1e19}
    pilot |= {"corpus": corpus, "reference": {**corpus, "name": "web", "compressibility": 0.57}}
    return _documents({**pilot, "source": "pilot.csv", "sha256": "0" * 64}, {**pilot, "source": "a", "sha256": ""})


def pilot_tables() -> list[bytes]:
    """Return filled tables of ``advisor pilot``."""
    names = ("corpus", "role", "flops", "n_params", "n_tokens", "loss", "compressibility", "bytes_per_token")
    lines = [",".join(names)]
    for role, h, shift in (("corpus", 0.4, 1.1), ("reference", 0.57, 1.0)):
        for flops in (1e18, 4e18):
            for factor in (0.3, 0.5, 0.8, 1.2, 2.0):
                n = (flops / 120) ** 0.5 * factor
                loss = (1.8 + 480 * (n * shift) ** -0.35 + 2100 * (flops / 6 / n) ** -0.37) * shift
                lines.append(f"{role[:4]},{role},{flops:g},{n:.0f},{flops / 6 / n:.0f},{loss:.4f},{h},3.5")
    filled = "\n".join(lines) + "\n"
    return [filled.encode(), filled.replace(",", ";").replace(".", ",").encode(), filled[:600].encode(), b"a,b\n1,2\n"]


def run_tables(kind: str) -> list[bytes]:
    """Return tables of runs as csv, tsv, json, jsonl or parquet."""
    odd = [
        {**run, "note": text, "n_params": number}
        for run, text, number in zip(_RUNS, TEXTS, ("1.1B", "1e9") * 99, strict=False)
    ]
    if kind == "parquet":
        return [_parquet(_RUNS), _parquet([{"a": [{"b": 2}], "loss": None}] * 3), _parquet(_RUNS)[:-9]]
    if kind == "json":
        columns = {name: [run[name] for run in _RUNS] for name in _RUNS[0]}
        shapes = (_RUNS, odd, {"runs": _RUNS}, columns, {f"run{i}": run for i, run in enumerate(_RUNS)}, {"all": _LAW})
        return _documents(*shapes)
    if kind == "jsonl":
        return ["".join(json.dumps(run) + "\n" for run in runs).encode() for runs in (_RUNS, odd)]
    mark = "\t" if kind == "tsv" else ","
    plain = "\n".join([mark.join(_RUNS[0]), *(mark.join(map(str, run.values())) for run in _RUNS)])
    other = plain.replace("n_params", "N (M)").replace("corpus", "status").replace("[/red]", "OOM")
    latin = plain.replace("[/red]", "caf\xe9").encode("latin-1")
    wide = mark.join(f"c{i}" for i in range(3000)) + "\n" + mark.join("1" * 3000)
    return [*(each.encode() for each in (plain, other, wide, "# a\n" + plain, plain + "\n" + "9" * 5000)), latin]


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def grammars() -> list[bytes]:
    """Return sets of grammars as ``advisor grammar --out`` writes them."""
    from calibration.grammars.sets import dump_set, named_set

    plain = dump_set(named_set("paper", seed=0)[:2])
    rule = {"n_terminals": 2, "start": [1], "rules": [[[1, [-1, -1]], [1, [1]]]], "seed": 0}
    shape = {"nonterminals": 1, "terminals": 2, "max_options": 2, "max_length": 2}
    names = [
        {"schema_version": 1, "grammars": [{**rule, "shape": shape, "name": name}]} for name in ("a", "..", "[/red]", 1)
    ]
    return [plain.encode(), *_documents(*names)]


def calibrations() -> list[bytes]:
    """Return folders of a calibration: its plan and its ledger."""
    from advisor.compressibility.protocol import Protocol
    from advisor.json_fields import SCHEMA_VERSION
    from advisor.json_form import as_json
    from calibration.campaign.grid import Job, Size
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.training.schedule import Recipe
    from tests.lines import synthetic_rows

    source = synthetic_rows.source(0.3)
    jobs = [
        Job(source=source.name, size=Size(width=w, n_layers=2), seed=0, token_counts=(10_240, 20_480), rate=0.01)
        for w in (8, 16)
    ]
    plan = CalibrationPlan(
        name="toy",
        request={"preset": "toy"},
        protocol=Protocol(tokenizer=None),
        recipe=Recipe(batches=((0, 2048), (8000, 4096)), rate=0.02, max_warmup=2),
        n_validation=128,
        laws_only=True,
        sources=(source, replace(source, name="../../escaped")),
        jobs=tuple(jobs),
    )
    written = {"schema_version": SCHEMA_VERSION, **as_json(plan)}
    rows = [as_json(synthetic_rows.row(source, n_tokens=n)) for n in (10_240, 20_480)]
    ledger = "".join(json.dumps(row) + "\n" for row in rows).encode()
    plans = [written, {**written, "jobs": []}, {**written, "sources": []}, {**written, "n_validation": 10**15}]
    plans += [
        {**written, "jobs": [{**written["jobs"][0], "token_counts": counts}]} for counts in ([10**15], [2, 1], [1], [])
    ]
    folders = [{b"plan.json": json.dumps(each).encode(), b"runs.jsonl": ledger} for each in plans]
    folders += [{b"plan.json": each, b"runs.jsonl": ledger} for each in _documents(written)]
    ledgers = [
        ledger[:-20],
        ledger * 3,
        b"\n\n",
        b"\xff\n",
        b"{}\n",
        b"[" * 5000 + b"\n",
        ledger.replace(b"2.0", b"9" * 5000),
    ]
    return [packed(each) for each in (*folders, *({**folders[0], b"runs.jsonl": each} for each in ledgers))]


def checkpoints() -> list[bytes]:
    """Return checkpoints of a training of some steps, and files that torch knows and this project does not write."""
    import torch

    from calibration.training import checkpoints as written
    from calibration.training.train import train_all
    from tests.training.toy_training import PAIR, toy

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "toy.pt"

        def save(progress: Any) -> None:
            if progress.on_trunk:
                written.save(path, progress.stage, task="fuzz")
                raise StopIteration

        try:
            list(train_all(toy(PAIR), on_step=save))
        except (StopIteration, RuntimeError):
            good = path.read_bytes()
    sinks = [io.BytesIO() for _ in range(2)]
    torch.save({"task": "fuzz", "digest": "0", "places": [0], "since": [0], "runs": [], "state": {}}, sinks[0])
    torch.save(torch.zeros(3), sinks[1])
    return [
        good,
        *(sink.getvalue() for sink in sinks),
        good[:-20],
        b"",
        b"PK\3\4",
        b"\x80\x02cos\nsystem\n(S'true'\ntR.",
    ]


def tokenizers() -> list[bytes]:
    """Return tokenizer.json files of every kind of model."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    found = []
    text = ["The river rose in the night, and nobody knew why."] * 9
    for model, trainer in (
        (models.BPE(), trainers.BpeTrainer(vocab_size=60, show_progress=False)),
        (
            models.WordPiece(unk_token="[UNK]"),
            trainers.WordPieceTrainer(vocab_size=60, special_tokens=["[UNK]"], show_progress=False),
        ),
        (models.Unigram(), trainers.UnigramTrainer(vocab_size=40, show_progress=False)),
        (models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer(special_tokens=["[UNK]"], show_progress=False)),
    ):
        tokenizer = Tokenizer(model)
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(text, trainer)
        found.append(json.loads(tokenizer.to_str()))
    unknown = {**found[3], "model": {**found[3]["model"], "unk_token": "nowhere"}}
    return _documents(*found, unknown)


def sentencepiece_models() -> list[bytes]:
    """Return SentencePiece models of every kind."""
    import sentencepiece

    found = []
    for kind in ("unigram", "bpe", "char", "word"):
        sink = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(["the river rose in the night and nobody knew why"] * 50),
            model_writer=sink,
            vocab_size=20,
            model_type=kind,
            hard_vocab_limit=False,
            num_threads=1,
            minloglevel=2,
        )
        found.append(sink.getvalue())
    return [*found, b"", b"\x0a\xff\xff\xff\xff\x0f", found[0][:200], found[0] * 2]


def written_quantities() -> list[bytes]:
    """Return quantities, durations, shares and addresses as people give them to options."""
    good = (
        "1e21",
        "400M",
        "1.5T",
        "1,000",
        "3_000",
        "7B",
        "90m",
        "2h",
        "0.5",
        "100%",
        "8xH100",
        "A=1,B=2",
        "E=1.7",
        "auto",
    )
    addresses = (
        "https://me:secret@host/a.jsonl?sig=1",
        "s3://bucket/a",
        "hf://datasets/a/b@main/c.json",
        "org/name",
        "C:\\a",
    )
    return [text.encode("utf-8", "surrogatepass") for text in (*good, *addresses, *TEXTS)]
