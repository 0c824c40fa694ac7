"""`advisor fit` from the command line: what is on stdout, on stderr, in files, and the exit codes."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from advisor.cli import group
from advisor.commands.fit import command
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.objective import HUBER_DELTA
from tests.fit.early_runs import EARLY, early_runs

DATA = Path(__file__).parents[1] / "fit"
GRID = str(DATA / "grid36.csv")
KEYS = {
    "E", "A", "B", "alpha", "beta", "count", "objective", "delta", "exponent_a", "ci95", "n_runs", "frontier", "drift",
    "extrapolation", "diagnostics", "verdict", "forced", "one_factor", "kaplan", "repetition", "isoflop",
}  # fmt: skip


def run(*args: str) -> Result:
    return CliRunner().invoke(group, ["fit", *args, "--bootstrap", "200"])


def three_groups(path: Path, slope: float = -0.1, seed: int = 0) -> Path:
    """Write sound runs of three corpora whose alpha falls with their compressibility."""
    rng = np.random.default_rng(seed)
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(1e9, 2e11, 6)))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["n_params", "n_tokens", "loss", "corpus", "compressibility"])
        for corpus, h in (("code", 0.38), ("html", 0.42), ("prose", 0.57)):
            loss = 1.2 + 0.8 * h + 700 * n ** -(0.40 + slope * h) + 1100 * d**-0.36
            for row in zip(n, d, loss * np.exp(0.002 * rng.standard_normal(36)), strict=True):
                writer.writerow([*row, corpus, h])
    return path


def test_json_is_one_document_with_every_key() -> None:
    result = run(GRID, "--json", "--flops", "1e21", "--flops", "1e20")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["schema_version"] == 1
    assert document["regression"] is None
    assert list(document["laws"]) == ["all"]
    law = document["laws"]["all"]
    assert set(law) == KEYS
    assert (law["verdict"], law["forced"], law["count"], law["n_runs"]) == ("ok", False, "total", 36)
    assert law["objective"] == pytest.approx(8.533545426279e-05, rel=1e-9)
    assert law["exponent_a"] == pytest.approx(law["beta"] / (law["alpha"] + law["beta"]))
    for name in ("E", "A", "B", "alpha", "beta", "exponent_a"):
        low, high = law["ci95"][name]
        assert low < law[name] < high
    assert [row["flops"] for row in law["frontier"]] == [1e20, 1e21]
    for row in law["frontier"]:
        assert 6 * row["n_params"] * row["n_tokens"] == pytest.approx(row["flops"])
        for name, (low, high) in row["ci95"].items():
            assert low < row[name] < high


def test_terminal_output_names_the_law_and_every_diagnostic() -> None:
    result = run(GRID, "--count", "non-embedding", "--full")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert "Law: 36 runs, N counts non-embedding parameters" in lines
    assert "Verdict: ok" in lines
    assert max(map(len, lines)) <= 80
    starts = [
        "E ", "A ", "B ", "alpha ", "beta ", "a = beta/(alpha+beta) ", "Objective 8.533545426e-05 ",
        "L(C) = ", "Kaplan's joint form: ", "standard error of ln N* ", "residual scale, ",
        "condition of the Jacobian ", "profile of E, ", "range of the N term, ", "range of the D term, ",
        "correlation ln N, ln D ", "refits at a bound, ", "distance to 2nd optimum ", "starts at the optimum ",
        "Beyond the budgets of the runs", "- Residuals have no sure trend in C: ", "- As budgets are added, E rises ",
        "- 0 of 5 refits to smaller budgets ", "- Beyond 4.8e21 FLOPs intervals are wider, ",
    ]  # fmt: skip
    for start in starts:
        assert len([line for line in lines if line.strip().startswith(start)]) == 1, start
    tables = [" ".join(line.split()) for line in lines if line.startswith("FLOPs ")]
    assert tables == ["FLOPs N 95 % D 95 % D/N loss", "FLOPs loss 95 %"]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    outputs = [
        run(GRID, "--json", "--out", str(tmp_path / f"{i}.json"), "--seed", s).stdout for i, s in enumerate("445")
    ]
    assert outputs[0] == outputs[1] != outputs[2]
    assert (tmp_path / "0.json").read_bytes() == (tmp_path / "1.json").read_bytes()


def test_law_file_is_an_entry_with_draws_and_ranges(tmp_path: Path) -> None:
    out = tmp_path / "law.json"
    result = CliRunner().invoke(group, ["fit", GRID, "--out", str(out), "--json", "--bootstrap", "1000"])
    law = json.loads(out.read_text())
    assert set(law) == KEYS | {"schema_version", "name", "source", "ranges", "draw_columns", "draws"}
    assert (law["schema_version"], law["name"], law["source"]) == (1, "all", "advisor fit: 36 runs of grid36.csv")
    entry = json.loads(result.stdout)["laws"]["all"]
    assert {key: law[key] for key in KEYS} == entry
    assert law["draw_columns"] == ["log_A", "log_B", "log_E", "alpha", "beta"]
    draws = np.array(law["draws"])
    assert draws.shape == (400, 5)
    assert np.isfinite(draws).all()
    np.testing.assert_allclose(
        np.median(draws, 0), [np.log(law[k]) for k in "ABE"] + [law["alpha"], law["beta"]], rtol=0.1
    )
    assert np.corrcoef(draws[:, 0], draws[:, 3])[0, 1] > 0.95  # joint rows, not five independent columns
    assert law["ranges"] == {
        "n_params": [2e7, 4e9], "n_tokens": [1e9, 2e11], "flops": [1.2e17, 4.8e21], "compressibility": None,
    }  # fmt: skip
    assert law["drift"] == {"loss": 0.008, "n_params": 0.1}  # the floor: these runs drift less
    assert [cut["factor"] for cut in law["extrapolation"]["cuts"]] == [2, 3, 5, 10, 20]
    assert max(cut["drift"]["loss"] for cut in law["extrapolation"]["cuts"]) < 0.008
    assert law["extrapolation"]["largest_flops"] == law["ranges"]["flops"][1]
    assert 0 < law["extrapolation"]["residual_slope"]["p_value"] < 1
    assert list(tmp_path.iterdir()) == [out]
    built = ScalingLaw(
        name=law["name"],
        source=law["source"],
        count=law["count"],
        **{k: law[k] for k in ("E", "A", "B", "alpha", "beta")},
    )
    flops = law["frontier"][0]["flops"]
    assert built.frontier(flops).n_params == pytest.approx(law["frontier"][0]["n_params"], rel=1e-9)


def test_a_law_that_was_fitted_answers_a_recommendation(tmp_path: Path) -> None:
    out = tmp_path / "law.json"
    fitted = json.loads(run(GRID, "--json", "--flops", "1e20", "--out", str(out)).stdout)["laws"]["all"]["frontier"][0]
    answer = CliRunner().invoke(group, ["recommend", "--law", str(out), "--flops", "1e20", "--json"])
    assert answer.exit_code == 0
    headline = json.loads(answer.stdout)["headline"]
    assert headline["law"] == "law.json"
    assert headline["n_params"] == pytest.approx(fitted["n_params"], rel=1e-9)
    assert headline["n_tokens"] == pytest.approx(fitted["n_tokens"], rel=1e-9)
    # 80 % from 400 of the joint rows lies inside 95 % from all of them.
    low, high = headline["interval80"]["n_params"]
    assert fitted["ci95"]["n_params"][0] < low < headline["n_params"] < high < fitted["ci95"]["n_params"][1]


def test_groups_are_fitted_and_regressed(tmp_path: Path) -> None:
    table = str(three_groups(tmp_path / "runs.csv"))
    out = tmp_path / "law-{group}.json"
    result = run(table, "--group", "corpus", "--covariate", "compressibility", "--json", "--out", str(out))
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert list(document["laws"]) == ["code", "html", "prose"]
    regression = document["regression"]
    assert regression["form"] == "log"
    assert regression["lines"]["E"]["slope"] == pytest.approx(0.8, abs=0.3)
    assert set(regression["left_out_error_ln_n"]) == {"code", "html", "prose"}
    assert 0 <= regression["dlnN_dH"]["p_value"] <= 1
    written = json.loads((tmp_path / "law-prose.json").read_text())
    assert written["ranges"]["compressibility"] == [0.57, 0.57]
    shown = run(table, "--group", "corpus", "--covariate", "compressibility", "--form", "joint", "--full")
    assert "Regression on compressibility (joint): 3 groups" in shown.stdout
    assert "Does N* at 3.6e22 FLOPs depend on compressibility? p = " in shown.stdout
    assert "Slopes of the fit of all runs at once: " in shown.stdout


def test_options_reach_the_fit() -> None:
    def law(*args: str) -> dict[str, float]:
        return json.loads(run(GRID, "--json", *args).stdout)["laws"]["all"]  # type: ignore[no-any-return]

    assert law("--fix", "E=1.7")["E"] == pytest.approx(1.7)
    bounded = law("--max-e", "1.75")
    assert bounded["E"] == pytest.approx(1.75)
    assert [r["code"] for r in bounded["diagnostics"]["reasons"]] == ["e-at-bound"]  # type: ignore[index]
    assert law("--delta", "auto")["delta"] > 1.5e-3
    assert law("--delta", "l1")["delta"] == 1e-7
    assert law("--cluster", "n_params")["ci95"]["E"] != law()["ci95"]["E"]


def test_the_early_runs_are_refused_in_words_and_json(tmp_path: Path) -> None:
    table = early_runs(tmp_path / "early.jsonl")
    columns = ("--columns", "n_params=model_size,n_tokens=token_ct", "--group", "corpus", "--covariate", "H")
    out = tmp_path / "law-{group}.json"
    result = run(str(table), *columns, "--json", "--out", str(out))
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    for name, codes in EARLY.items():
        law = document["laws"][name]
        assert law["verdict"] == "refused"
        assert {r["code"] for r in law["diagnostics"]["reasons"] if r["level"] == "refused"} == codes
        assert [law[k] for k in ("E", "A", "B", "alpha", "beta", "exponent_a", "objective")] == [None] * 7
        for code in codes:
            assert re.search(rf"^Refused: {re.escape(name)}: .+ \[{code}\]$", result.stderr, re.MULTILINE)
    assert result.stderr.endswith(
        "Error: 5 of 5 laws are refused (0.1494, 0.2373, 0.3525, 0.5362, 0.6093) for the reasons above, and nothing of "
        "it was written; --force prints it with every number marked.\n"
    )
    assert "No regression: a line in H needs 3 groups or more with a law, and there are 0." in result.stderr
    assert list(tmp_path.iterdir()) == [table]
    shown = run(str(table), *columns, "--full")
    assert shown.exit_code == 1
    assert shown.stdout.count("REFUSED: no law is given.") == 5
    assert "Regression" not in shown.stdout
    for name, codes in EARLY.items():
        reasons = document["laws"][name]["diagnostics"]["reasons"]
        for reason in reasons:
            level = "refused: " if reason["level"] == "refused" else ""
            assert " ".join(f"{name}: {level}{reason['message']}".split()) in " ".join(shown.stdout.split())
            assert reason["severity"] == "warning" or reason["code"] not in codes


def test_force_prints_refused_laws_with_every_number_marked(tmp_path: Path) -> None:
    table = early_runs(tmp_path / "early.jsonl")
    columns = ("--columns", "n_params=model_size,n_tokens=token_ct", "--group", "corpus", "--covariate", "H")
    result = run(str(table), *columns, "--force", "--full")
    assert result.exit_code == 0
    assert result.stdout.count("REFUSED, printed because of --force: every number marked ? is not to be used.") == 5
    names = r"E|A|B|alpha|beta|log_A|log_B|ln N\*|a = beta/\(alpha\+beta\)|1\.57e1[56]"
    rows = re.findall(rf"^ ?({names})\?? +(\S.*)$", result.stdout, re.MULTILINE)
    # Of each law six constants, and two budgets in each of two tables; of the lines six and two.
    budgets = [name for name, _ in rows if name.startswith("1.57e")]
    assert (len(rows) - len(budgets), len(budgets)) == (5 * 6 + 6, 5 * 4 + 2)
    for _, row in rows:
        numbers = re.findall(r"(?<![\w.^-])-?\d[\d.]*(?:e[+-]\d+)?[KMBT]?(.?)", row)
        assert len(numbers) >= 3
        assert set(numbers) == {"?"}
    document = json.loads(run(str(table), *columns, "--force", "--json").stdout)
    assert [law["forced"] for law in document["laws"].values()] == [True] * 5
    assert document["laws"]["0.5362"]["E"] < 1e-3
    assert document["regression"]["refused_groups"] == list(EARLY)


def test_a_refused_law_is_written_only_when_forced_and_says_so(tmp_path: Path) -> None:
    lines = Path(GRID).read_text().splitlines()
    table, out = tmp_path / "few.csv", tmp_path / "law.json"
    table.write_text("\n".join([*lines[:8], "4e9,2e11,nan"]) + "\n")
    assert run(str(table), "--out", str(out)).exit_code == 1
    assert not out.exists()
    assert run(str(table), "--out", str(out), "--force").exit_code == 0
    law = json.loads(out.read_text())
    assert (law["verdict"], law["forced"]) == ("refused", True)
    assert "bad-loss" in [r["code"] for r in law["diagnostics"]["reasons"]]


def test_too_few_runs_print_a_document_without_numbers(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    table.write_text("\n".join(Path(GRID).read_text().splitlines()[:5]) + "\n")
    for force in ((), ("--force",)):
        result = run(str(table), "--json", "--plot", str(tmp_path / "a.png"), *force)
        law = json.loads(result.stdout)["laws"]["all"]
        assert set(law) == KEYS
        assert (law["E"], law["frontier"], law["verdict"], law["forced"]) == (None, [], "refused", False)
        assert "there are 4 usable runs, and five parameters need at least 6. [few-runs]" in result.stderr
    assert list(tmp_path.iterdir()) == [table]


def test_plot_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "fit.png"
    assert run(GRID, "--plot", str(path)).exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 20_000
    assert list(tmp_path.iterdir()) == [path]
    result = run(GRID, "--plot", str(tmp_path / "fit.bmp"))
    assert result.exit_code == 2
    assert result.stderr == f"Error: {tmp_path}/fit.bmp does not end in .svg, .pdf, .png: name the picture so.\n"
    assert result.stdout == ""


def test_plot_without_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(GRID, "--plot", str(tmp_path / "fit.png"))
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: --plot needs the package matplotlib, which is not installed: "
        f"{shlex.quote(sys.executable)} -m pip install 'matplotlib>=3.8'\n"
    )


@pytest.mark.parametrize(
    ("args", "exit_code", "message"),
    [
        (("none.csv",), 2, "none.csv is not a file; give a table of runs (csv, json, jsonl or parquet)."),
        ((GRID, "--columns", "loss"), 2, "--columns has 'loss'; write OURS=YOURS, such as n_params=model_size."),
        ((GRID, "--fix", "A=3"), 2, "--fix is 'A=3'; write E=VALUE: no other parameter can be held."),
        ((GRID, "--fix", "E=x"), 2, "--fix E is 'x'; give nats/token."),
        ((GRID, "--delta", "x"), 2, "--delta is 'x'; give a positive number, auto or l1."),
        ((GRID, "--delta", "-1"), 2, "delta is -1; give a positive number, auto or l1."),
        (
            (GRID, "--flops", "-1"),
            2,
            "--flops must be a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days, not '-1'.",
        ),
        ((GRID, "--covariate", "H"), 2, "--covariate H needs --group: a covariate has one value for each group."),
    ],
)
def test_wrong_requests_get_one_sentence(args: tuple[str, ...], exit_code: int, message: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", f"Error: {message}\n")


def test_one_file_cannot_hold_several_laws(tmp_path: Path) -> None:
    result = run(str(three_groups(tmp_path / "r.csv")), "--group", "corpus", "--out", "law.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: --out law.json names one file for 3 groups; put {group} in its name.\n"


def test_help_has_an_example() -> None:
    assert "advisor fit runs.csv --columns n_params=model_size" in run("--help").output


def table_with(path: Path, change: str) -> str:
    """Write the 36-run grid with one thing wrong with it."""
    lines = Path(GRID).read_text().splitlines()
    if change == "copied":
        lines += lines[1:4]
    elif change == "two losses":
        lines[0] = lines[0].replace("n_tokens", "loss")
    elif change == "negative unique":
        lines = [lines[0] + ",unique_tokens", *(line + ",-4" for line in lines[1:])]
    elif change == "groups":
        lines = [lines[0] + ",corpus", *(f"{line},{'a/b' if i % 2 else 'a_b'}" for i, line in enumerate(lines[1:]))]
    elif change == "constant":
        at = lines[0].split(",").index("loss")
        rows = [line.split(",") for line in lines[1:]]
        lines = [lines[0], *(",".join([*row[:at], "2.5", *row[at + 1 :]]) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_copied_rows_are_a_caution(tmp_path: Path) -> None:
    result = run(table_with(tmp_path / "runs.csv", "copied"), "--cautions")
    assert "3 runs repeat another to the last digit" in result.stdout
    assert result.exit_code == 0


def test_a_constant_loss_is_refused_without_warnings(tmp_path: Path) -> None:
    result = run(table_with(tmp_path / "runs.csv", "constant"))
    assert result.exit_code == 1
    assert "Refused:" in result.stdout


@pytest.mark.parametrize(
    ("change", "options", "code", "message"),
    [
        ("two losses", (), 1, "has several columns called loss: rename all but one."),
        ("negative unique", (), 1, "has unique_tokens of -4; it must be a positive number of tokens."),
        ("", ("--columns", "loss=loss,loss=n_params"), 2, "--columns names loss twice."),
        ("", ("--columns", "loss=n_params,n_tokens=n_params"), 2, "--columns names n_params twice."),
        ("", ("--out", "{tmp}/no/law.json"), 2, "/no/law.json: there is no such folder."),
        ("", ("--out", "{tmp}"), 2, ": it is a folder."),
        ("", ("--plot", "{tmp}/a.svg", "--out", "{tmp}/a.svg"), 2, "--out and --plot both name"),
        ("", ("--plot", "{tmp}/no/a.svg"), 2, "/no/a.svg: there is no such folder."),
        ("", ("--plot", "{tmp}/runs.csv"), 2, "/runs.csv does not end in .svg, .pdf, .png: name the picture so."),
        ("groups", ("--group", "corpus", "--out", "{tmp}/{group}.json"), 2, "would both be written to"),
    ],
)
def test_what_cannot_be_written_or_read_is_said_before_the_work(
    tmp_path: Path, change: str, options: tuple[str, ...], code: int, message: str
) -> None:
    table = table_with(tmp_path / "runs.csv", change)
    result = run(table, *(option.replace("{tmp}", str(tmp_path)) for option in options))
    assert (result.exit_code, result.stdout) == (code, "")
    assert message.replace("{tmp}", str(tmp_path)) in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_the_default_delta_is_that_of_the_objective() -> None:
    (option,) = [one for one in command.params if one.name == "delta"]
    assert float(option.default) == HUBER_DELTA


def halves(tmp_path: Path, column: str = "") -> tuple[str, str]:
    """Write the 36-run grid as two tables: the runs of the five smaller D, and those of the largest."""
    lines = Path(GRID).read_text().splitlines()
    largest = max(lines[1:], key=lambda line: float(line.split(",")[1])).split(",")[1]
    found = []
    for name, keep in (("small.csv", False), ("large.csv", True)):
        rows = [line + column for line in lines[1:] if (line.split(",")[1] == largest) == keep]
        head = lines[0] + (",corpus" if column else "")
        (tmp_path / name).write_text("\n".join([head, *rows]) + "\n")
        found.append(str(tmp_path / name))
    return found[0], found[1]


def test_new_runs_are_compared_with_the_law_by_fit_and_by_law_file(tmp_path: Path) -> None:
    small, large = halves(tmp_path)
    law = str(tmp_path / "law.json")
    result = run(small, "--predict", large, "--out", law, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    found = document["predictions"]["all"]
    assert set(document["laws"]) == {"all"}
    assert len(found["runs"]) == 6
    for each in found["runs"]:
        off = np.log(each["loss_nats_per_token"] / each["predicted_loss_nats_per_token"])
        assert each["sigmas"] == pytest.approx(off / each["sd_of_ln_loss"])
    inside = [abs(each["sigmas"]) < 1.2815516 for each in found["runs"]]
    assert found["coverage80"] == pytest.approx(sum(inside) / 6)
    # Two of the six are far off, and at most four inside a 95 % interval is a chance of .033.
    assert (found["coverage95"], found["verdict"]) == (pytest.approx(4 / 6), "disagrees")
    alone = CliRunner().invoke(group, ["fit", law, "--predict", large, "--json"])
    again = json.loads(alone.stdout)
    assert (again["laws"], again["regression"]) == ({}, None)
    sigmas = [each["sigmas"] for each in again["predictions"]["all"]["runs"]]
    assert sigmas == pytest.approx([each["sigmas"] for each in found["runs"]], rel=1e-6)
    shown = CliRunner().invoke(group, ["fit", law, "--predict", large]).stdout
    assert shown.startswith("The new runs disagree with the law: 4 of 6 ")
    assert max(map(len, shown.splitlines())) <= 80
    assert json.loads(run(small, "--json").stdout)["predictions"] is None


def test_what_cannot_be_compared_gets_one_sentence(tmp_path: Path) -> None:
    small, large = halves(tmp_path, ",code")
    law = str(tmp_path / "law.json")
    assert run(small, "--out", law).exit_code == 0
    other = tmp_path / "other.csv"
    other.write_text(Path(large).read_text().replace("code", "prose"))
    for args, exit_code, message in (
        ((law,), 2, f"{law} is a law and no table of runs: name the runs to compare with it by --predict RUNS."),
        ((law, "--predict", large, "--seed", "1"), 2, f"--seed is about a fit, and {law} is a law already: leave "
            "--seed out."),
        ((small, "--group", "corpus", "--predict", str(other)), 1,
            "--predict has runs of prose, and the laws are those of code."),
        ((small, "--predict", str(tmp_path / "no.csv")), 2,
            f"{tmp_path}/no.csv is not a file; give a table of runs (csv, json, jsonl or parquet)."),
        ((small, "--predict", large, "--out", large), 2,
            f"--out {large} would overwrite what is read from {large}: name another file."),
    ):  # fmt: skip
        result = CliRunner().invoke(group, ["fit", *args])
        assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", f"Error: {message}\n")


def test_a_refused_law_is_compared_with_nothing(tmp_path: Path) -> None:
    lines = Path(GRID).read_text().splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join([*lines[:8], "4e9,2e11,nan"]) + "\n")
    result = run(str(few), "--predict", GRID, "--json", "--force")
    assert json.loads(result.stdout)["predictions"] == {}


# --- messages that say what to do -------------------------------------------------------------------------------------


def pooled(path: Path, labels: dict[str, list[str]]) -> str:
    """Write sound runs of three corpora whose floors lie far apart, with further columns of a label a corpus."""
    rng = np.random.default_rng(0)
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(1e9, 2e11, 6)))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["n_params", "n_tokens", "loss", "depth", *labels])
        for i, floor in enumerate((0.5, 1.5, 3.5)):
            loss = (floor + 700 * n**-0.36 + 1100 * d**-0.36) * np.exp(0.002 * rng.standard_normal(36))
            for size, tokens, one in zip(n, d, loss, strict=True):
                writer.writerow([size, tokens, one, round(np.log(size)), *(values[i] for values in labels.values())])
    return str(path)


@pytest.mark.parametrize(
    ("labels", "column"),
    [
        ({"lr": ["1", "2", "3"], "corpus": ["code", "html", "prose"]}, "corpus"),
        ({"H": ["0.38", "0.42", "0.57"]}, "H"),
        ({"run": ["one", "one", "one"]}, None),  # depth follows from N, and says nothing of corpora
    ],
)
def test_a_refused_law_of_pooled_corpora_names_the_column_to_group_by(
    tmp_path: Path, labels: dict[str, list[str]], column: str | None
) -> None:
    table = pooled(tmp_path / "runs.csv", labels)
    result = run(table, "--json")
    assert result.exit_code == 1
    hint = f"the table's column {column} has 3 values: --group {column} fits a law to the runs of each."
    assert (hint in result.stderr) == (column is not None)
    assert ("[one-law-for-groups]" in result.stderr) == (column is not None)
    if column is not None:
        assert "[one-law-for-groups]" not in run(table, "--group", column, "--json").stderr


@pytest.mark.parametrize(
    "name", ["n_nonemb", "n_non_embedding", "non-embedding N", "n_ne", "params_without_embeddings"]
)
def test_a_column_named_as_without_embeddings_asks_for_count(tmp_path: Path, name: str) -> None:
    table = tmp_path / "runs.csv"
    table.write_text(Path(GRID).read_text().replace("n_params", name))
    result = run(str(table), "--columns", f"n_params={name}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"Error: --columns n_params={name} reads like parameters without embeddings: say --count non-embedding, or "
        "--count total if N counts them all.\n"
    )
    for count in ("total", "non-embedding"):
        assert run(str(table), "--columns", f"n_params={name}", "--count", count).exit_code == 0


@pytest.mark.parametrize("name", ["n_params", "nonempty_params", "model_size", "n_network", "embedding_free_or_not"])
def test_other_names_ask_for_nothing(tmp_path: Path, name: str) -> None:
    table = tmp_path / "runs.csv"
    table.write_text(Path(GRID).read_text().replace("n_params", name))
    assert run(str(table), "--columns", f"n_params={name}").exit_code == 0


def test_a_number_that_broke_a_threshold_stands_with_it(tmp_path: Path) -> None:
    stderr = run(pooled(tmp_path / "runs.csv", {}), "--json").stderr
    broken = re.findall(r"^(?:Refused|Caution): (.+) \[(.+)\]$", stderr, re.MULTILINE)
    thresholds = {
        "large-residuals": "over 3 % is a caution, over 10 % a law is refused",
        "wide-optimum": "over 0.25 is a caution, over 0.7 a law is refused",
        "ill-conditioned": "over 1000 is a caution, over 100000 a law is refused",
        "refits-at-bound": "over 5 % is a caution, over 50 % a law is refused",
        "second-basin": "over 1.28 is a caution",
        "flat-n-term": "under three times the residual scale",
        "flat-d-term": "under three times the residual scale",
    }
    found = {code: message for message, code in broken}
    assert "large-residuals" in found
    for code, words in thresholds.items():
        assert words in found.get(code, words)


# --- what a regression prints -----------------------------------------------------------------------------------------


def test_a_regression_says_what_its_lines_are_worth_at_every_budget(tmp_path: Path) -> None:
    table = str(three_groups(tmp_path / "runs.csv"))
    options = ("--group", "corpus", "--covariate", "compressibility", "--flops", "3e21", "--flops", "1e22")
    result = run(table, *options, "--at", ".5", "--at", ".7", "--json")
    assert result.exit_code == 0
    regression = json.loads(result.stdout)["regression"]
    assert [one["flops"] for one in regression["at_budgets"]] == [1e17, 1e18, 1e19, 1e20, 1e21, 3e21, 1e22]
    for one in regression["at_budgets"]:
        assert set(one["left_out_error_ln_n"]) == set(one["missed_by_ln_n"]) == {"line", "mean", "nearest"}
        assert one["permutation"] == {"p_value": one["permutation"]["p_value"], "n_orders": 6, "exact": True}
        line = one["dlnN_dH"]
        assert line["slope_ci95"][0] < line["slope"] < line["slope_ci95"][1]
    assert regression["dlnN_dH"] == regression["at_budgets"][-1]["dlnN_dH"]
    inside, outside = regression["new_groups"]
    assert [(g["value"], g["outside"]) for g in (inside, outside)] == [(0.5, False), (0.7, True)]
    alpha, beta = 0.40 - 0.1 * 0.5, 0.36
    best = (alpha * 700 / (beta * 1100)) ** (1 / (alpha + beta)) * (1e22 / 6) ** (beta / (alpha + beta))
    low, high = inside["optima"][-1]["n_params_ci95"]
    assert low < best < high
    assert "compressibility 0.7 lies outside the 0.38 to 0.57 of the groups. [covariate-outside]" in result.stderr
    shown = run(table, *options, "--at", ".5", "--full").stdout
    assert "line, mean, nearest: by how much ln N* of a group left out is missed" in shown
    assert "unreliable where" in shown
    assert "Beyond 3.6e21 FLOPs a group's own N* is what its law extrapolates to." in shown
    assert regression["fitted_to_flops"] == pytest.approx(3.6e21)
    assert re.search(
        r"^At 1e22 FLOPs knowing compressibility (helps|does not help) with a group left out\.$", shown, re.M
    )
    assert max(map(len, shown[shown.index("Regression") :].splitlines())) <= 80


def test_at_needs_a_covariate() -> None:
    result = run(GRID, "--at", ".5")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --at 0.5 needs --covariate: it is a value of the covariate.\n",
    )


def test_isoflop_vertices_stand_beside_the_law_by_budget() -> None:
    table = str(DATA / "isoflop56.csv")
    iso = json.loads(run(table, "--json").stdout)["laws"]["all"]["isoflop"]
    assert not iso["stated"]
    assert iso["flops"] == pytest.approx(np.geomspace(6e18, 3e21, 7), rel=1e-6)
    for vertex, (low, high), law, apart in zip(
        iso["n_params"], iso["n_params_ci95"], iso["law_n_params"], iso["law_minus_vertex_ln_n"], strict=True
    ):
        assert low < vertex < high
        assert apart == pytest.approx(np.log(law / vertex))
    shown = run(table, "--full").stdout
    assert re.search(r"^IsoFLOP cross-check: a = \S+ \(.+\) from 7 6ND budgets$", shown, re.MULTILINE)
    head = re.search(r"^budget +vertex N +95 % +law's N +ln\(law/vertex\)\n((?:.+\n){7})", shown, re.MULTILINE)
    assert head is not None
    for line, apart in zip(head[1].splitlines(), iso["law_minus_vertex_ln_n"], strict=True):
        assert line.split()[-1] == f"{apart:+.2f}"


def test_a_value_that_is_none_and_a_form_without_groups_are_wrong_usage(tmp_path: Path) -> None:
    table = str(three_groups(tmp_path / "runs.csv"))
    result = run(table, "--group", "corpus", "--covariate", "compressibility", "--at", "nan")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --at nan is no value of a covariate: give a finite number.\n",
    )
    result = run(table, "--form", "joint")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --form joint is that of a regression: add --group and --covariate.\n",
    )


def named(path: Path, name: str) -> Path:
    """Write runs of two groups, one of which is called ``name``."""
    rows = [line.split(",") for line in three_groups(path).read_text().splitlines()]
    kept = [[*row[:3], name if row[3] == "code" else row[3]] for row in rows if row[3] != "html"]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(kept)
    return path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("x\x1b[2J", r"has a '\x1b' in it"),
        ("a\\b", r"has a '\\' in it"),
        ("g" * 300, "is longer than 200 bytes"),
        ("\u202egnp", r"has a '\u202e' in it"),
    ],
)
def test_no_group_names_a_file_that_could_not_be_seen_or_written(tmp_path, name, problem):
    table, out = named(tmp_path / "runs.csv", name), tmp_path / "law-{group}.json"
    result = run(str(table), "--group", "corpus", "--out", str(out))
    assert result.exit_code == 2
    assert result.stderr.endswith(f"it would name a file, and it {problem}.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]


def test_dots_and_slashes_of_a_group_lead_nowhere(tmp_path):
    table = named(tmp_path / "runs.csv", "../../escaped")
    result = run(str(table), "--group", "corpus", "--out", str(tmp_path / "{group}.json"))
    assert result.exit_code == 2
    assert result.stderr.endswith("it would name a file, and it begins or ends with '.'.\n")


def test_names_of_groups_reach_the_screen_as_harmless_text(tmp_path):
    result = run(str(named(tmp_path / "runs.csv", "[/red]\x1b]0;title\u202e")), "--group", "corpus")
    assert result.exit_code == 0
    assert "[/red]?]0;title?    36 " in result.stdout
    assert not {"\x1b", "\u202e"} & set(result.output)


def test_a_column_of_very_many_groups_is_refused_at_once(tmp_path):
    rows = "".join(f"1e8,{i + 1}e9,3.0,g{i}\n" for i in range(1001))
    (tmp_path / "runs.csv").write_text("n_params,n_tokens,loss,corpus\n" + rows)
    result = run(str(tmp_path / "runs.csv"), "--group", "corpus")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "runs.csv: the column corpus has 1,001 values, and each would be a law of its own: name the column of the "
        "corpora, at most 1,000.\n"
    )


def test_refits_have_a_most() -> None:
    result = CliRunner().invoke(group, ["fit", GRID, "--bootstrap", "100000000"])
    assert result.exit_code == 2
    assert "100000000 is not in the range 200<=x<=100000" in result.stderr
