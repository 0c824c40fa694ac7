import copy
import json
import math
import time
from pathlib import Path

import pytest

from advisor.calibrations.coefficients import load_coefficients, write_coefficients
from advisor.data_files import shipped_file
from advisor.errors import AdvisorError, CoefficientsError, UsageError
from tests.calibrations.hand_made import calibration, document, write


def edited(path: str, value: object) -> dict[str, object]:
    """Return the hand-made document with one field changed; REMOVE takes it out."""
    made = copy.deepcopy(document())
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    node = made
    for key in parents:
        node = node[key]
    if value is REMOVE:
        del node[last]
    else:
        node[last] = value
    return made


REMOVE = object()


def message(tmp_path: Path, content: object) -> str:
    """Return the complaint about a file with this content, without the file's name, which must lead it."""
    path = write(tmp_path / "c.json", content)
    with pytest.raises(CoefficientsError) as caught:
        load_coefficients(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text.replace(f"{path}: ", "").replace(str(path), "FILE")


@pytest.mark.usefixtures("nothing_ships")
def test_an_empty_list_has_no_calibration():
    found = load_coefficients()
    assert found.calibrations == ()
    assert found.default is None
    assert found.calibration() is None
    with pytest.raises(UsageError, match=r"^No calibration 'text' ships or is installed: there are none\.$"):
        found.calibration("text")


def test_what_ships_is_read_and_its_default_answers():
    found = load_coefficients()
    assert found.path == shipped_file("fitted_coefficients.json")
    one = found.calibration()
    assert (one is None) == (found.default is None)
    for each in found.calibrations:
        assert found.calibration(each.name) is each
        assert each.provenance.get("ledger_sha256") or each.provenance["table_sha256"]
        assert each.dependence.estimate is not None


def test_a_calibration_is_read_whole(tmp_path):
    found = load_coefficients(write(tmp_path / "c.json", document())).calibration()
    assert found is not None
    assert (found.name, found.recipe, found.protocol.tokenizer) == ("hand-made", "tuned", "mistral-v1")
    dependence = found.dependence
    assert dependence.regressions.log.slope == (1.5, -2.0, 1.0, -0.5, -0.1)
    assert dependence.regressions.linear.intercept == (0.2, 800.0, 500.0, 0.50, 0.42)
    assert len(dependence.draws) == 40
    assert dependence.draws[0].log.slope[1] == pytest.approx(-2 * (1 + 0.02 * math.sin(1)))
    assert dependence.draws[0].linear.intercept[4] == pytest.approx(0.42 * (1 + 0.02 * math.sin(19)))
    assert dependence.ranges.compressibility == (0.2, 0.6)
    assert found.sources[0].law is not None
    assert found.sources[0].law.alpha == 0.3
    assert found.sources[1].law is None
    assert found.sources[1].entropy_bound == 0.4


def test_several_calibrations_by_name(tmp_path):
    other = calibration(name="other", epsilon=0.7)
    found = load_coefficients(write(tmp_path / "c.json", document(calibration(), other)))
    assert [one.name for one in found.calibrations] == ["hand-made", "other"]
    chosen, default = found.calibration("other"), found.calibration()
    assert chosen is not None
    assert default is not None
    assert (chosen.dependence.epsilon, default.name) == (0.7, "hand-made")
    with pytest.raises(UsageError, match=r"has no calibration 'third': it has hand-made, other\.$"):
        found.calibration("third")
    assert load_coefficients(write(tmp_path / "d.json", document(default=None))).calibration() is None


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (
            "schema_version",
            2,
            "FILE has schema_version 2 and this advisor understands 1: upgrade data-scaling-advisor.",
        ),
        ("schema_version", "1", "schema_version must be a whole number of at least 1, not '1'."),
        ("schema_version", True, "schema_version must be a whole number of at least 1, not true."),
        ("schema_version", REMOVE, "schema_version is missing."),
        ("default", "nobody", "default must be null or one of the calibrations' names, not 'nobody'."),
        ("default", 3, "default must be a string, not 3."),
        ("calibrations", {}, "calibrations must be a list, not an object."),
        ("calibrations/0", [], "calibrations[0] must be an object, not a list."),
    ],
)
def test_what_is_wrong_with_the_document_is_said(tmp_path, path, value, complaint):
    assert message(tmp_path, edited(path, value)) == complaint


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("name", REMOVE, "name is missing."),
        ("epsilon", 1.5, "epsilon must be in [0, 1], not 1.5."),
        ("epsilon", None, "epsilon must be a finite number, not null."),
        ("h_ref", 0, "h_ref must be inside (0, 1), not 0."),
        ("count", "all", "count must be one of total, non-embedding, not 'all'."),
        ("protocol/seq_len", 0, "protocol.seq_len must be a whole number of at least 1, not 0."),
        ("protocol/seq_len", 256.0, "protocol.seq_len must be a whole number of at least 1, not 256.0."),
        ("protocol/level", REMOVE, "protocol.level is missing."),
        ("sources/0/compressibility", 1, "sources[0].compressibility must be inside (0, 1), not 1."),
        ("sources/0/law/A", 0, "sources[0].law.A must be in [1e-300, 1e+300], not 0."),
        ("sources/0/law/E", -1, "sources[0].law.E must be at least 0, not -1."),
        ("regression/log/log_A", REMOVE, "regression.log.log_A is missing."),
        ("regression/log/E/slope", "x" * 99, f"regression.log.E.slope must be a finite number, not '{'x' * 39}."),
        ("regression/linear/B/slope", True, "regression.linear.B.slope must be a finite number, not true."),
        ("regression/draws/5", [1.0] * 19, "regression.draws[5] must be a list of 20 finite numbers."),
        ("regression/draws/5", [*[1.0] * 19, math.nan], "regression.draws[5] must be a list of 20 finite numbers."),
        ("regression/draws/5", [*[1.0] * 19, None], "regression.draws[5] must be a list of 20 finite numbers."),
        ("regression/draws/5", [*[1.0] * 19, True], "regression.draws[5] must be a list of 20 finite numbers."),
        ("regression/draws", [[1.0] * 20] * 401, "regression.draws must hold at most 400 rows, not 401."),
        ("regression/scatter", [[0.0] * 10] * 39, "regression.scatter must have as many rows as draws, 40, not 39."),
        ("regression/scatter", [[0.0] * 9] * 40, "regression.scatter[0] must be a list of 10 finite numbers."),
        ("ranges/flops", [2.0, 1.0], "ranges.flops must be two numbers, the lower first."),
        ("ranges/flops", [1.0], "ranges.flops must be two numbers, the lower first."),
        ("provenance", "me", "provenance must be an object, not 'me'."),
    ],
)
def test_what_is_wrong_with_a_calibration_is_said(tmp_path, path, value, complaint):
    assert message(tmp_path, edited(f"calibrations/0/{path}", value)) == f"calibrations[0].{complaint}"


def test_the_same_name_twice(tmp_path):
    assert message(tmp_path, document(calibration(), calibration())) == "calibrations names 'hand-made' twice."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "FILE is not JSON: Expecting value at line 1."),
        (b'{"schema_version": 1,\n "calibrations": [', "FILE is not JSON: Expecting value at line 2."),
        (b"\xff\xfe{}", "FILE is not UTF-8 text (byte 0), so it is not JSON."),
        (b"[1]", "the document must be an object, not a list."),
        (b"[" * 100_000, "FILE is nested too deeply to be one of advisor's files."),
    ],
)
def test_a_file_that_is_no_json_document(tmp_path, content, complaint):
    path = tmp_path / "c.json"
    path.write_bytes(content)
    with pytest.raises(CoefficientsError) as caught:
        load_coefficients(path)
    assert str(caught.value).replace(f"{path}: ", "").replace(str(path), "FILE") == complaint


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(CoefficientsError, match=r"^Cannot read .*/no\.json: No such file or directory\.$"):
        load_coefficients(tmp_path / "no.json")
    with pytest.raises(CoefficientsError, match=r"^Cannot read .*: Is a directory\.$"):
        load_coefficients(tmp_path)


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / "c.json"
    made = document(calibration(extra={"p_value": 0.04}))
    write_coefficients(made, path)
    assert json.loads(path.read_text(encoding="utf-8")) == made
    assert load_coefficients(path) == load_coefficients(write(tmp_path / "c.json", made))
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) > 300  # a draw is one line
    assert [file.name for file in tmp_path.iterdir()] == ["c.json"]


def test_draws_are_a_sequence_that_is_read_as_often_as_one_likes(tmp_path):
    dependence = load_coefficients(write(tmp_path / "c.json", document())).calibrations[0].dependence
    draws = dependence.draws
    assert [*draws] == [*draws] == [draws[i] for i in range(40)] == draws
    assert draws[-2:] == [draws[38], draws[39]]
    assert draws != [*draws][:-1]


def test_nothing_is_written_unless_it_can_be_read_back(tmp_path):
    path = write(tmp_path / "c.json", document())
    before = path.read_bytes()
    with pytest.raises(CoefficientsError, match="epsilon must be in"):
        write_coefficients(edited("calibrations/0/epsilon", 2), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["c.json"]


def test_a_full_file_is_read_in_10_ms_of_cpu(tmp_path):
    """400 draws with scatter; the least of several runs, so that a busy machine does not matter."""
    path = tmp_path / "c.json"
    full = {"draws": [[0.1] * 20] * 400, "scatter": [[0.01] * 10] * 400}
    write_coefficients(document(calibration(regression={**calibration()["regression"], **full})), path)
    times = []
    for _ in range(7):
        start = time.process_time()
        load_coefficients(path)
        times.append(time.process_time() - start)
    assert min(times) < 0.010


def test_a_folder_that_cannot_be_written_to(tmp_path):
    with pytest.raises(AdvisorError) as caught:
        write_coefficients(document(), tmp_path / "no" / "c.json")
    assert str(caught.value) == (
        f"Cannot write {tmp_path}/no/c.json: No such file or directory; name a file in a folder you can write to."
    )
