"""The tokens of a calibration's folder: kept, missing, damaged, prepared for another machine."""

import dataclasses
import shutil

import pytest

from advisor.errors import AdvisorError, UsageError
from calibration.campaign import calibrate as campaign
from calibration.campaign import pipeline
from calibration.campaign.devices import take_devices
from calibration.campaign.ledger import Ledger
from calibration.campaign.plan_file import LEDGER_FILE, PLAN_FILE, read_plan
from tests.campaign.toy_calibration import (
    SILENT,
    calibrate,
    opened,
    synthetic,
    tiny_request,
    train_planted,
)

pytestmark = pytest.mark.usefixtures("torch_restored")


def test_a_ledger_goes_on_without_its_data_and_its_checkpoints(planted, tmp_path):
    shutil.copy(planted[0][0] / PLAN_FILE, tmp_path)
    lines = (planted[0][0] / LEDGER_FILE).read_text().splitlines(keepends=True)
    (tmp_path / LEDGER_FILE).write_text("".join(lines[:-2]) + lines[-2][:40])
    _, result = calibrate(tmp_path, trainer=train_planted)
    assert len(Ledger(tmp_path / LEDGER_FILE).rows()) == 45
    assert result.refusal is None
    assert (tmp_path / LEDGER_FILE).read_text().startswith("".join(lines[:-2]))


@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_damaged_tokens_of_a_grammar_are_sampled_again(tmp_path, damage):
    request = tiny_request(only=("A1",))
    calibrate(tmp_path, request=request, trainer=synthetic)
    array = tmp_path / "data" / "A1.training.npy"
    whole = array.read_bytes()
    if damage == "missing":
        array.unlink()
    else:
        array.write_bytes(whole[:1000] if damage == "cut" else whole[:-4000] + bytes(4000))
    (tmp_path / LEDGER_FILE).unlink()
    found = opened(tmp_path, request)
    pipeline.materialise(found.plan, tmp_path, found.works, **SILENT)
    assert array.read_bytes() == whole


def test_what_is_prepared_has_the_tokens_that_are_trained_on_and_no_more(tmp_path, stdlib):
    from advisor.corpus.options import CorpusOptions
    from calibration.campaign.sources import CorpusSource

    path = tmp_path / "code.txt"
    path.write_text("".join(each.read_text(encoding="utf-8") for each in sorted(stdlib.glob("[a-i]*.py"))))
    spec = CorpusSource(name="code", source=str(path), tokenizer="bytes", options=CorpusOptions())
    grid = dataclasses.replace(tiny_request().grid, token_counts=(102_400, 204_800))
    request = dataclasses.replace(tiny_request(only=("A1",)), specs=(spec,), grid=grid)
    devices = take_devices(device="cpu", engine="process")
    whole = opened(tmp_path / "whole", request).plan
    campaign.prepare(request, tmp_path / "prepared", devices=devices)
    size = (tmp_path / "prepared" / "data" / "code.training.npy").stat().st_size
    assert 204_800 < size < 205_200  # a byte a token
    assert (tmp_path / "whole" / "data" / "code.training.npy").stat().st_size > 2 * size
    plan = read_plan(tmp_path / "prepared")
    assert plan.source("code").data == whole.source("code").data
    path.unlink()
    missing = pipeline.missing_works(opened(tmp_path / "prepared"), tmp_path / "prepared")
    pipeline.materialise(plan, tmp_path / "prepared", missing, **SILENT)


def test_a_corpus_keeps_its_tokens_or_says_what_to_do(tmp_path, stdlib):
    from advisor.corpus.options import CorpusOptions
    from calibration.campaign.sources import CorpusSource

    text = "".join(path.read_text(encoding="utf-8") for path in sorted(stdlib.glob("[a-c]*.py")))
    path = tmp_path / "code.txt"
    path.write_text(text, encoding="utf-8")
    spec = CorpusSource(name="code", source=str(path), tokenizer="bytes", options=CorpusOptions())
    request = dataclasses.replace(tiny_request(only=("A1",)), specs=(spec,))
    folder = tmp_path / "folder"
    folder.mkdir()
    found = opened(folder, request)
    array = folder / "data" / "code.training.npy"
    whole = array.read_bytes()
    array.write_bytes(whole[:5000])
    with pytest.raises(
        AdvisorError, match=r"^The tokens of code in .* are missing or not those that were planned: give"
    ):
        pipeline.materialise(found.plan, folder, found.works, **SILENT)
    pipeline.materialise(found.plan, folder, found.works, request=request, **SILENT)
    assert array.read_bytes() == whole
    path.write_text(text[len(text) // 8 :], encoding="utf-8")
    with pytest.raises(UsageError, match=r"^code has other data or another vocabulary"):
        opened(folder, request, extend=True)
    assert array.read_bytes() == whole  # what was planned is still there
    array.unlink()
    with pytest.raises(
        AdvisorError, match=r"has changed since code was planned: calibrate on what it is now in another"
    ):
        pipeline.materialise(found.plan, folder, found.works, request=request, **SILENT)
