"""The targets: what each reader and parser is given, and how it is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fuzz import corpora, file_seeds, files, id_seeds, seeds
from fuzz.corpora import Call


@dataclass(frozen=True, kw_only=True)
class Target:
    """One reader or parser.

    Attributes:
        call: reads an input in an empty folder; its turn varies how. What it raises but an AdvisorError is a finding.
        seeds: returns the examples that mutations begin with.
        grown: the name of the hypothesis strategy that draws whole inputs for it.
        native: what parses it is no Python, which a coverage of Python code cannot guide.
        most_bytes: of memory, the processes of the reading together: what is promised of it.
    """

    call: Call
    seeds: Callable[[], list[bytes]]
    grown: str
    native: bool = False
    most_bytes: int = 400 << 20  # README's


def _stream(ending: str) -> Target:
    return Target(call=corpora.in_file(f"a.jsonl.{ending}"), seeds=partial(seeds.compressed, ending), grown="bytes")


def _runs(ending: str, grown: str) -> Target:
    return Target(call=files.run_table(f"runs.{ending}"), seeds=partial(file_seeds.run_tables, ending), grown=grown)


def _columnar(kind: str) -> Target:
    name = f"a.{kind.partition('_')[0]}"
    return Target(call=corpora.in_file(name), seeds=partial(seeds.columnar, kind), grown="bytes", native=True)


_TOKENIZER = 1280 << 20  # what SECURITY.md says of a tokenizer that is named

TARGETS = {
    "text": Target(call=corpora.in_file("a.txt"), seeds=seeds.texts, grown="bytes"),
    "jsonl": Target(call=corpora.in_file("a.jsonl"), seeds=seeds.json_lines, grown="jsonl"),
    "json": Target(call=corpora.in_file("a.json"), seeds=seeds.json_documents, grown="json"),
    "csv": Target(call=corpora.in_file("a.csv"), seeds=seeds.tables, grown="table"),
    "tsv": Target(call=corpora.in_file("a.tsv"), seeds=partial(seeds.tables, "\t"), grown="table"),
    "ids": Target(call=corpora.in_file("a.txt", format="ids"), seeds=seeds.id_lines, grown="written"),
    "stdin": Target(call=corpora.from_stdin, seeds=lambda: [*seeds.json_lines(), *seeds.tables()], grown="jsonl"),
    "parquet": _columnar("parquet"),
    "arrow": _columnar("arrow"),
    "arrow_stream": _columnar("arrow_stream"),
    "warc": Target(call=corpora.in_file("a.warc"), seeds=seeds.crawls, grown="bytes"),
    "tar": Target(call=corpora.in_file("a.tar"), seeds=seeds.tars, grown="bytes"),
    "zip": Target(call=corpora.in_file("a.zip"), seeds=seeds.zips, grown="bytes"),
    **{ending: _stream(ending) for ending in ("gz", "zst", "xz", "bz2")},
    "npy": Target(call=corpora.in_file("a.npy"), seeds=id_seeds.npy, grown="npy"),
    "npz": Target(call=corpora.in_file("a.npz"), seeds=id_seeds.npz, grown="bytes"),
    "bin": Target(call=corpora.in_file("a.bin", ids={"dtype": "uint16"}), seeds=id_seeds.flat, grown="bytes"),
    "llm_c": Target(call=corpora.in_file("a.bin"), seeds=id_seeds.flat, grown="bytes"),
    "megatron": Target(call=corpora.in_folder(), seeds=id_seeds.megatron, grown="folder"),
    "dolma": Target(call=corpora.in_folder(), seeds=id_seeds.dolma, grown="folder"),
    "mds": Target(call=corpora.in_folder(), seeds=id_seeds.mds, grown="folder"),
    "litdata": Target(call=corpora.in_folder(), seeds=id_seeds.litdata, grown="folder"),
    "notebook": Target(call=corpora.in_file("a.ipynb"), seeds=seeds.notebooks, grown="json"),
    "folder": Target(call=corpora.in_folder(), seeds=seeds.folders, grown="folder"),
    "card": Target(call=corpora.in_folder(), seeds=seeds.cards, grown="folder"),
    "tokenizer_json": Target(
        call=files.tokenizer("tokenizer.json"),
        seeds=file_seeds.tokenizers,
        grown="json",
        native=True,
        most_bytes=_TOKENIZER,
    ),
    "sentencepiece": Target(
        call=files.tokenizer("a.model"),
        seeds=file_seeds.sentencepiece_models,
        grown="bytes",
        native=True,
        most_bytes=_TOKENIZER,
    ),
    "law": Target(call=files.law, seeds=file_seeds.laws, grown="json"),
    "coefficients": Target(call=files.coefficients, seeds=file_seeds.coefficients, grown="json"),
    "installed": Target(call=files.installed, seeds=file_seeds.coefficients, grown="json"),
    "profile": Target(call=files.profile, seeds=file_seeds.profiles, grown="json"),
    "pilot": Target(call=files.pilot, seeds=file_seeds.pilots, grown="json"),
    "pilot_table": Target(call=files.pilot_table, seeds=file_seeds.pilot_tables, grown="table"),
    "runs_csv": _runs("csv", "table"),
    "runs_tsv": _runs("tsv", "table"),
    "runs_json": _runs("json", "json"),
    "runs_jsonl": _runs("jsonl", "jsonl"),
    "runs_parquet": _runs("parquet", "bytes"),
    "grammars": Target(call=files.grammars, seeds=file_seeds.grammars, grown="json"),
    "plan": Target(call=files.plan, seeds=file_seeds.calibrations, grown="folder"),
    "checkpoint": Target(call=files.checkpoint, seeds=file_seeds.checkpoints, grown="bytes", native=True),
    "quantity": Target(call=files.quantity, seeds=file_seeds.written_quantities, grown="written"),
    "address": Target(call=files.address, seeds=file_seeds.written_quantities, grown="written"),
    "hub_wait": Target(call=files.hub_wait, seeds=file_seeds.written_quantities, grown="written"),
}
