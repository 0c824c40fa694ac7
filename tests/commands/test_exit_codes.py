"""One exit code for one kind of mistake, whatever the command: 2 what was asked wrongly, 1 what went wrong."""

from __future__ import annotations

import importlib
import shlex
import shutil
from pathlib import Path

import click
import pytest

from advisor.cli import COMMANDS

RUNS = Path(__file__).parents[1] / "fit" / "grid36.csv"
NO_LAW = ("repeat --unique-tokens 1B --law {}", "table --flops 1e20 --law {}", "recommend --flops 1e21 --law {}")
# Where a file is named that is read: {} is it.
FILES = (
    "score {}",
    "score t.txt --tokenizer {}",
    "recommend {} --flops 1e21",
    "recommend --flops 1e21 --profile {}",
    "recommend --flops 1e21 --coefficients {}",
    *NO_LAW,
    "compare {} --flops 1e21",
    "compare --profile {} --flops 1e21",
    "pilot {} --flops 1e20",
    "report {} --flops 1e21 --out x.html",
    "report {} --out x.html",
    "laws --coefficients {}",
    "evidence --coefficients {}",
    "fit {}",
    "fit runs.csv --predict {}",
    "fit runs.csv --repeat-over {}",
    "fit runs.csv --group seed --covariate compressibility --profiles {}",
    "grammar --grammars {}",
    "calibrate --corpus x={} --tokenizer bytes --out new",
    "calibrate --refit {}",
)
# Where a folder may stand too: of what is in it something may be wrong.
OF_FOLDERS = (
    "score {}",
    "recommend {} --flops",
    "compare {}",
    "pilot {}",
    "report {}",
    "calibrate --corpus",
    "calibrate --refit",
    "--tokenizer",
)
# Where a file is named that is written.
OUTPUTS = (
    "score long.txt --tokenizer bytes --out {}",
    "recommend --flops 1e21 --out {}",
    "recommend --flops 1e21 --plot {}",
    "compare --flops 1e21 --flops 1e22 --out {}",
    "repeat --unique-tokens 1B --out {}",
    "table --flops 1e20 --out {}",
    "report --flops 1e21 --out {}",
    "pilot --flops 1e20 --out {}",
    "fit runs.csv --out {}",
    "fit runs.csv --plot {}",
)
# Where a folder is named.
FOLDERS = (
    "score long.txt --all --scratch {}",
    "grammar paper --out {}",
    "calibrate --preset smoke --out {}",
    "calibrate --preset smoke --prepare {}",
)
# What /dev/full is no name for, or what takes seconds before it writes.
ENDINGS = ("report", "pilot", "fit")


def refused(advisor, line, code, *last):
    """Run a command line, which ends with one sentence and this code."""
    result = advisor(*shlex.split(line))
    assert "Traceback" not in result.stderr
    said = result.stderr.splitlines()[-1]
    assert (line, said[:7], result.code, result.stdout) == (line, "Error: ", code, "")
    for words in last:
        assert words in said
    assert not Path("new").exists()


@pytest.fixture
def here(tmp_path, monkeypatch, advisor):
    """A folder with files that are none of ours, and a function that runs a command line in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    shutil.copy(RUNS, "runs.csv")
    Path("t.txt").write_text("a text\n")
    Path("long.txt").write_text("a text of some words\n" * 500)
    Path("wrong.json").write_text('{"a": 1}')
    Path("folder").mkdir()
    return lambda line, code, *last: refused(advisor, line, code, *last)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "explain"])  # which looks up any words
def test_an_unknown_option_is_asked_wrongly(here, command):
    here(f"{command} --nosuch", 2, "No such option", "--nosuch")


@pytest.mark.parametrize("line", FILES)
def test_a_file_that_is_not_there_is_asked_wrongly(here, line):
    here(line.format("./no.json"), 2, "no.json")


@pytest.mark.parametrize("line", [*FILES, *OUTPUTS, *FOLDERS])
def test_an_empty_name_is_asked_wrongly(here, line):
    here(line.format("''"), 2, "empty")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_option_of_one_value_cannot_be_given_twice(here, name):
    command = importlib.import_module(COMMANDS[name]).command
    options = [one for one in command.params if isinstance(one, click.Option)]
    for one in options:
        if not (one.multiple or one.is_flag or one.count):
            here(f"{name} {one.opts[0]} 1 {one.opts[0]}=2", 2, f"{one.opts[0]} is given 2 times; it takes one value.")


@pytest.mark.parametrize("line", ["compare --flops 1e21 --flops 1e22", "recommend --flops 1e21 --json --json"])
def test_options_of_several_values_and_flags_can_be_given_again(advisor, line):
    assert advisor(*line.split()).code == 0


@pytest.mark.parametrize("line", ["score {}", "recommend {} --flops 1e21", "compare {} --flops 1e21"])
def test_a_pattern_that_nothing_matches_is_asked_wrongly(here, line):
    here(line.format("'no*.json'"), 2, "No file matches no*.json.")


@pytest.mark.parametrize(
    "line", [line for line in FILES if not any(line.startswith(o) or o in line for o in OF_FOLDERS)]
)
def test_a_folder_in_the_place_of_a_file_is_asked_wrongly(here, line):
    here(line.format("folder"), 2, "folder")


@pytest.mark.parametrize("line", [line for line in FILES if not line.startswith("calibrate --refit")])
def test_a_file_of_something_else_is_a_failure(here, line):
    here(line.format("wrong.json"), 1, "wrong.json")


@pytest.mark.parametrize("line", OUTPUTS)
@pytest.mark.parametrize("where", ["folder", "no/x.svg"])
def test_a_place_where_no_file_can_be_is_asked_wrongly(here, line, where):
    here(line.format(where), 2, where)


@pytest.mark.parametrize("line", ["grammar paper --out {}", "calibrate --refit {} --out {}", "calibrate --prepare {}"])
@pytest.mark.parametrize("where", ["t.txt", "t.txt/new"])
def test_a_place_where_no_folder_can_be_is_asked_wrongly(here, line, where):
    here(line.format(where, where), 2)


@pytest.mark.parametrize("line", [line for line in OUTPUTS if "--plot" not in line and not line.startswith(ENDINGS)])
def test_a_full_disk_is_a_failure(here, advisor, line):
    result = advisor(*shlex.split(line.format("/dev/full")))
    assert (line, result.code) == (line, 1)
    assert result.stderr.splitlines()[-1].startswith("Error: Cannot write /dev/full: No space left on device")


@pytest.mark.parametrize(
    "line",
    [
        "recommend --flops 1e21 --law nosuch",
        "repeat --unique-tokens 1B --law nosuch",
        "table --flops 1e20 --law nosuch",
        "recommend --flops 1e21 --calibration nosuch",
        "recommend --gpu nosuch --gpus 8 --hours 3",
        "compare long.txt t.txt --flops 1e21 --tokenizer nosuch",
        "score long.txt --tokenizer nosuch",
        "score long.txt --format nosuch",
        "score wrong.json --column nosuch",
        "pilot --flops 1e20 --calibration nosuch",
        "report --flops 1e21 --law nosuch --out x.html",
        "fit runs.csv --group nosuch",
        "fit runs.csv --columns loss=nosuch",
        "fit runs.csv --columns nosuch=loss",
        "grammar nosuch",
        "grammar paper --only nosuch",
        "calibrate --preset nosuch",
        "calibrate --grammars nosuch",
        "calibrate --preset smoke --only nosuch",
        "calibrate --preset smoke --device nosuch",
        "laws nosuch",
        "explain nosuch",
        "schema nosuch",
        "completion nosuch",
        "recommend --flops 1e21 --fail-on nosuch",
    ],
)
def test_an_unknown_name_is_asked_wrongly(here, line):
    here(line, 2)


@pytest.mark.parametrize(
    "line",
    [
        "recommend --flops 5",
        "recommend --params 1e300",
        "recommend --target-loss 1.5",
        "recommend --target-loss 2.5 --law kaplan",
        "recommend --flops 1e22 --unique-tokens 1B --law deepseek",
        "recommend --flops 1e22 --inference-tokens 1T --law kaplan",
        "repeat --unique-tokens 1B --flops 5",
        "repeat --unique-tokens 1B --law kaplan",
        "compare --flops 5 --flops 1e21",
        "table --flops 5",
        "report --flops 5 --out x.html",
        "fit runs.csv --repeat-over kaplan",
    ],
)
def test_a_question_without_an_answer_is_asked_wrongly(here, line):
    here(line, 2)


@pytest.mark.parametrize(
    "line",
    [
        "recommend --flops 0",
        "recommend --flops nan",
        "recommend --flops 1e21 --compressibility 2",
        "recommend --flops 1e21 --unique-tokens -1",
        "score t.txt --seq-len 0",
        "compare t.txt --flops -1",
        "repeat --unique-tokens 0",
        "table --flops 0",
        "table --sizes 0",
        "pilot --flops 0",
        "report --flops 0 --out x.html",
        "fit runs.csv --bootstrap -1",
        "grammar paper --documents 0",
        "grammar --target-h 2",
        "grammar --shape 0,1,1,1",
        "calibrate --preset smoke --vocab-size 1",
        "calibrate --preset smoke --vocab-size 2 --dry-run",
        "calibrate --preset smoke --h-ref 2",
    ],
)
def test_a_number_out_of_range_is_asked_wrongly(here, line):
    here(line, 2)


@pytest.mark.parametrize(
    "line",
    [
        "recommend",
        "recommend --flops 1e21 --gpu H100 --gpus 8 --hours 3",
        "recommend --flops 1e21 --compressibility .4 --profile wrong.json",
        "score",
        "compare",
        "report",
        "repeat",
        "table --flops 1e20 --sizes 1B",
        "pilot",
        "fit",
        "grammar",
        "grammar paper --shape 1,1,1,1",
        "grammar paper --tokens 1M",
        "calibrate",
        "calibrate --preset smoke --extend",
        "calibrate --refit folder --preset smoke",
        "evidence extra",
    ],
)
def test_what_is_missing_or_contradicts_itself_is_asked_wrongly(here, line):
    here(line, 2)
