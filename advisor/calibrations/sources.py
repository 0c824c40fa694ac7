"""The corpora or grammars of a calibration, each with its law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from advisor.json_fields import Node
from advisor.laws.law_file import law_from
from advisor.laws.scaling_law import ScalingLaw


@dataclass(frozen=True, kw_only=True)
class Source:
    """One corpus or grammar of a calibration. ``entropy_bound`` is in nats/token; ``law`` is None where refused."""

    name: str
    compressibility: float
    shuffled: float | None
    entropy_bound: float | None
    law: ScalingLaw | None


class Sources(Sequence[Source]):
    """The sources of a calibration, which become laws when they are first looked at: a start asks few of them."""

    def __init__(self, nodes: Sequence[Node], calibration: str) -> None:
        self._nodes = nodes
        self._calibration = calibration

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._nodes)

    def __eq__(self, other: object) -> bool:
        """Return whether ``other`` is a sequence of the same sources."""
        return isinstance(other, Sequence) and list(self) == list(other)

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Source]: ...
    def __getitem__(self, index: int | slice) -> Source | Sequence[Source]:
        """Return one source, or several."""
        return self._read[index]

    def __iter__(self) -> Iterator[Source]:
        """Yield them in the file's order."""
        return iter(self._read)

    @cached_property
    def _read(self) -> list[Source]:
        return [_source(node, self._calibration) for node in self._nodes]


def _source(node: Node, calibration: str) -> Source:
    name = node["name"].text()
    shuffled, bound, law = node["shuffled"], node["entropy_bound"], node.get("law")
    return Source(
        name=name,
        compressibility=node["compressibility"].number(0, 1, open_ends=True),
        shuffled=None if shuffled.value is None else shuffled.number(0, 2),
        entropy_bound=None if bound.value is None else bound.number(0),
        law=None if law is None else law_from(law, name=name, source=f"calibration {calibration}"),
    )
