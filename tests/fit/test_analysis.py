"""From a table of runs to laws: the library call behind the command."""

import json
from pathlib import Path

import pytest

import advisor as library
from advisor.errors import UsageError
from calibration.fit.analysis import Settings

DATA = Path(__file__).parent


def test_a_table_of_runs_is_fitted_by_one_call_as_by_the_command(advisor):
    table, seen = DATA / "grid36.csv", []
    settings = Settings(n_draws=200, budgets=(1e21,))
    analysis = library.fit(table, settings=settings, on_table=lambda t: seen.extend(map(len, t.groups.values())))
    outcome = advisor("fit", table, "--bootstrap", "200", "--flops", "1e21", "--json")
    law = analysis.groups["all"].law
    assert seen == [36]
    assert json.loads(outcome.stdout)["laws"]["all"]["E"] == pytest.approx(law.E)
    with pytest.raises(UsageError, match=r"^--covariate h needs --group: a covariate has one value for each group"):
        library.fit(table, covariate="h")
