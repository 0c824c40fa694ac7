"""A profile to ask with, and what a recommendation says: the codes of its cautions, the message of one."""

from advisor.compressibility.profile_file import ProfileRecord
from advisor.compressibility.protocol import DEFAULT_PROTOCOL

CORPUS = ProfileRecord(
    source="corpus.jsonl",
    protocol=DEFAULT_PROTOCOL,
    median=0.4,
    ci95=(0.39, 0.41),
    estimated_tokens=1e10,
    bytes_per_token=3.5,
)


def codes(recommendation):
    return {caution.code for caution in recommendation.cautions}


def message(recommendation, code):
    return next(caution.message for caution in recommendation.cautions if caution.code == code)
