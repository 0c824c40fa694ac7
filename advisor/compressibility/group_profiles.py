"""Profiles of the corpora that a table of runs names: H with its error and bytes per token, by hand or as measured.

By hand, with ``sd``, ``shuffled`` and ``bytes_per_token`` where they are known:

    {"protocol": "mistral-v1, 256 tokens a sequence, int32-be, gzip level 9, document, median" or {...},
     "corpora": {"code": {"compressibility": 0.402, "sd": 0.012, "shuffled": 0.508, "bytes_per_token": 3.0}, ...}}

or what ``advisor score CORPUS ... --out FILE`` writes, where the standard deviation follows from the 95 % interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from advisor.compressibility.profile_file import BYTES_PER_TOKEN
from advisor.compressibility.protocol import Protocol, difference, read_protocol
from advisor.errors import CorpusError
from advisor.json_fields import Node, read_json
from advisor.quantities import plural

_IN_WORDS = r"(.+), (\d+) tokens a sequence, (\S+), gzip level (\d), (\w+), (\w+)"
_SD_OF_95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class GroupProfile:
    """What is known of a corpus: H and its standard deviation, H of the same tokens shuffled, bytes per token.

    All but H are None where they are not known; ``sd`` None takes H as exact.
    """

    compressibility: float
    sd: float | None = None
    shuffled: float | None = None
    bytes_per_token: float | None = None


@dataclass(frozen=True, kw_only=True)
class GroupProfiles:
    """Profiles by the names of their corpora, and the protocol they were measured under, None where it is not said."""

    file: str
    protocol: Protocol | None
    corpora: Mapping[str, GroupProfile]

    def of(self, groups: Iterable[str]) -> dict[str, GroupProfile]:
        """Return the profile of each group: that of its name, or the only one whose file or folder is called so.

        Raises:
            CorpusError: a group has none, or several.
        """
        return {group: self.corpora[self._name_of(group)] for group in groups}

    def _name_of(self, group: str) -> str:
        if group in self.corpora:
            return group
        found = [name for name in self.corpora if group in (PurePath(name).name, _stem(name))]
        if len(found) != 1:
            what = f"{plural(len(found), 'profile')}" if found else "no profile"
            raise CorpusError(f"{self.file} has {what} of the group {group}: it holds {', '.join(self.corpora)}.")
        return found[0]


def read_group_profiles(path: Path) -> GroupProfiles:
    """Return the profiles of a file that was made by hand or by ``advisor score``.

    Raises:
        CorpusError: the file cannot be read, is no profile, or holds corpora that were measured in two ways.
    """
    document = read_json(path, CorpusError, versioned=False)
    corpora = document["corpora"]
    if isinstance(corpora.value, list):
        return _measured(path, list(corpora.items()))
    protocol = document.get("protocol")
    return GroupProfiles(
        file=str(path),
        protocol=None if protocol is None else _protocol(protocol),
        corpora={name: _by_hand(corpora[name]) for name in corpora.members()},
    )


def _measured(path: Path, corpora: list[Node]) -> GroupProfiles:
    """Return the profiles that ``advisor score`` wrote: all of one protocol."""
    protocols = [read_protocol(node["protocol"]) for node in corpora]
    for node, protocol in zip(corpora, protocols, strict=True):
        if protocol.tokenizer != protocols[0].tokenizer or difference(protocol, protocols[0]) is not None:
            raise node["protocol"].fail("is not that of the first corpus: measure all of them in one way")
    found = {node["source"].text(): _scored(node) for node in corpora}
    return GroupProfiles(file=str(path), protocol=protocols[0] if protocols else None, corpora=found)


def _scored(node: Node) -> GroupProfile:
    h = node["compressibility"]
    interval, shuffled, rate = h.get("ci95"), h.get("shuffled_median"), node.get("bytes_per_token")
    ends = None if interval is None else interval.pair(0)
    return GroupProfile(
        compressibility=h["median"].number(0, 1, open_ends=True),
        sd=None if ends is None else (ends[1] - ends[0]) / (2 * _SD_OF_95),
        shuffled=None if shuffled is None else shuffled.number(0, 2),
        bytes_per_token=None if rate is None else rate.number(*BYTES_PER_TOKEN),
    )


def _by_hand(node: Node) -> GroupProfile:
    sd, shuffled, rate = (node.get(key) for key in ("sd", "shuffled", "bytes_per_token"))
    return GroupProfile(
        compressibility=node["compressibility"].number(0, 1, open_ends=True),
        sd=None if sd is None else sd.number(0, 1),
        shuffled=None if shuffled is None else shuffled.number(0, 2),
        bytes_per_token=None if rate is None else rate.number(*BYTES_PER_TOKEN),
    )


def _protocol(node: Node) -> Protocol:
    """Return a protocol given as an object or in words."""
    if isinstance(node.value, dict):
        return read_protocol(node)
    found = re.fullmatch(_IN_WORDS, node.text())
    if found is None:
        raise node.fail(
            'must be an object as `advisor score --json` has it, or words such as "mistral-v1, 256 tokens a sequence, '
            'int32-be, gzip level 9, document, median"'
        )
    tokenizer, seq_len, encoding, level, chunking, statistic = found.groups()
    own = Protocol(tokenizer=tokenizer, seq_len=int(seq_len), level=int(level))
    return replace(own, encoding=encoding, chunking=chunking, statistic=statistic)


def _stem(name: str) -> str:
    """Return the last part of a path without any of its suffixes."""
    return PurePath(name).name.split(".")[0]
