"""Whether a folder of a calibration is in nobody's use."""

from advisor.errors import AdvisorError
from calibration.campaign.lock import lock


def is_free(folder):
    try:
        with lock(folder):
            return True
    except AdvisorError:
        return False
