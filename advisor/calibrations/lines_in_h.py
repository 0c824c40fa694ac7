"""The lines in H of a calibration: each law parameter as slope * H + intercept, and how far sources lie off them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, overload

from advisor.laws.parameters import Parameters

_NO_SCATTER = Parameters(0.0, 0.0, 0.0, 0.0, 0.0)


class LinesInH(NamedTuple):
    """Each parameter x as slope * H + intercept; the form ``log`` has ln A and ln B in place of A and B."""

    form: Literal["log", "linear"]
    slope: Parameters
    intercept: Parameters

    def at(self, h: float, scatter: Parameters = _NO_SCATTER) -> Parameters:
        """Return x(H), Eq. 4, of a source that lies ``scatter`` off the lines."""
        # Written out, as it is asked 1200 times for a recommendation.
        m, n, r = self.slope, self.intercept, scatter
        return Parameters(
            m[0] * h + (n[0] + r[0]),
            m[1] * h + (n[1] + r[1]),
            m[2] * h + (n[2] + r[2]),
            m[3] * h + (n[3] + r[3]),
            m[4] * h + (n[4] + r[4]),
        )


class Scatter(NamedTuple):
    """How far a source lies off the lines in H, in the parameters of each form."""

    log: Parameters
    linear: Parameters


_ON_THE_LINES = Scatter(_NO_SCATTER, _NO_SCATTER)


class Regressions(NamedTuple):
    """Both regressions of one calibration, or of one of its joint draws with the scatter of a new source."""

    log: LinesInH
    linear: LinesInH
    scatter: Scatter = _ON_THE_LINES


class JointDraws(Sequence[Regressions]):
    """The joint draws of a calibration as its file has them: rows of 20 numbers, and of 10 for the scatter if any.

    They become regressions when they are first looked at: a start reads every calibration and asks one.
    """

    def __init__(self, lines: Sequence[Sequence[float]], scatter: Sequence[Sequence[float]] | None = None) -> None:
        self._lines = lines
        self._scatter = scatter

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lines)

    def __eq__(self, other: object) -> bool:
        """Return whether ``other`` is a sequence of the same draws."""
        return isinstance(other, Sequence) and list(self) == list(other)

    @overload
    def __getitem__(self, index: int) -> Regressions: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Regressions]: ...
    def __getitem__(self, index: int | slice) -> Regressions | Sequence[Regressions]:
        """Return one draw, or several."""
        return self._regressions[index]

    def __iter__(self) -> Iterator[Regressions]:
        """Yield them in the file's order."""
        return iter(self._regressions)

    @cached_property
    def _regressions(self) -> list[Regressions]:
        found = list(map(_drawn, self._lines))
        if self._scatter is None:
            return found
        parts = (Scatter(Parameters(*off[:5]), Parameters(*off[5:])) for off in self._scatter)
        return [Regressions(one.log, one.linear, off) for one, off in zip(found, parts, strict=True)]


def _drawn(row: Sequence[float]) -> Regressions:
    """Return one joint row as both regressions."""
    return Regressions(
        LinesInH("log", Parameters(*row[:5]), Parameters(*row[5:10])),
        LinesInH("linear", Parameters(*row[10:15]), Parameters(*row[15:])),
    )
