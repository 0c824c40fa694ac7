"""Say of every command below whether it does the same in two checkouts: a line for each, what differs, exit 1 if any.

Usage: python tests/same_outputs.py OLD NEW [--only WORD] [--jobs 2] [--keep FOLDER]

Each command runs in OLD and then in NEW, in a fresh folder of one and the same path with the same made inputs. Standard
output and error, exit code and every file that is written are compared byte for byte, after NORMALISED. ``--only`` runs
the commands that hold WORD. ``--keep`` keeps what OLD did in FOLDER, and runs it again only where OLD, the inputs, the
command or the installed packages are others. Both must run on one machine: what is trained depends on it.
"""

from __future__ import annotations

import argparse
import bz2
import difflib
import fcntl
import gzip
import hashlib
import importlib.metadata
import json
import lzma
import math
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import Any

# One command a line, as a shell would have it: variables of the environment, arguments, standard input. Which inputs
# it needs is seen from their names in it. A command that has to end with another exit code than 0 says so.
# What the first ones write is an input of all others, as OLD wrote it.
MAKING = """
score prose code prose.jsonl --quiet --out profiles.json
score prose.jsonl --quiet --tokenizer bytes --out by-bytes.json
fit grid.csv --out law.json --flops 1e21
fit noisy.csv --force --out refused-law.json
fit groups.csv --group corpus --covariate compressibility --bootstrap 400 --out 'law-of-{group}.json'
grammar paper --only A2,A4 --documents 50 --out drawn --quiet
"""

# The longest first, so that none is left alone at the end.
CALIBRATE = """
COLUMNS=120 calibrate --grammars ladder --only L6 --grid smoke --engine process --device cpu --out trained --quiet
calibrate --refit ladder --refit few-two-way --out both --json
calibrate --refit few-text --out again --h-ref .6 --install mine
calibrate --refit few-text --json
calibrate --refit few-paper  # exits 1
calibrate --refit recipe --json  # exits 1
calibrate --refit recipe --out elsewhere  # exits 1
calibrate --refit recipe --out elsewhere --install mine --quiet  # exits 1
COLUMNS=120 calibrate --out ladder --device cpu --engine process --dry-run --quiet
calibrate --out ladder --device cpu --engine process --dry-run --json --quiet
COLUMNS=120 calibrate --out recipe --device cpu --engine process --quiet  # exits 1
COLUMNS=120 calibrate --corpus a=books.jsonl --corpus listings --tokenizer bytes --grid smoke --dry-run --quiet
COLUMNS=120 calibrate --corpus listings --tokenizer bytes --grid smoke --device cpu --workers 1 --prepare ready --quiet
calibrate --corpus books.jsonl --score-tokenizer mistral-v1 --tokenizer bytes --grid smoke --prepare new --json --quiet
COLUMNS=120 calibrate --preset smoke --device cpu --engine process --minutes 1e-6 --out begun --quiet
calibrate --grammars paper --only A2,A3 --grid smoke --device cpu --minutes 1e-6 --out begun --json --quiet
COLUMNS=120 calibrate --preset iso-gzip --recipe paper --vocab-size 1000 --device cpu --engine process --dry-run --quiet
COLUMNS=120 calibrate --preset iso-gzip --extend --out few-paper --device cpu --engine process --dry-run --quiet
calibrate  # exits 2
calibrate --preset huge  # exits 2
calibrate --grammars A1  # exits 2
calibrate --preset iso-gzip --grid huge  # exits 2
calibrate --preset iso-gzip --only G1,A1  # exits 2
calibrate --preset smoke --device tpu  # exits 2
calibrate --preset smoke --workers 0  # exits 2
calibrate --preset smoke --tokenizer bytes  # exits 2
calibrate --preset smoke --install chinchilla  # exits 2
calibrate --preset smoke --install text  # exits 2
calibrate --preset smoke --dry-run --minutes 9  # exits 2
calibrate --preset smoke --out ladder  # exits 2
calibrate --out no-such-folder --dry-run  # exits 2
calibrate --out tiny.txt --preset smoke  # exits 2
calibrate --refit no-such-folder  # exits 2
calibrate --refit ladder --refit recipe  # exits 2
calibrate --refit ladder --preset smoke  # exits 2
calibrate --refit damaged-plan  # exits 1
calibrate --corpus tiny.txt --tokenizer bytes --grid smoke --device cpu --dry-run --quiet  # exits 1
calibrate --corpus nowhere.txt --tokenizer bytes --device cpu --dry-run --quiet  # exits 1
"""

GRAMMAR = """
grammar --target-h .45,.50 --out targets
grammar iso-vocab --documents 200 --json
grammar paper --only A2 --documents 20 --tokens 20K --out sampled
grammar paper --only A1,A3 --documents 100
COLUMNS=120 grammar iso-gzip --documents 50 --seed 3
grammar --shape 20,300,10,5 --documents 20 --seed 1 --json
grammar --grammars drawn/grammars.json --documents 30 --seq-len 64 --json
grammar --grammars drawn/grammars.json --only A4 --documents 20 --tokens 5K --out more --json --quiet
grammar --grammars drawn/grammars.json --documents 20 --out drawn
grammar paper --only A2 --out drawn  # exits 2
grammar  # exits 2
grammar paper --shape 1,1,1,1  # exits 2
grammar paper --tokens 1M  # exits 2
grammar paper --only A7  # exits 2
grammar nothing  # exits 2
grammar --shape 3,0,2,2  # exits 2
grammar --shape 2,1,1,1 --seed 3  # exits 2
grammar --target-h .1,x  # exits 2
grammar --target-h .9  # exits 2
grammar --grammars broken.json  # exits 2
"""

SCORE = """
score prose --quiet
score prose.jsonl --quiet --json
COLUMNS=120 score prose code prose.jsonl chat.jsonl --quiet --tokenizer bytes
score prose.jsonl --quiet --tokenizer bytes --seq-len 64 --sequences 300 --seed 7 --json
score prose.jsonl --quiet --tokenizer tokenizer.json
score ids.parquet --quiet
score prose.parquet prose.csv prose.tsv prose.json prose.arrow saved --quiet --json
score prose.jsonl.gz prose.jsonl.bz2 prose.jsonl.xz prose.jsonl.zst --quiet --json
score prose.txt.gz --quiet --json
score 'shards/*.jsonl' --quiet --json
score mixed --quiet
score mixed --quiet --all-folders --json
score mixed/notes.txt --quiet --format jsonl  # exits 1
score chat.jsonl --quiet --column messages --json
score two-columns.jsonl --quiet --column text
score two-columns.jsonl --quiet  # exits 1
score two-columns.jsonl --quiet --column words  # exits 1
score bad.jsonl --quiet --skip-bad
score bad.jsonl --quiet  # exits 1
score latin.txt --quiet --encoding latin-1 --json
score latin.txt --quiet  # exits 1
score latin.txt --quiet --encoding klingon  # exits 2
score short.jsonl --quiet
score - --quiet --json < prose.jsonl
score - --quiet --format text --tokenizer bytes < prose.jsonl
score - --format csv < prose.csv  # exits 2
score - --quiet  # exits 1
score - -  # exits 2
score --from profiles.json
score --from profiles.json --json
score --from by-bytes.json --out copy.json
score --from broken.json  # exits 1
score --from nowhere.json  # exits 1
score --from profiles.json --seed 3  # exits 2
score prose --from profiles.json  # exits 2
score  # exits 2
score ''  # exits 2
score numbers.csv --quiet  # exits 1
score tiny.txt --quiet  # exits 1
score empty.txt --quiet  # exits 1
score picture.bin --quiet  # exits 1
score nowhere.txt --quiet  # exits 1
score prose --seq-len ten  # exits 2
score prose --seq-len 0 --quiet  # exits 2
score prose --quiet --tokenizer nowhere.model  # exits 1
score prose --quiet --tokenizer broken.json  # exits 1
score prose --name en --quiet  # exits 2
score org/name --quiet  # exits 1
score prose.jsonl --quiet --out prose.jsonl  # exits 2
score prose.jsonl --quiet --out no-such-folder/a.json  # exits 1
score prose.jsonl --unknown  # exits 2
"""

RECOMMEND = """
recommend --flops 1e21
recommend --flops 1e21 --json
recommend --flops 1e21 --explain
recommend --flops 1e21 --explain --json
COLUMNS=120 recommend --flops 1e21 --explain --params 7B --gpu H100 --gpus 63 --price-per-hour 2.5 --context 131072
recommend --flops 1e21 --compressibility .45
recommend --flops 1e21 --compressibility .45 --explain
recommend --flops 1e21 --compressibility .45 --explain --json
recommend --flops 1e21 --compressibility .7 --calibration pcfg-ladder --law anchored --json
recommend --flops 1e21 --compressibility .38 --coefficients weighty.json --explain
recommend --flops 1e21 --compressibility .38 --coefficients weighty.json --json --out answer.json
recommend --flops 1e19 --compressibility .38 --coefficients weighty.json --calibration weighty-grammars --law blend
recommend --flops 1e19 --compressibility .38 --law gzip --calibration pcfg-ladder --explain
recommend --flops 1e19 --compressibility .3 --law gzip --calibration pcfg-ladder --json
recommend --flops 1e20 --compressibility .3 --law blend --epsilon .5 --calibration pcfg-ladder --explain
recommend --flops 1e20 --compressibility .3 --law anchored --epsilon .7 --json
recommend --flops 1e20 --compressibility .98 --law gzip  # exits 1
recommend --flops 1e20 --law gzip  # exits 2
recommend --flops 1e20 --compressibility .4 --law chinchilla --epsilon .5  # exits 2
recommend --flops 1e20 --compressibility .4 --coefficients none.json
recommend --flops 1e20 --compressibility .4 --coefficients none.json --law gzip  # exits 1
recommend --flops 1e20 --compressibility .4 --coefficients no-default.json
recommend --flops 1e20 --compressibility .4 --coefficients protocol.json --json  # exits 1
recommend --flops 1e20 --compressibility .4 --coefficients protocol.json --law anchored  # exits 1
recommend --flops 1e20 --coefficients future.json  # exits 1
recommend --flops 1e20 --coefficients broken.json  # exits 1
recommend --flops 1e20 --calibration foo  # exits 2
ADVISOR_DATA_DIR=installed recommend --flops 1e20 --compressibility .4 --calibration mine --law anchored
ADVISOR_DATA_DIR=damaged recommend --flops 1e20 --compressibility .4
recommend --flops 1e21 --law hoffmann --explain
recommend --flops 1e21 --law hoffmann-table3 --params 1B --json
recommend --flops 1e21 --law kaplan --params 1B
recommend --flops 1e21 --law muennighoff --json
recommend --params 7B --law deepseek --explain
recommend --flops 1e21 --law code --json
recommend --flops 1e21 --law law.json --explain
recommend --flops 1e21 --law law.json --json
recommend --flops 1e19 --law law-of-code.json --tokens 1B
recommend --flops 1e21 --law plain-law.json
recommend --flops 1e21 --law refused-law.json  # exits 1
recommend --flops 1e21 --law odd-law.json  # exits 1
recommend --flops 1e21 --law nothing  # exits 2
recommend --params 7B --gpu h100 --gpus 256 --price-per-hour 2 --vocab-size 128256 --context 8192 --json
recommend --params 7B --context 8192 --gpu MI250X --explain
recommend --params 70B --gpu H100 --gpus 8 --price-per-hour 2 --explain
recommend --params 70B --gpu H100 --gpus 14
recommend --gpu A100 --gpus 64 --hours 1000 --tokens 300B --gpu-memory 80 --mfu .5 --vocab-size 128256 --explain
recommend --gpu h100 --gpus 64 --hours 100 --price-per-hour 2.5 --tokens 300B --json
recommend --flops 1e20 --gpu B100
COLUMNS=120 recommend --flops 1e25 --gpu GB200 --gpus 100000 --price-per-hour 3.25
recommend --flops 1e21 --params 7B --json
recommend --tokens 1T --explain
recommend --tokens 300B --json
recommend --target-loss 2.1 --explain
recommend --target-loss 1.83 --json
recommend --target-loss 1.5  # exits 1
recommend --flops 1e9
recommend --flops 1e28 --json
recommend --flops 1e22 --unique-tokens 25B --params 2B
recommend --flops 1e22 --unique-tokens 25B --params 3B --law muennighoff --explain
recommend --flops 1e22 --unique-tokens 25B --json
recommend --flops 1e21 --unique-tokens 1B --explain
recommend --flops 1e22 --unique-tokens 25B --advice
recommend --flops 1e21 --unique-tokens 1T --law law.json --explain --json
recommend --flops 1e22 --unique-tokens 5B --compressibility .4 --coefficients weighty.json
recommend --gpu H100 --gpus 8 --hours 900 --unique-tokens 2B --tokens 50B --law hoffmann --explain
recommend --flops 1e300 --unique-tokens 1 --params 1 --json
recommend --flops 1e22 --unique-tokens 1B --law deepseek  # exits 1
recommend --params 7B --unique-tokens 25B  # exits 2
recommend --flops 1e22 --unique-tokens 25B --inference-tokens 2T  # exits 2
recommend --params 13B --inference-tokens 2T
recommend --params 13B --inference-tokens 2T --law hoffmann --explain
recommend --flops 1e22 --inference-tokens 2T --gpu H100 --price-per-hour 2 --inference-mfu .2 --explain
recommend --flops 1e22 --inference-tokens 2T --gpu H100 --price-per-hour 2 --inference-mfu .2 --json
recommend --params 13B --inference-tokens 2T --gpu L4 --price-per-hour 2 --inference-mfu .1 --inference-price-per-hour 3
recommend --gpu H100 --gpus 64 --hours 100 --price-per-hour 2 --inference-tokens 2T --law hoffmann --explain
recommend --flops 1e28 --inference-tokens 100T --law muennighoff --json
recommend --flops 1e21 --inference-tokens 1T --compressibility .4 --coefficients weighty.json
recommend --flops 1e22 --inference-tokens 2T --params 7B  # exits 2
recommend --flops 1e22 --inference-mfu .2  # exits 2
recommend --params 7B --advice
recommend prose --flops 1e21 --quiet
recommend prose.jsonl --flops 1e18 --quiet --count-tokenizer bytes --explain
recommend prose.jsonl --flops 1e18 --quiet --count-tokenizer tokenizer.json --json
recommend code --flops 1e15 --use-corpus-size --quiet --explain
recommend code --flops 1e15 --use-corpus-size --quiet --json
recommend prose.jsonl --flops 1e18 --quiet --tokenizer bytes  # exits 1
recommend prose.jsonl --flops 1e18 --quiet --tokenizer bytes --law anchored  # exits 1
recommend prose.jsonl --flops 1e18 --quiet --seq-len 128 --json  # exits 1
recommend - --flops 1e18 --quiet --json < prose.jsonl
recommend ids.parquet --flops 1e18 --quiet
recommend --profile profiles.json --corpus code --flops 5.76e23 --json
recommend --profile profiles.json --corpus prose.jsonl --flops 1e19 --explain
recommend --profile profiles.json --flops 1e21  # exits 2
recommend --profile profiles.json --corpus html --flops 1e21  # exits 2
recommend --profile by-bytes.json --flops 1e21  # exits 1
recommend --profile by-bytes.json --flops 1e21 --law gzip  # exits 1
recommend --profile big.json --corpus web --flops 1e22 --use-corpus-size --explain
recommend --profile big.json --corpus unmeasured --flops 1e22 --json
recommend --profile big.json --corpus unmeasured --flops 1e22 --use-corpus-size  # exits 2
recommend --profile broken.json --flops 1e21  # exits 1
recommend --profile nowhere.json --flops 1e21  # exits 1
recommend  # exits 2
recommend --flops lots  # exits 2
recommend --flops 0  # exits 2
recommend --flops 1e21 --compressibility 1  # exits 2
recommend --flops 1e21 --compressibility x  # exits 2
recommend --flops 1e21 --gpu A100 --gpus 8 --hours 24  # exits 2
recommend --gpu A100 --gpus 8  # exits 2
recommend --flops 1e21 --gpu Z80  # exits 2
recommend --flops 1e21 --gpus 8  # exits 2
recommend --flops 1e21 --mfu 2 --gpu H100  # exits 2
recommend --flops 1e21 --gpu A100 --gpu-memory 0  # exits 2
recommend --flops 1e21 --vocab-size 32.5  # exits 2
recommend --flops 1e21 --context 0  # exits 2
recommend --flops 1e21 --count-tokenizer bytes  # exits 2
recommend --flops 1e21 --column text  # exits 2
recommend --params 7B --tokens 1T  # exits 2
recommend --params 1e300  # exits 1
recommend --flops 5  # exits 1
recommend --flops 1e9 --params 1e9  # exits 2
recommend prose --profile big.json --flops 1e21  # exits 2
recommend --flops 1e21 --use-corpus-size  # exits 2
recommend --flops 1e21 --law law.json --out law.json  # exits 2
recommend --flops 1e21 --out no-such-folder/answer.json  # exits 1
recommend --flops 1e21 --fail-on caution  # exits 2
"""

COMPARE = """
compare --flops 1e21 --flops 1e22 --gpu A100 --gpus 8 --price-per-hour 1
compare --flops 1e20 --flops 1e25 --gpu A100 --gpus 8 --json
compare prose code --flops 1e21 --quiet
compare prose code --weights .7,.3 --flops 1e21 --quiet
compare prose code prose.jsonl --weights 3,1,2 --flops 1e19 --tokenizer bytes --quiet --json --out rows.json  # exits 1
COLUMNS=120 compare --profile profiles.json --flops 1e21 --coefficients weighty.json
compare --profile profiles.json --flops 1e21 --coefficients weighty.json --calibration weighty-grammars --law blend
compare --profile profiles.json --corpus code --corpus code --flops 1e20
compare --profile big.json --corpus web --gpu H100 --gpus 64 --hours 100 --price-per-hour 2 --corpus books
compare --profile big.json --flops 1e20 --law law.json --json
compare --flops 1e20 --flops 1e21 --law kaplan
compare --flops 1e21  # exits 2
compare prose code --quiet  # exits 2
compare prose --weights 1,1 --flops 1e21  # exits 2
compare prose code --weights 1,0 --flops 1e21  # exits 2
compare prose --profile big.json --flops 1e21  # exits 2
compare --profile big.json --weights 1,1 --flops 1e21  # exits 2
compare --column text --flops 1e21 --flops 1e22  # exits 2
compare --profile profiles.json --corpus html --flops 1e21  # exits 2
compare --flops 5 --flops 1e21  # exits 1
compare --profile by-bytes.json --flops 1e20 --flops 1e21 --law anchored  # exits 1
"""

OTHERS = """
table
table --json
table --explain
table --law hoffmann-table3 --explain
table --law hoffmann --sizes 400M,1B,7B,70B --json
table --law kaplan --flops 1e20,1e21,1e22
table --law deepseek --flops 1e20,1e21 --explain
table --law chinchilla --compressibility .38 --sizes 400M,70B
table --law anchored --compressibility .38 --flops 1e20 --coefficients weighty.json
table --law gzip --calibration pcfg-ladder --compressibility .4 --sizes 1M,10M --explain
table --law blend --epsilon .4 --compressibility .4 --flops 1e18,1e20 --calibration pcfg-ladder --json
table --law law.json --flops 1e20,1e22 --out table.json
table --law gzip  # exits 2
table --sizes 1B --flops 1e20  # exits 2
table --sizes 0.5,1B  # exits 1
table --sizes 1B,lots  # exits 2
table --law refused-law.json  # exits 1
table --law anchored --compressibility .4 --coefficients protocol.json  # exits 1
repeat --unique-tokens 25B
repeat --unique-tokens 25B --json
repeat --unique-tokens 25B --explain
repeat --unique-tokens 25B --flops 1e22 --law chinchilla --epochs 1,4,50 --advice
repeat --unique-tokens 25B --flops 1e22 --law chinchilla --epochs 1,4,100 --explain
repeat --unique-tokens 25B --params 7B --epochs 1,4,16 --law chinchilla --json
repeat --unique-tokens 25B --params 7B --law hoffmann --explain --json
repeat --unique-tokens 1B --flops 1e19 --law law.json --out rows.json
repeat --unique-tokens 1B --law anchored --compressibility .4 --coefficients weighty.json --flops 1e20
repeat --unique-tokens 1M --law gzip --calibration pcfg-ladder --compressibility .4 --params 1M --explain
repeat --unique-tokens 1e6 --epochs 1e-3,1e9
repeat --unique-tokens 25B --law kaplan  # exits 1
repeat --unique-tokens 25B --params 7B --flops 1e22  # exits 2
repeat --unique-tokens 25B --epochs 0  # exits 2
repeat --flops 1e22  # exits 2
repeat --unique-tokens .1  # exits 2
repeat --unique-tokens 1B --law gzip --compressibility .4 --coefficients none.json  # exits 1
laws
laws --json
COLUMNS=120 laws --coefficients weighty.json
laws --coefficients none.json --out laws-found.json
ADVISOR_DATA_DIR=installed laws --json
ADVISOR_DATA_DIR=damaged laws
laws --coefficients future.json  # exits 1
laws --coefficients broken.json  # exits 1
laws --coefficients nowhere.json  # exits 1
evidence
evidence --json
COLUMNS=120 evidence --coefficients weighty.json --out found.json
ADVISOR_DATA_DIR=installed evidence
evidence --coefficients none.json
evidence --coefficients broken.json  # exits 1
nothing  # exits 2
--nothing  # exits 2
"""

FIT = """
fit grid.csv --flops 1e20
fit grid.csv --json --flops 1e21 --flops 1e20
fit grid.csv --count non-embedding --bootstrap 400 --seed 5
fit grid.csv --delta auto --max-e 1.65 --bootstrap 200 --json
fit grid.csv --delta l1 --fix E=1.7 --bootstrap 200
fit grid.csv --plot fit.png --bootstrap 200 --json
fit groups.csv --group corpus --bootstrap 400
fit groups.csv --group corpus --covariate compressibility --form joint --bootstrap 400 --json
fit groups.csv --group corpus --covariate compressibility --form linear --bootstrap 400 --plot groups.png
fit repeated.jsonl --bootstrap 400
fit repeated.jsonl --bootstrap 400 --json
fit renamed.parquet --columns n_params=model_size,n_tokens=token_ct,loss=val --flops 1e22 --out renamed-law.json
fit checkpoints.csv --cluster model --vocab-size 32000 --bootstrap 400
fit checkpoints.csv --cluster model --bootstrap 400 --json
fit noisy.csv --bootstrap 400  # exits 1
fit noisy.csv --bootstrap 400 --json --out none-law.json  # exits 1
fit noisy.csv --bootstrap 400 --force
fit early.csv --group corpus --covariate H --bootstrap 200  # exits 1
fit early.csv --group corpus --covariate H --bootstrap 200 --force --json
fit few.csv --bootstrap 200 --json --plot few.png  # exits 1
fit few.csv --bootstrap 200 --force --out few-law.json
fit line.csv --bootstrap 200  # exits 1
fit holes.csv --bootstrap 200  # exits 1
fit millions.csv  # exits 1
fit words.csv  # exits 1
fit numbers.csv  # exits 1
fit empty.txt  # exits 1
fit nowhere.csv  # exits 1
fit grid.csv --columns loss  # exits 2
fit grid.csv --columns loss=val  # exits 1
fit grid.csv --fix A=3  # exits 2
fit grid.csv --delta x  # exits 2
fit grid.csv --bootstrap 20  # exits 2
fit grid.csv --covariate H  # exits 2
fit groups.csv --group corpus --covariate loss  # exits 1
fit groups.csv --group corpus --out one-law.json  # exits 2
fit grid.csv --out grid.csv  # exits 2
fit grid.csv --plot fit.bmp --bootstrap 200  # exits 2
fit  # exits 2
"""


@dataclass(frozen=True)
class Command:
    """One line of the lists above, taken apart."""

    line: str
    exits: int

    @cached_property
    def words(self) -> list[str]:
        return shlex.split(self.line)

    @cached_property
    def variables(self) -> dict[str, str]:
        leading = takewhile(re.compile(r"[A-Z_]+=").match, self.words)
        return {name: value for name, _, value in (word.partition("=") for word in leading)}

    @cached_property
    def arguments(self) -> list[str]:
        return self.words[len(self.variables) : -2 if self.stdin else None]

    @cached_property
    def stdin(self) -> str | None:
        return self.words[-1] if "<" in self.words else None

    def names(self, name: str) -> bool:
        """Whether the file or folder ``name`` is named in the line."""
        return re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w.-])", self.line) is not None


def commands(text: str) -> list[Command]:
    found = []
    for line in filter(None, text.splitlines()):
        shown, _, code = line.partition("  # exits ")
        found.append(Command(line=shown, exits=int(code or 0)))
    return found


def join_sources(text: str) -> str:
    """Unwrap the sources of an explanation that name a file: where they wrap depends on how long its name is."""

    def joined(match: re.Match[str]) -> str:
        entry = " ".join(match[0].split())
        return re.sub(SOURCE_FILE, "<file>", entry) if re.search(SOURCE_FILE, entry) else match[0]

    return re.sub(r"^\[\d+\] .*(?:\n {4,}\S.*)*", joined, text, flags=re.MULTILINE)


def sorted_lines(text: str) -> str:
    return "".join(sorted(text.splitlines(keepends=True)))


# What may differ though nothing changed. The first pattern is of the subcommands where it holds, "" being all of them.
SOURCE_FILE = r"\b(?:advisor|calibration)/[\w/]+\.py\b"
_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
NORMALISED: tuple[tuple[str, str, str], ...] = (
    # An explanation names the file that a constant or a rule stands in, which may move (in text: `join_sources`).
    ("", SOURCE_FILE, "<file>"),
    # How long training takes here, or would take, is timed: in words, and for each size.
    ("calibrate", r"about [\d.]+ (?:s|min|h)\b", "about <time>"),
    ("calibrate", r"(?m)^(\d+ x \d+ .*\S) +[\d.]+[KM]?$", r"\1 <speed>"),
    # ... and in plans, documents and ledgers.
    ("calibrate", rf'"(hours|seconds|tokens_per_second|\d+x\d+)": {_NUMBER}', r'"\1": <timed>'),
    # Which piece of work comes first in a plan depends on which takes longer.
    ("calibrate", r'(?m)^( *)"works": \[\n(?:\1 .*\n)*\1\]', r'\1"works": <by time>'),
    # The day of training.
    ("calibrate", r'"date": "\d{4}-\d\d-\d\d"', '"date": <today>'),
    # Of a ledger, whose rows hold times and the day.
    ("calibrate", r'"ledger_sha256": "[0-9a-f]{64}"', '"ledger_sha256": <of times>'),
)
# Files of which only it is said that they are there: pictures differ by the library that draws, and a lock holds the
# number of the process that took it.
PRESENT_ONLY = (".png", ".pdf", ".svg", ".lock")
# The rows of a ledger stand in the order in which they were trained, the longest work first, as it was timed.
SORTED = "runs.jsonl"
_SHOWN = 40  # lines of a difference


def normalised(content: bytes, command: Command, checkout: Path, name: str) -> str | None:
    """Return a text without what may differ; None for what is no text. ``name`` is that of a file or a stream."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    text = text.replace(str(checkout), "<checkout>")  # where a message or a traceback has a path of the product's own
    if "--explain" in command.arguments:
        text = join_sources(text)
    for subcommand, pattern, replacement in NORMALISED:
        if subcommand in ("", *command.arguments[:1]):
            text = re.sub(pattern, replacement, text)
    return sorted_lines(text) if Path(name).name == SORTED else text


@dataclass(frozen=True)
class Result:
    """What a command did: ``files`` are those that it wrote, changed or removed; folders end with a slash."""

    code: int
    stdout: bytes
    stderr: bytes
    files: Mapping[str, bytes]
    seconds: float

    def parts(self) -> dict[str, bytes]:
        files = {f"file {name}": content for name, content in self.files.items()}
        return {"exit code": str(self.code).encode(), "stdout": self.stdout, "stderr": self.stderr, **files}

    def write(self, folder: Path) -> None:
        """Write it into a folder, whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent))
        told = {"code": self.code, "seconds": self.seconds, "files": sorted(self.files)}
        (made / "told.json").write_text(json.dumps(told))
        for name, content in (("stdout", self.stdout), ("stderr", self.stderr)):
            (made / name).write_bytes(content)
        for number, name in enumerate(sorted(self.files)):
            (made / str(number)).write_bytes(self.files[name])
        os.rename(made, folder)

    @staticmethod
    def read(folder: Path) -> Result | None:
        try:
            told = json.loads((folder / "told.json").read_text())
        except FileNotFoundError:
            return None
        return Result(
            code=told["code"],
            stdout=(folder / "stdout").read_bytes(),
            stderr=(folder / "stderr").read_bytes(),
            files={name: (folder / str(i)).read_bytes() for i, name in enumerate(told["files"])},
            seconds=told["seconds"],
        )


def differences(command: Command, old: Result, new: Result, checkouts: tuple[Path, Path]) -> Iterator[str]:
    """Yield, for each part that differs, a heading and the first lines of a unified diff."""
    before, after = old.parts(), new.parts()
    for name in dict.fromkeys((*before, *after)):
        ours, theirs = before.get(name), after.get(name)
        if ours is None or theirs is None:
            yield f"{name}: {'NEW alone has it' if ours is None else 'OLD alone has it'}"
            continue
        texts = [normalised(part, command, at, name) for part, at in zip((ours, theirs), checkouts, strict=True)]
        if None in texts:
            if ours != theirs:
                at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), "the end")
                yield f"{name}: {len(ours)} and {len(theirs)} bytes, others from byte {at} on"
        elif texts[0] != texts[1]:
            yield name
            lines = list(difflib.unified_diff(*map(_pieces, texts), "OLD", "NEW", n=1, lineterm=""))
            yield from lines[:_SHOWN]
            if len(lines) > _SHOWN:
                yield f"... {len(lines) - _SHOWN} more lines"


def _pieces(text: str | None) -> list[str]:
    """Return lines, those that are too long to be looked at in pieces."""
    return [line[i : i + 160] for line in (text or "").splitlines() for i in range(0, max(len(line), 1), 160)]


class Bench:
    """A folder to run commands in, with their inputs; what OLD did is kept there."""

    def __init__(self, folder: Path, old: Path) -> None:
        self.folder = folder
        self.inputs = folder / "inputs"
        shutil.rmtree(self.inputs, ignore_errors=True)
        make_inputs(self.inputs, old)
        packages = sorted((each.name, each.version) for each in importlib.metadata.distributions())
        parts = [digest(old / part) for part in ("advisor", "calibration", "data")]
        self.about_old = [parts, sys.version, [each for each in packages if each[0] != "data-scaling-advisor"]]

    def environment(self, checkout: Path, command: Command | None = None) -> dict[str, str]:
        """Return the environment of a command: nothing of the caller's but what a process needs to start."""
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        return {
            **kept,
            **threads,
            "PYTHONPATH": str(checkout),
            "PYTHONSAFEPATH": "1",  # a corpus in the working folder is no package
            "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"),  # nothing is written into a checkout
            "HOME": str(self.folder / "home"),
            "MPLCONFIGDIR": str(self.folder / "matplotlib"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "80",
            "ADVISOR_DATA_DIR": "nothing-installed",
            "HF_HUB_OFFLINE": "1",
            **(command.variables if command else {}),
        }

    def check(self, checkout: Path) -> None:
        """Make certain that a checkout's own packages are imported, and that what the commands need is installed."""
        packages = sorted(path.parent.name for path in checkout.glob("*/__init__.py") if path.parent.name != "tests")
        script = "import sys, importlib\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)\n"
        script += "import torch, nltk, datasets, matplotlib.font_manager"  # whose first import says that it takes long
        done = subprocess.run(
            [sys.executable, "-c", script, *packages],
            env=self.environment(checkout),
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        found = [Path(line).resolve() for line in done.stdout.split()]
        if done.returncode or "advisor" not in packages:
            sys.exit(f"{checkout} cannot be run here:\n{done.stderr}")
        if outside := [path for path in found if checkout not in path.parents]:
            sys.exit(f"{outside[0]} is imported in place of what is in {checkout}.")

    def inputs_of(self, command: Command, made: Iterable[str]) -> list[Path]:
        """Return the inputs that a command names; what the making commands ``made`` are none of their own."""
        return [path for path in sorted(self.inputs.iterdir()) if path.name not in made and command.names(path.name)]

    def run(self, command: Command, checkout: Path, made: Iterable[str] = ()) -> Result:
        """Run a command in a fresh folder, which has the same path for every checkout."""
        work = self.folder / "work" / hashlib.sha256(command.line.encode()).hexdigest()[:12]
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for path in self.inputs_of(command, made):
            if path.is_dir():
                shutil.copytree(path, work / path.name)
            else:
                shutil.copy(path, work)
        before = contents(work)
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "advisor", *command.arguments],
            cwd=work,
            env=self.environment(checkout, command),
            input=(work / command.stdin).read_bytes() if command.stdin else b"",
            capture_output=True,
            timeout=1200,
        )
        seconds = time.monotonic() - begun
        after = contents(work)
        written = {name: content for name, content in after.items() if before.get(name) != content}
        written |= dict.fromkeys((name for name in before if name not in after), b"(removed)")
        shutil.rmtree(work)
        return Result(done.returncode, done.stdout, done.stderr, written, seconds)

    def run_old(self, command: Command, checkout: Path, made: Iterable[str] = ()) -> Result:
        """Return what a command does in OLD, from an earlier run where it did just that."""
        inputs = [(path.name, digest(path)) for path in self.inputs_of(command, made)]
        settings = {k: v for k, v in self.environment(checkout, command).items() if not v.startswith(str(self.folder))}
        what = json.dumps([command.line, inputs, self.about_old, sorted(settings.items()), str(self.folder)])
        kept = self.folder / "old" / hashlib.sha256(what.encode()).hexdigest()[:24]
        found = Result.read(kept)
        if found is None:
            found = self.run(command, checkout, made)
            if found.code >= 0:  # else something killed it, which says nothing of OLD
                found.write(kept)
        return found


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes, and every folder with none; pictures and locks as that."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            found[f"{name}/"] = b""
        else:
            found[name] = b"(there)" if path.name.endswith(PRESENT_ONLY) else path.read_bytes()
    return found


def digest(path: Path) -> str:
    """Return the SHA-256 of a file or of all of a folder but what Python compiles."""
    files = {"": path.read_bytes()} if path.is_file() else contents(path)
    sha = hashlib.sha256()
    for name, content in files.items():
        if "__pycache__" not in name:
            sha.update(f"{name} {len(content)} ".encode() + content)
    return sha.hexdigest()


# ---- Inputs: small, and the same at every run.

_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvwz" for vowel in "aeiou"]


def prose(seed: int, n_words: int) -> str:
    """Return sentences of made words, of which a few are frequent and each likes some successors."""
    draw = random.Random(f"prose {seed}").random
    names = random.Random("words")
    words = ["".join(names.choices(_SYLLABLES, k=1 + names.randrange(3))) for _ in range(300)]
    said, place, left = [], 0, 0
    for _ in range(n_words):
        place = (7 * place + int(9 * draw())) % 300 if draw() < 0.5 else int(300 * draw() ** 3)
        start = left == 0
        left = 4 + int(12 * draw()) if start else left - 1
        said.append((words[place].capitalize() if start else words[place]) + (". " if left == 0 else " "))
    return "".join(said).strip() + "\n"


def source_code(seed: int, n_functions: int) -> str:
    """Return functions that look alike."""
    draw = random.Random(f"code {seed}")
    parts = []
    for number in range(n_functions):
        name, other = ("_".join(draw.choices(_SYLLABLES, k=2)) for _ in range(2))
        parts.append(
            f"def {name}_{number}(value, {other}=None):\n"
            f'    """Return the {other.replace("_", " ")} of a value."""\n'
            f"    if {other} is None:\n        {other} = {draw.randrange(100)}\n"
            f"    for index in range({draw.randrange(2, 9)}):\n"
            f"        value = value * index + {other} % {draw.randrange(2, 50)}\n"
            f"    return value\n\n"
        )
    return "".join(parts)


def runs(law: Mapping[str, float], *, seed: int, noise: float, n: Iterable[float], d: Iterable[float]) -> list[Row]:
    """Return a run for each N and D of a law, with lognormal noise."""
    draw = random.Random(f"runs {seed}")
    found: list[Row] = []
    tokens = list(d)
    for n_params in n:
        for n_tokens in tokens:
            loss = law["E"] + law["A"] * n_params ** -law["alpha"] + law["B"] * n_tokens ** -law["beta"]
            loss *= math.exp(noise * draw.gauss(0.0, 1.0))
            found.append({"n_params": round(n_params), "n_tokens": round(n_tokens), "loss": round(loss, 6)})
    return found


Row = dict[str, Any]
_LAW = {"E": 1.7, "A": 400.0, "B": 900.0, "alpha": 0.34, "beta": 0.33}


def spaced(low: float, high: float, n: int) -> list[float]:
    return [low * (high / low) ** (i / (n - 1)) for i in range(n)]


def write_csv(path: Path, rows: list[Row], delimiter: str = ",") -> None:
    import csv

    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_json(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def make_inputs(folder: Path, old: Path) -> None:
    """Make all inputs but those that commands make; ``old`` has the shipped coefficients and ledgers."""
    folder.mkdir(parents=True)
    _make_corpora(folder)
    _make_tables_of_text(folder)
    _make_runs(folder)
    _make_laws_and_profiles(folder)
    _make_coefficients(folder, old / "data" / "fitted_coefficients.json")
    _make_ledgers(folder, old / "data" / "calibrations")


def _make_corpora(folder: Path) -> None:
    for name in ("prose", "code", "mixed", "mixed/.hidden", "mixed/__pycache__", "shards"):
        (folder / name).mkdir()
    for i in range(12):
        (folder / "prose" / f"{i:02}.txt").write_text(prose(i, 1500 + 100 * i))
        (folder / "code" / f"module{i}.py").write_text(source_code(i, 20 + i))
    for i in range(3):
        (folder / "mixed" / f"{i}.md").write_text(prose(20 + i, 2000))
        write_jsonl(folder / "shards" / f"{i}.jsonl", [{"text": prose(100 * i + j, 300)} for j in range(20)])
    (folder / "listings").mkdir()
    for i in range(30):
        (folder / "listings" / f"{i}.py").write_text(source_code(500 + i, 60))
    write_jsonl(folder / "books.jsonl", [{"text": prose(600 + i, 900)} for i in range(100)])
    (folder / "mixed" / ".hidden" / "more.txt").write_text(prose(30, 3000))
    (folder / "mixed" / "__pycache__" / "cached.txt").write_text(prose(31, 500))
    (folder / "mixed" / "empty.txt").write_text("")
    (folder / "mixed" / "image.gif").write_bytes(bytes(range(256)))
    (folder / "mixed" / "notes.txt").write_text(prose(32, 400))
    write_jsonl(folder / "mixed" / "rows.jsonl", [{"text": prose(33, 200)}])
    (folder / "latin.txt").write_bytes(prose(40, 3000).replace("e", "é").encode("latin-1"))
    (folder / "tiny.txt").write_text("A few words.\n")
    (folder / "empty.txt").write_text("")
    (folder / "picture.bin").write_bytes(bytes(range(256)) * 4)
    text = "".join(prose(50 + i, 2000) for i in range(3))
    (folder / "prose.txt.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _make_tables_of_text(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import zstandard
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    texts = [prose(200 + i, 250 + 10 * i) for i in range(40)]
    rows = [{"text": text, "id": i} for i, text in enumerate(texts)]
    path = folder / "prose.jsonl"
    write_jsonl(path, rows)
    packers: Mapping[str, Callable[[bytes], bytes]] = {
        "gz": partial(gzip.compress, mtime=0),
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zst": zstandard.ZstdCompressor().compress,
    }
    for ending, packed in packers.items():
        (folder / f"prose.jsonl.{ending}").write_bytes(packed(path.read_bytes()))
    write_csv(folder / "prose.csv", rows)
    write_csv(folder / "prose.tsv", rows, "\t")
    write_json(folder / "prose.json", rows)
    write_csv(folder / "numbers.csv", [{"a": i, "b": i * i} for i in range(50)])
    table = pa.table({"text": texts, "id": range(40)})
    pq.write_table(table, folder / "prose.parquet", row_group_size=15)
    (folder / "saved").mkdir()
    write_json(folder / "saved" / "state.json", {"_data_files": [{"filename": "data-00000-of-00001.arrow"}]})
    for name in ("prose.arrow", "saved/data-00000-of-00001.arrow"):
        with pa.ipc.new_stream(folder / name, table.schema) as writer:
            writer.write_table(table, max_chunksize=15)
    draw = random.Random("ids")
    ids = [[int(5000 * draw.random() ** 4) for _ in range(700)] for _ in range(30)]
    pq.write_table(pa.table({"input_ids": pa.array(ids, pa.list_(pa.int32()))}), folder / "ids.parquet")
    messages = [{"role": ("user", "assistant")[i % 2], "content": prose(300 + i, 120)} for i in range(60)]
    write_jsonl(folder / "chat.jsonl", [{"messages": messages[i : i + 4]} for i in range(0, 60, 4)])
    write_jsonl(folder / "two-columns.jsonl", [{"title": text[:40], "text": text, "words": 3} for text in texts])
    write_jsonl(folder / "short.jsonl", [{"text": prose(400 + i, 20)} for i in range(600)])
    lines = path.read_text().splitlines(keepends=True)
    (folder / "bad.jsonl").write_text("".join([*lines[:20], '{"text": "cut off\n', *lines[20:], '{"text": 7}\n']))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))


def _make_runs(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    n, d = spaced(2e7, 4e9, 6), spaced(1e9, 2e11, 6)
    grid = runs(_LAW, seed=0, noise=0.002, n=n, d=d)
    write_csv(folder / "grid.csv", grid)
    write_csv(folder / "noisy.csv", runs(_LAW, seed=1, noise=0.2, n=n, d=d))
    write_csv(folder / "few.csv", grid[::9])
    write_csv(folder / "line.csv", [grid[7 * i] | {"loss": grid[7 * i]["loss"] - i / 100} for i in range(6)] * 2)
    write_csv(folder / "holes.csv", [*grid[:30], grid[30] | {"loss": "nan"}, grid[31] | {"loss": 0}])
    write_csv(folder / "millions.csv", [row | {"n_params": row["n_params"] / 1e6} for row in grid])
    write_csv(folder / "words.csv", [*grid[:9], grid[9] | {"loss": "low"}])
    groups: list[Row] = []
    for i, (corpus, h) in enumerate((("code", 0.38), ("html", 0.42), ("news", 0.5), ("prose", 0.57))):
        law = {"E": 1.2 + 0.8 * h, "A": 700.0, "B": 1100.0, "alpha": 0.40 - 0.1 * h, "beta": 0.36}
        rows = runs(law, seed=2 + i, noise=0.002, n=spaced(1e7, 3e9, 5), d=d)
        groups += [{**row, "corpus": corpus, "compressibility": h, "seed": j % 2} for j, row in enumerate(rows)]
    write_csv(folder / "groups.csv", groups)
    # Early runs: hardly trained, on few tokens; some no better than guessing.
    early: list[Row] = []
    for i, (corpus, h) in enumerate((("a", 0.2), ("b", 0.4), ("c", 0.6))):
        law = {"E": 0.2, "A": 5.0 + 30 * h, "B": 30.0, "alpha": 0.08, "beta": 0.2}
        for row in runs(law, seed=9 + i, noise=0.05, n=spaced(5e6, 5e8, 5), d=spaced(8e3, 1e6, 5)):
            early.append({**row, "loss": min(row["loss"], 10.3), "corpus": corpus, "H": h, "vocab_size": 32000})
    write_csv(folder / "early.csv", early)
    # Repeated data, whose value decays: D' = U + U R (1 - exp(-(epochs - 1) / R)).
    repeated = []
    for unique in (1e9, 8e9, 2e11):
        for row in runs({**_LAW, "B": 0.0}, seed=20, noise=0.0, n=n, d=d):
            epochs = max(row["n_tokens"] / unique, 1.0)
            worth = min(row["n_tokens"], unique) + unique * 15.4 * (1 - math.exp(-(epochs - 1) / 15.4))
            noise = math.exp(0.002 * random.Random(f"{unique} {row}").gauss(0.0, 1.0))
            loss = (row["loss"] + _LAW["B"] * worth ** -_LAW["beta"]) * noise
            repeated.append({**row, "loss": loss, "unique_tokens": min(unique, row["n_tokens"])})
    write_jsonl(folder / "repeated.jsonl", repeated)
    renamed = [{"model_size": r["n_params"], "token_ct": r["n_tokens"], "val": r["loss"]} for r in grid]
    flops = [6 * row["n_params"] * row["n_tokens"] for row in grid]
    columns = {name: [row[name] for row in renamed] for name in renamed[0]} | {"flops": [float(c) for c in flops]}
    pq.write_table(pa.table(columns), folder / "renamed.parquet")
    checkpoints = runs(_LAW, seed=30, noise=0.004, n=spaced(1e7, 1e9, 7), d=spaced(5e8, 5e10, 6))
    write_csv(
        folder / "checkpoints.csv",
        [{**row, "model": f"m{i // 6}", "seed": 0, "weight": 1 + i % 3} for i, row in enumerate(checkpoints)],
    )


def _make_laws_and_profiles(folder: Path) -> None:
    plain = {"schema_version": 1, "count": "total", "E": 1.8, "A": 450.0, "B": 1500.0, "alpha": 0.35, "beta": 0.36}
    write_json(folder / "plain-law.json", plain)
    write_json(folder / "odd-law.json", plain | {"A": -1})
    (folder / "broken.json").write_text('{"schema_version": 1, "default": null, "calibra')
    protocol = {"tokenizer": "mistral-v1", "seq_len": 256, "n_sequences": 1000, "level": 9, "encoding": "int32-be"}
    measured = {"median": 0.4, "mean": 0.41, "sd": 0.05, "ci95": [0.39, 0.41], "shuffled_median": 0.5, "ceiling": 0.727}
    web = {
        "source": "web",
        "protocol": protocol | {"chunking": "document", "statistic": "median"},
        "compressibility": measured,
        "n_documents_seen": 100,
        "n_documents_skipped": 0,
        "n_sequences": 1000,
        "bytes_per_token": 3.5,
        "estimated_tokens": 2.5e10,
        "zlib_version": "1.3.1",
    }
    books = web | {"source": "books", "compressibility": measured | {"median": 0.46, "ci95": [0.44, 0.47]}}
    unmeasured = web | {"source": "unmeasured", "estimated_tokens": None, "bytes_per_token": None}
    write_json(folder / "big.json", {"schema_version": 1, "corpora": [web, books, unmeasured]})


def _make_coefficients(folder: Path, shipped: Path) -> None:
    """Make coefficients files of the shipped one; where it has no weight for H, one with a weight."""
    found = json.loads(shipped.read_text())
    grammars, text = found["calibrations"]
    one = {"schema_version": 1, "default": "text", "calibrations": [text]}
    weighty = [
        calibration
        | {"name": name, "epsilon": epsilon}
        | {"epsilon_estimate": calibration["epsilon_estimate"] | {"value": epsilon}}
        for calibration, name, epsilon in ((grammars, "weighty-grammars", 0.6), (text, "weighty-text", 0.4))
    ]
    write_json(folder / "weighty.json", {"schema_version": 1, "default": "weighty-text", "calibrations": weighty})
    other = text | {"protocol": text["protocol"] | {"seq_len": 128}}
    write_json(folder / "protocol.json", one | {"calibrations": [other]})
    write_json(folder / "no-default.json", found | {"default": None})
    write_json(folder / "none.json", {"schema_version": 1, "default": None, "calibrations": []})
    write_json(folder / "future.json", found | {"schema_version": 2})
    mine = {"schema_version": 1, "default": "mine", "calibrations": [weighty[1] | {"name": "mine"}]}
    for name in ("installed", "damaged"):
        write_json(folder / name / "calibrations" / "mine.json", mine)
    (folder / "damaged" / "calibrations" / "torn.json").write_text('{"schema_version": 1, ')


def _make_ledgers(folder: Path, shipped: Path) -> None:
    """Make calibrations to fit again: two whole, three with the rows of some sources, for less takes less time."""
    parts = {
        "few-text": ("text", ("symbols", "svg", "perl", "python", "html", "rst", "prose")),
        "few-two-way": ("pcfg-two-way", ("H35R16", "H55R08", "H45R04")),
        "few-paper": ("pcfg-paper", ("A1", "G4", "V6")),
        "ladder": ("pcfg-ladder", None),
        "recipe": ("pcfg-paper-recipe", None),
    }
    for name, (whole, sources) in parts.items():
        (folder / name).mkdir()
        shutil.copy(shipped / whole / "plan.json", folder / name)
        rows = [json.loads(line) for line in (shipped / whole / "runs.jsonl").read_text().splitlines()]
        write_jsonl(folder / name / "runs.jsonl", [r for r in rows if sources is None or r["source"] in sources])
    plan = json.loads((folder / "recipe" / "plan.json").read_text())
    plan["jobs"][0]["rate"] = "fast"
    write_json(folder / "damaged-plan" / "plan.json", plan)


def compare(bench: Bench, checkouts: tuple[Path, Path], only: str, n_jobs: int) -> bool:
    """Run and print everything; return whether all is the same."""
    old, new = checkouts
    making = commands(MAKING)
    chosen = [*commands(CALIBRATE), *making, *commands(GRAMMAR + FIT + SCORE + RECOMMEND + COMPARE + OTHERS)]
    chosen = [command for command in chosen if only in command.line]
    if not chosen:
        sys.exit(f"No command holds {only!r}.")
    with ThreadPoolExecutor(n_jobs) as pool:
        made: dict[str, bytes] = {}
        for result in pool.map(lambda command: bench.run_old(command, old), making):
            made |= {name: content for name, content in result.files.items() if not name.endswith("/")}
        for name, content in made.items():
            (bench.inputs / name).parent.mkdir(exist_ok=True)
            (bench.inputs / name).write_bytes(content)
        tops = {Path(name).parts[0] for name in made}

        def both(command: Command) -> tuple[Command, Result, Result]:
            own = tops if command in making else ()
            return command, bench.run_old(command, old, own), bench.run(command, new, own)

        n_others = 0
        for done in as_completed(pool.submit(both, command) for command in chosen):
            command, before, after = done.result()
            found = list(differences(command, before, after, checkouts))
            if before.code != command.exits:
                found.append(f"OLD exits with {before.code}, not with {command.exits}")
            if b"Traceback" in before.stderr:
                found.append("OLD prints a traceback")
            n_others += bool(found)
            print(f"{'DIFFERENT' if found else 'same     '}  {after.seconds:5.1f} s  {command.line}", flush=True)
            for line in found:
                print(f"    {line}", flush=True)
    print(f"{len(chosen)} commands, {n_others} of them DIFFERENT.")
    return n_others == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, metavar="OLD", help="a checkout")
    parser.add_argument("new", type=Path, metavar="NEW", help="another checkout")
    parser.add_argument("--only", default="", metavar="WORD", help="commands that hold this alone")
    parser.add_argument("--jobs", type=int, default=2, help="commands at once (default 2)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="what OLD did is kept there")
    given = parser.parse_args()
    checkouts = given.old.resolve(), given.new.resolve()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(f"{folder} is in use by another run of this script.")
            bench = Bench(folder, checkouts[0])
            for checkout in checkouts:
                bench.check(checkout)
            same = compare(bench, checkouts, given.only, given.jobs)
    print(f"{time.monotonic() - begun:.0f} s")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
