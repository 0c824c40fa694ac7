"""The ledger: whole lines, whoever is killed or writes beside; keys that hold what a loss follows from."""

import dataclasses
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.errors import AdvisorError
from calibration.campaign.ledger import Ledger, merged, rows_digest, sign
from calibration.campaign.lock import lock
from calibration.lines.records import Row
from calibration.training.run_key import run_key
from calibration.training.schedule import PAPER, Recipe, make_schedule
from tests.training.toy_training import TOY

ROOT = Path(__file__).parents[2]
ROW = Row(
    key="0" * 32,
    source="A2",
    data="d" * 32,
    width=8,
    n_layers=2,
    n_heads=2,
    vocab_size=5,
    seq_len=16,
    n_params=1704,
    n_non_embedding=1624,
    seed=0,
    n_tokens=640,
    n_steps=10,
    loss=1.25,
    standard_error=0.01,
    train_loss=1.3,
    few_steps=True,
    rate=0.02,
    halvings=0,
    recipe={"batches": [[0, 64]], "cooldown": 0.2},
    hardware={"device": "cpu"},
)


def row(number, **changes):
    return dataclasses.replace(ROW, key=f"{number:032x}", **changes)


def sentence(call, *arguments):
    with pytest.raises(AdvisorError) as error:
        call(*arguments)
    return str(error.value)


def test_rows_come_back_as_they_were_by_their_keys(ledger):
    assert ledger.rows() == ()
    for number in (3, 1, 2):
        ledger.append(row(number, loss=0.1 + 0.2 * number))
    assert ledger.rows() == tuple(row(number, loss=0.1 + 0.2 * number) for number in (1, 2, 3))
    assert ledger.keys() == {f"{number:032x}" for number in (1, 2, 3)}
    assert len(ledger.path.read_text().splitlines()) == 3


def test_the_first_of_two_rows_with_a_key_and_a_loss_counts(ledger):
    ledger.append(row(1, hardware={"device": "cpu"}))
    ledger.append(row(1, hardware={"device": "cuda"}))
    assert [one.hardware for one in ledger.rows()] == [{"device": "cpu"}]


@pytest.mark.parametrize("loss", [2.0, 1.2500000000000002])
def test_two_losses_of_one_run_are_both_named(ledger, loss):
    for one in (row(2), row(1), row(1), row(2, loss=loss)):
        ledger.append(one)
    assert sentence(ledger.rows) == (
        f"{ledger.path}, lines 1 and 4 have two losses of one run (A2, width 8, 640 tokens): 1.25 and {loss!r}: remove "
        "the line that is not to be believed, or both, and it is trained again."
    )


@pytest.mark.parametrize("torn", [b'{"key": "000', b"\0" * 200_000, b"x" * 70_000])
def test_a_torn_last_line_is_left_out_and_cut_off_by_the_next_row(ledger, torn):
    ledger.append(row(1))
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole + torn)
    assert ledger.rows() == (row(1),)
    assert ledger.path.read_bytes() == whole + torn  # reading changes nothing
    ledger.append(row(2))
    assert ledger.path.read_bytes().startswith(whole + b'{"key": ')
    assert ledger.rows() == (row(1), row(2))


def test_a_ledger_that_is_one_torn_line_is_begun_again(ledger):
    ledger.path.write_bytes(b'{"key"')
    assert ledger.rows() == ()
    ledger.append(row(1))
    assert ledger.rows() == (row(1),)


@pytest.mark.parametrize("change", [{"loss": 0.875}, {"n_tokens": 6400}, {"hardware": {}}, {"seed": 1}, {"more": 1}])
def test_a_row_that_was_changed_is_not_believed(ledger, change):
    for number in (1, 2, 3):
        ledger.append(row(number))
    lines = ledger.path.read_text().splitlines(keepends=True)
    lines[1] = json.dumps({**json.loads(lines[1]), **change}) + "\n"
    ledger.path.write_text("".join(lines))
    assert sentence(ledger.rows) == (
        f"{ledger.path}, line 2 was altered after it was written: its digest is of another row: remove that line, and "
        "its run is trained again."
    )


def test_every_flipped_byte_is_found(ledger):
    ledger.append(row(1))
    whole = ledger.path.read_bytes()
    for place in range(len(whole) - 1):
        ledger.path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert f"{ledger.path}, line 1" in sentence(ledger.rows)


def test_rows_of_older_ledgers_are_read_and_can_be_signed(ledger):
    for number in (1, 2):
        ledger.append(row(number))
    signed = ledger.path.read_bytes()
    documents = [json.loads(line) for line in signed.splitlines()]
    first = json.dumps({key: value for key, value in documents[0].items() if key != "digest"}) + "\n"
    ledger.path.write_bytes(first.encode() + signed.splitlines(keepends=True)[1])
    assert [(line.number, line.is_signed) for line in ledger.lines()] == [(1, False), (2, True)]
    assert ledger.rows() == (row(1), row(2))
    digest = ledger.digest()
    assert sign(ledger.path) == 1
    assert ledger.path.read_bytes() == signed
    assert (sign(ledger.path), ledger.digest()) == (0, digest)


def test_what_is_no_ledger_is_not_read_for_ever(ledger):
    ledger.path.write_bytes(b"x" * (1 << 20) + b"\n")
    assert sentence(ledger.rows) == (
        f"{ledger.path}, line 1 has over 1,048,576 bytes, so it is no row: remove that line, and its run is trained "
        "again."
    )
    ledger.path.unlink()
    os.mkfifo(ledger.path)
    assert sentence(ledger.rows) == f"{ledger.path} is a pipe or a device, and no ledger: remove it."


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"", "is not JSON"),
        (b"[]", "the document must be an object, not a list"),
        (b'{"key": 1}', "key must be a string, not 1"),
        (b'{"key": "1"}', "source is missing"),
    ],
)
def test_a_corrupt_line_elsewhere_is_said(ledger, line, problem):
    ledger.append(row(1))
    ledger.path.write_bytes(ledger.path.read_bytes() + line + b"\n")
    ledger.append(row(2))
    said = sentence(ledger.rows).replace(f"{ledger.path}, line 2: ", "").replace(f"{ledger.path}, line 2 ", "")
    assert said == f"{problem}: remove that line, and its run is trained again."


def test_a_disk_that_is_full_loses_nothing(ledger):
    ledger.append(row(1))
    before, (soft, hard) = ledger.path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))  # the first write comes back short
    try:
        said = sentence(ledger.append, row(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert said == (
        f"Cannot write a row to {ledger.path}: File too large; no row before it is lost: "
        "mend that and give the command again."
    )
    assert ledger.path.read_bytes() == before
    ledger.append(row(2))
    assert ledger.rows() == (row(1), row(2))


def test_a_ledger_that_cannot_be_opened_is_said(tmp_path):
    said = sentence(Ledger(tmp_path / "none" / "runs.jsonl").append, row(1))
    assert said.startswith(f"Cannot write a row to {tmp_path}/none/runs.jsonl: No such file or directory; ")
    (tmp_path / "runs.jsonl").mkdir()
    assert sentence(Ledger(tmp_path / "runs.jsonl").rows) == f"Cannot read {tmp_path}/runs.jsonl: Is a directory."


@pytest.fixture
def powerless(tmp_path, monkeypatch):
    """A function that takes this folder's and this process's rights away: root could write anywhere."""
    monkeypatch.chdir(tmp_path)  # the folders above may be closed to others
    root = os.geteuid() == 0

    def take():
        for path in tmp_path.iterdir():
            path.chmod(0o444)
        tmp_path.chmod(0o555)
        if root:
            os.seteuid(65534)

    yield take
    if root:
        os.seteuid(0)
    tmp_path.chmod(0o755)


def test_a_read_only_ledger_is_said_and_still_read(powerless):
    ledger = Ledger(Path("runs.jsonl"))
    ledger.append(row(1))
    powerless()
    assert sentence(ledger.append, row(2)) == (
        "Cannot write a row to runs.jsonl: Permission denied; no row before it is lost: "
        "mend that and give the command again."
    )
    assert sentence(Ledger(Path("new.jsonl")).append, row(2)).startswith("Cannot write a row to new.jsonl: Permission ")
    assert ledger.rows() == (row(1),)


def test_a_read_only_folder_is_not_locked(powerless):
    powerless()
    with pytest.raises(AdvisorError) as error, lock(Path()):
        pass
    assert str(error.value) == "Cannot work in .: Permission denied; name a folder that you can write to."


WRITER = """
import sys
from pathlib import Path
from calibration.campaign.ledger import Ledger
from tests.campaign.test_ledger import row
ledger, first = Ledger(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + int(sys.argv[3])):
    ledger.append(row(number, recipe={"long": "s" * (number % 97 + 1) * 50}))
    print(number, flush=True)
"""


def start_writer(ledger, first, n_rows):
    paths = str(ROOT)
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(ledger.path), str(first), str(n_rows)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )


def test_processes_append_beside_each_other_and_killed_ones_lose_nothing_they_had_written(ledger):
    writers = [start_writer(ledger, 10_000 * i, 60) for i in (1, 2)]
    killed = start_writer(ledger, 30_000, 9_000)
    written = {int(killed.stdout.readline()) for _ in range(25)}
    killed.kill()
    written |= {int(line) for line in killed.stdout.read().splitlines()}
    assert killed.wait() == -9
    killed.stdout.close()
    for writer in writers:
        written |= {int(line) for line in writer.communicate(timeout=60)[0].splitlines()}
        assert writer.returncode == 0
    found = ledger.rows()
    extra = {int(one.key, 16) for one in found} - written
    assert {int(one.key, 16) for one in found} >= written
    assert len(extra) <= 1  # on disk, and killed before it could say so
    assert all(one.recipe == {"long": "s" * (int(one.key, 16) % 97 + 1) * 50} for one in found)
    assert len(written) >= 60 + 60 + 25


def test_reading_a_ledger_needs_no_torch():
    script = (
        "import sys, calibration.campaign.ledger, calibration.campaign.lock; "
        "print({'torch', 'numpy', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_digest_is_of_the_rows_and_not_of_their_order_or_hardware(tmp_path):
    one, other = Ledger(tmp_path / "one"), Ledger(tmp_path / "other")
    for number in (1, 2):
        one.append(row(number))
        other.append(row(3 - number, hardware={"device": "cuda"}))
    assert one.digest() == other.digest() == rows_digest([row(2), row(1)])
    for change in ({"loss": 1.25001}, {"rate": 0.01}, {"data": "e" * 32}, {"recipe": {}}):
        assert rows_digest([row(1), row(2, **change)]) != one.digest()
    assert rows_digest([row(1)]) != one.digest()


def test_ledgers_are_merged_by_key_and_the_first_wins(tmp_path):
    one, other, none = Ledger(tmp_path / "one"), Ledger(tmp_path / "other"), Ledger(tmp_path / "none")
    one.append(row(2, loss=1.0))
    other.append(row(2, loss=1.049))
    other.append(row(1))
    assert merged([one.lines(), none.lines(), other.lines()]) == (row(1), row(2, loss=1.0))
    assert merged([other.lines(), one.lines()]) == other.rows()
    assert merged([]) == ()


def test_ledgers_that_disagree_are_both_named(tmp_path):
    one, other = Ledger(tmp_path / "one"), Ledger(tmp_path / "other")
    one.append(row(2, loss=1.0))
    other.append(row(2, loss=1.051))
    assert sentence(merged, [one.lines(), other.lines()]) == (
        f"{one.path} and {other.path} disagree on run {2:032x} (A2, width 8, 640 tokens): a loss of 1.0000 against "
        "1.0510, more than 5 standard errors apart: leave one of them out."
    )


def key(recipe=None, counts=(640, 1280, 2560), place=1, **changes):
    plan = make_schedule(recipe or Recipe(batches=((0, 64),)), counts, seq_len=16)
    options = {"data": "d", "shape": TOY, "seed": 0, "rate": 0.02, **changes}
    return run_key(plan=plan, branch=plan.branches[place], **options)


def test_a_key_is_32_hexadecimal_digits_and_the_same_every_time():
    # Made by this test itself, version 1: rows that were written must be found again.
    assert key() == "b1e630216113b9b493d9a4ad17d290d9"
    assert json.loads(json.dumps(key())) == key()


def test_ways_to_the_same_steps_share_a_key():
    slow = Recipe(batches=((0, 64),), max_warmup=2)
    assert key(slow) == key(slow, counts=(1280,), place=0) == key(slow, counts=(640, 1280), place=1)
    assert key(slow) == key(dataclasses.replace(slow, batches=((0, 64), (1280, 512))))  # beyond this branch
    assert key(slow) == key(dataclasses.replace(slow, batches=((0, 64), (640, 64))))
    assert key(slow) == key(dataclasses.replace(slow, rate=0.02))  # the rate is given by itself
    assert key(slow, counts=(1290,), place=0) == key(slow)  # no more whole batches


def test_whatever_a_loss_follows_from_is_in_its_key():
    base = Recipe(batches=((0, 64),))
    different = [
        key(),
        key(place=0),
        key(data="e"),
        key(shape=dataclasses.replace(TOY, width=16)),
        key(shape=dataclasses.replace(TOY, n_layers=1)),
        key(shape=dataclasses.replace(TOY, n_heads=1)),
        key(shape=dataclasses.replace(TOY, vocab_size=6)),
        key(shape=dataclasses.replace(TOY, context=32)),
        key(seed=1),
        key(rate=0.01),
        key(code=2),
        key(counts=(1280,), place=0),  # a longer warmup, as it is a fifth of the smallest D
        key(dataclasses.replace(base, cooldown=0.5)),
        key(dataclasses.replace(base, cosine=True)),
        key(dataclasses.replace(base, max_warmup=1)),
        key(dataclasses.replace(base, batches=((0, 32),))),
        key(dataclasses.replace(base, batches=((0, 64), (1000, 128)))),
        key(PAPER, counts=(2**13, 2**14), place=1),
    ]
    assert len(set(different)) == len(different)


def test_batches_in_a_key_are_those_of_the_steps():
    from calibration.training.run_key import _batches

    for batches in (((0, 64), (1000, 128), (1900, 16)), ((0, 16), (8, 640)), ((0, 1), (100, 2), (1111, 500))):
        plan = make_schedule(Recipe(batches=batches), [40_000], seq_len=16)
        bound, walked = 0, []
        while bound < plan.n_documents:
            if not walked or walked[-1][1] != plan.batch(bound):
                walked.append((bound, plan.batch(bound)))
            bound += plan.batch(bound)
        assert _batches(plan, plan.n_documents) == walked
