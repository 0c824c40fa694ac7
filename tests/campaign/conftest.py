"""What tests of a campaign share: torch left as it was, an empty ledger, calibrations on a true law."""

import pytest

from calibration.campaign.ledger import Ledger


@pytest.fixture
def torch_restored():
    """Commands set torch's threads and its algorithms; the next test has its own."""
    import torch

    before, is_deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(before)
    torch.set_deterministic_debug_mode("error" if is_deterministic else "default")


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "runs.jsonl")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Two folders of one request, calibrated on the true law."""
    from tests.campaign.toy_calibration import calibrate, synthetic, tiny_request

    folders = [tmp_path_factory.mktemp("planted") / name for name in ("one", "two")]
    found = [calibrate(folder, request=tiny_request(), trainer=synthetic) for folder in folders]
    return folders, found
