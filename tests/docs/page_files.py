"""The files that commands on the pages name, small and made up, in one folder."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from array import array
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from advisor.cli import group
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.scaling_law import ScalingLaw
from tests.calibrations.hand_made import calibration, document, profile, write
from tests.fit.test_repeat_over import decaying, table
from tests.pilot.six_corpora import LAWS

CALIBRATIONS = Path(__file__).parents[2] / "data" / "calibrations"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FOLDERS = ("corpus", "prose", "code", "web", "src", "a", "b", "c", "d", "e")
END_OF_TEXT = 50256


def make(folder: Path, sources: list[str]) -> None:
    """Write every file."""
    corpora(folder, sources)
    tables(folder)
    law(folder)
    profiles(folder)
    pilot(folder)
    results(folder)


def corpora(folder: Path, sources: list[str]) -> None:
    """Write folders of text, lines of JSON, parquet, a tokenizer and the ids that it makes."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    for number, name in enumerate(FOLDERS):
        (folder / name).mkdir()
        for i, text in enumerate(sources[number * 4 : number * 4 + 4]):
            (folder / name / f"{i}.txt").write_text(text, encoding="utf-8")
    lines = "".join(json.dumps({"text": text}) + "\n" for text in sources[:6])
    (folder / "shards").mkdir()
    for name in ("books.jsonl", "web.jsonl", "shards/0.jsonl", "shards/1.jsonl"):
        (folder / name).write_text(lines, encoding="utf-8")
    (folder / "train.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    for name in ("code", "other"):
        pq.write_table(pa.table({"text": sources[6:12]}), folder / f"{name}.parquet")
    pieces = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *(f"unused{i}" for i in range(256, END_OF_TEXT))]
    vocabulary = {piece: number for number, piece in enumerate([*pieces, "<|endoftext|>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = array("H")
    for text in sources[:6]:
        ids.extend([*tokenizer.encode(text).ids, END_OF_TEXT])
    (folder / "train.bin").write_bytes(ids.tobytes())


def tables(folder: Path) -> None:
    """Write the tables of runs."""
    for name in ("runs.csv", "larger_runs.csv", "new_runs.csv", "new.csv"):
        shutil.copy(EXAMPLES / "runs.csv", folder / name)
    table(folder / "repeated.csv", decaying(MUENNIGHOFF, 6.0, 5.3))


def law(folder: Path) -> None:
    """Write a law file, of draws that a fit made."""
    answer("fit", str(folder / "runs.csv"), "--bootstrap", "200", "--json", "--out", str(folder / "law.json"))


def profiles(folder: Path) -> None:
    """Write profiles, and coefficients made by hand."""
    one = profile()
    write(folder / "fineweb-edu.json", {"schema_version": 1, "corpora": [one]})
    write(folder / "profiles.json", {"schema_version": 1, "corpora": [one, {**one, "source": "other.jsonl"}]})
    for name in ("fitted_coefficients.json", "mine.json"):
        write(folder / name, document(calibration()))


def results(folder: Path) -> None:
    """Write what commands print with --json, and a folder of a calibration."""
    answer("score", str(folder / "books.jsonl"), "--quiet", "--out", str(folder / "profile.json"))
    whole = ("--all", "--workers", "1", "--scratch", str(folder), "--quiet", "--out", str(folder / "whole.json"))
    answer("score", str(folder / "books.jsonl"), *whole)
    answer("recommend", "--flops", "1e21", "--out", str(folder / "answer.json"))
    with redirect_stdout(io.StringIO()) as printed:
        group.main(("fit", str(folder / "runs.csv"), "--bootstrap", "200", "--json"), standalone_mode=False)
    (folder / "fit.json").write_text(printed.getvalue(), encoding="utf-8")
    shutil.copytree(CALIBRATIONS / "text", folder / "calibration")


def pilot(folder: Path) -> None:
    """Write a filled table of a pilot."""
    path = folder / "pilot.csv"
    answer("pilot", "--compressibility", ".402", "--flops", "1e22", "--json", "--out", str(path))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        trained: ScalingLaw = LAWS["starcoder" if row["role"] == "corpus" else "fineweb"]
        row["loss"] = str(trained.loss(float(row["n_params"]), float(row["n_tokens"])))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def answer(*arguments: str) -> Any:
    """Run a command whose result is a file."""
    with redirect_stdout(io.StringIO()):
        return group.main(arguments, standalone_mode=False)
