"""Text by column, as records that are read have it: what a tally keeps, and another process adds to."""

from __future__ import annotations

from dataclasses import dataclass, field

from advisor.corpus.values.identifiers import why_no_text

_SAMPLES = 20  # of a column's strings, by which it is judged
_LONGEST = 200  # characters of such a string
_MOST_COLUMNS = 1000  # that are counted: records may have any names


@dataclass(kw_only=True)
class ColumnTexts:
    """Characters of text by column, None that which is read, and some strings of each other one."""

    n_chars: dict[str | None, int] = field(default_factory=dict)
    samples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str | None, n_chars: int, text: str | None = None) -> None:
        """Count more of a column, of which ``text`` is one string."""
        if name not in self.n_chars and len(self.n_chars) > _MOST_COLUMNS:
            return
        self.n_chars[name] = self.n_chars.get(name, 0) + n_chars
        if name is not None and text is not None:
            samples = self.samples.setdefault(name, [])
            if len(samples) < _SAMPLES:
                samples.append(text[:_LONGEST])

    def join(self, other: ColumnTexts) -> None:
        """Count what was seen in another part."""
        for name, n_chars in other.n_chars.items():
            self.add(name, n_chars)
        for name, samples in other.samples.items():
            mine = self.samples.setdefault(name, [])
            mine += samples[: _SAMPLES - len(mine)]

    def others(self) -> dict[str, int]:
        """Return the other columns that a corpus could be in, and their characters."""
        return {
            name: n_chars
            for name, n_chars in self.n_chars.items()
            if name is not None and (name not in self.samples or why_no_text(name, self.samples[name]) is None)
        }
