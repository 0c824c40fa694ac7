"""Names and links of a calibration's folder: nothing is written outside of it."""

import json

import pytest

from advisor.errors import AdvisorError
from calibration.campaign.inside import check_inside
from calibration.campaign.lock import lock
from calibration.campaign.plan_file import PLAN_FILE
from tests.campaign.toy_calibration import TINY, tiny_request


@pytest.fixture(scope="module")
def plan():
    """A plan as JSON, and not signed, as one that was written by hand."""
    from advisor.json_form import as_json
    from calibration.campaign.planning import make_plan

    assert TINY.name == "tiny"
    return {"schema_version": 1, **as_json(make_plan(tiny_request(only=("A1",)), None, progress=lambda *_: None))}


def test_a_plan_whose_source_leads_out_of_its_folder_writes_nothing(advisor, plan, tmp_path):
    text = json.dumps(plan).replace('"A1"', '"../../escaped"')
    folder = tmp_path / "a" / "b" / "p"
    folder.mkdir(parents=True)
    (folder / PLAN_FILE).write_text(text)
    outcome = advisor("calibrate", "--out", folder, "--engine", "process", "--quiet")
    said = "sources[0].name cannot be '../../escaped': it names files, and it has a '/' in it."
    assert (outcome.code, outcome.stdout, outcome.stderr) == (1, "", f"Error: {folder / PLAN_FILE}: {said}\n")
    assert {path.name for path in tmp_path.rglob("*")} == {"a", "b", "p", PLAN_FILE, ".lock"}


@pytest.mark.parametrize("name", ["../up", ".hidden", "a\x1b[31m", "x" * 201, "a/b"])
def test_a_corpus_is_not_called_what_no_file_can_be(name):
    from advisor.corpus.options import CorpusOptions
    from advisor.errors import UsageError
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.sources import CorpusSource

    spec = CorpusSource(name=name, source="x.txt", tokenizer="bytes", options=CorpusOptions())
    with pytest.raises(UsageError, match=r"^A source cannot be called '.*: it would name a file, and it "):
        CalibrationRequest.of(corpora=(spec,))


@pytest.mark.parametrize(
    "name", ["data/A1.training.npy", "data", "checkpoints/x.pt", "runs.jsonl", ".lock", "plan.json"]
)
def test_a_link_that_leads_out_is_not_written_through(tmp_path, name):
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).symlink_to(outside)
    with pytest.raises(AdvisorError) as error, lock(folder):
        pass
    assert str(error.value) == (
        f"{folder / name} is a link that leads out of {folder}, to {outside}: nothing is written through it; put what "
        "it leads to in its place, or remove it."
    )
    assert not outside.exists()


def test_a_folder_may_be_a_link_and_a_link_may_stay_inside(tmp_path):
    (tmp_path / "folder" / "data").mkdir(parents=True)
    (tmp_path / "folder" / "data" / "A1.training.npy").symlink_to("A2.training.npy")
    (tmp_path / "linked").symlink_to(tmp_path / "folder")
    check_inside(tmp_path / "linked")


def test_a_plan_that_was_changed_is_told_and_may_be_meant(plan, tmp_path):
    from calibration.campaign.ledger import content_digest
    from calibration.campaign.plan_file import read_plan

    path = tmp_path / PLAN_FILE
    digest = content_digest(plan)
    path.write_text(json.dumps({**plan, "digest": digest}))
    assert read_plan(tmp_path) is not None
    path.write_text(json.dumps({**plan, "n_validation": 129, "digest": digest}))
    with pytest.raises(AdvisorError) as error:
        read_plan(tmp_path)
    assert str(error.value) == (
        f"{path} was altered after it was written, its digest is of another plan: take it from a copy, or, if you "
        "altered it and mean it, remove its 'digest'."
    )
    path.write_text(json.dumps({**plan, "n_validation": 129}))
    assert read_plan(tmp_path).n_validation == 129
