"""The coefficients file that is asked of a table of runs: checked before anything is fitted, written after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from advisor.calibrations.coefficients import write_coefficients
from advisor.calibrations.installed import check_name, install
from advisor.compressibility.group_profiles import GroupProfiles
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.data_files import check_writable, refuse_overwriting
from advisor.errors import CorpusError, UsageError
from advisor.laws.scaling_law import Count
from calibration.fit.analysis import Analysis
from calibration.lines.table_document import AboutTable, coefficients_document

_OPTIONS = {
    "install_as": "--install",
    "score_tokenizer": "--score-tokenizer",
    "tokenizer": "--tokenizer",
    "h_ref": "--h-ref",
    "source": "--source",
}


@dataclass(frozen=True, kw_only=True)
class TableCoefficients:
    """What was asked for; nothing is written where ``coefficients`` is None.

    Attributes:
        count: which parameters N counts.
        coefficients: the file to write.
        profiles: H of each group, of a file; None where the table has it.
        install_as: the name that the coefficients are installed under.
        score_tokenizer: what H was measured on, where the profiles do not say.
        tokenizer: what the models read, where H was measured on another.
        h_ref: H of web text.
        source: where the runs are from, in words.
    """

    count: Count
    coefficients: Path | None = None
    profiles: GroupProfiles | None = None
    install_as: str | None = None
    score_tokenizer: str | None = None
    tokenizer: str | None = None
    h_ref: float | None = None
    source: str | None = None

    def check(self, table: Path, covariate: str | None) -> None:
        """Raise before anything is fitted if it cannot be done."""
        if self.coefficients is None:
            for name, option in _OPTIONS.items():
                if getattr(self, name) is not None:
                    raise UsageError(f"{option} is about the coefficients: name their file with --coefficients.")
            return
        if covariate is None:
            raise UsageError("--coefficients are lines in H: give --group and --covariate compressibility.")
        if self.h_ref is not None and not 0 < self.h_ref < 1:
            raise UsageError(f"--h-ref must be above 0 and below 1, not {self.h_ref:g}.")
        if self.install_as is not None:
            check_name(self.install_as)
        own = None if self.profiles is None else self.profiles.file
        refuse_overwriting(self.coefficients, table, own, option="--coefficients")
        check_writable(self.coefficients)
        _ = self.protocol

    @property
    def protocol(self) -> Protocol:
        """How H was measured: what the profiles say, else the default protocol with the tokenizer given.

        Raises:
            CorpusError: the tokenizer given is not that of the profiles.
        """
        own = None if self.profiles is None else self.profiles.protocol
        if self.profiles is None or own is None:
            return replace(DEFAULT_PROTOCOL, tokenizer=self.score_tokenizer or DEFAULT_PROTOCOL.tokenizer)
        if self.score_tokenizer not in (None, own.tokenizer):
            raise CorpusError(
                f"{self.profiles.file} says that H was measured on {own.tokenizer}, and --score-tokenizer says "
                f"{self.score_tokenizer}: leave the option out, or measure again."
            )
        return own

    def write(self, analysis: Analysis, table: Path, *, command: str) -> Path | None:
        """Write the coefficients of the laws, and return where they are installed; None where that was not asked for.

        ``command`` is what is run to make them again.

        Raises:
            RunsError: the laws give none.
            AdvisorError: a file cannot be read or written.
        """
        if self.coefficients is None:
            return None
        known = None if self.profiles is None else self.profiles.of(analysis.groups)
        write_coefficients(
            coefficients_document(analysis, self._about(table, command), profiles=known), self.coefficients
        )
        return None if self.install_as is None else install(self.install_as, self.coefficients)

    def _about(self, table: Path, command: str) -> AboutTable:
        assert self.coefficients is not None
        own = self.protocol
        about = AboutTable(
            name=self.install_as or self.coefficients.name.split(".")[0],
            table=table,
            command=command,
            count=self.count,
            source=self.source,
            profiles=None if self.profiles is None else Path(self.profiles.file),
            protocol=own,
            training_tokenizer=None if self.tokenizer == own.tokenizer else self.tokenizer,
        )
        if self.h_ref is None:
            return about
        return replace(about, h_ref=self.h_ref, h_ref_source="given with --h-ref")
