"""`advisor table`: by sizes, by budgets, under any law."""

import json

import pytest

from advisor.laws.published import CHINCHILLA, published_laws
from tests.calibrations.hand_made import document, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


TABLE_3 = """\
By hoffmann-table3, 400M parameters want 8.03B tokens (1.93e19 FLOPs) and 10.0T
want 217T (1.3e28): 20.1 to 21.7 tokens a parameter.
N        FLOPs  Gopher units      D   D/N
400M   1.93e19       3.34e-5  8.03B  20.1
1.00B  1.21e20      0.000211  20.2B  20.2
10.0B  1.23e22        0.0214   206B  20.6
67.0B  5.62e23         0.976  1.40T  20.9
175B   3.86e24          6.71  3.68T  21.0
280B   9.92e24          17.2  5.91T  21.1
520B   3.44e25          59.7  11.0T  21.2
1.00T  1.28e26           222  21.3T  21.3
10.0T   1.3e28        22,584   217T  21.7
N counts total parameters; a Gopher unit is 5.76e23 FLOPs.
Law       Hoffmann et al. 2022, arXiv:2203.15556, approach 1: log-log line
          through table 3
More: --explain  --json
"""


def test_the_chinchilla_table(program):
    assert program("table", "--law", "hoffmann-table3") == (0, TABLE_3, "")


def test_a_table_of_other_sizes_as_json(program):
    _, out, _ = program("table", "--sizes", "400M,7B", "--json")
    found = json.loads(out)
    assert (found["law"], found["compressibility"]) == ("chinchilla", None)
    assert [row["n_params"] for row in found["rows"]] == [400e6, 7e9]
    row = found["rows"][1]
    assert row["n_tokens"] == CHINCHILLA.for_params(7e9).n_tokens
    assert row["flops"] == pytest.approx(6 * 7e9 * row["n_tokens"])
    assert row["gopher_units"] == pytest.approx(row["flops"] / 5.76e23)
    assert row["loss_nats_per_token"] == CHINCHILLA.loss(7e9, row["n_tokens"])


TABLE_AT_H = """\
By chinchilla, 400M parameters want 9.48B tokens (2.27e19 FLOPs) and 70.0B want
1.29T (5.4e23): 23.7 to 18.4 tokens a parameter.
N        FLOPs  Gopher units      D   D/N   loss
400M   2.27e19       3.95e-5  9.48B  23.7  2.775
1.00B  1.36e20      0.000236  22.6B  22.6  2.513
7.00B  6.05e21        0.0105   144B  20.6  2.171
70.0B   5.4e23         0.937  1.29T  18.4  1.976
N counts total parameters; a Gopher unit is 5.76e23 FLOPs; loss in nats/token.
Law       Besiroglu et al. 2024, arXiv:2404.10102
H         0.38, on which this law does not depend
Mind      1 row lies outside the runs that chinchilla was fitted to (1.4e18 to
          1.3e22 FLOPs, 57.3M to 16.2B parameters, 1.39B to 318B tokens):
          extrapolated.
More: --cautions (1)  --explain  --json
"""


def test_a_table_says_where_h_does_not_matter(program):
    arguments = "table --law chinchilla --compressibility .38 --sizes 400M,1B,7B,70B"
    assert program(*arguments.split()) == (0, TABLE_AT_H, "")


def test_a_table_of_budgets(program, tmp_path):
    _, out, _ = program("table", "--law", "kaplan", "--flops", "1e20,1e21", "--json")
    found = json.loads(out)
    best = published_laws()["kaplan"].frontier(1e21)
    assert [row["flops"] for row in found["rows"]] == pytest.approx([1e20, 1e21])
    assert (found["rows"][1]["n_params"], found["rows"][1]["n_tokens"]) == (best.n_params, best.n_tokens)
    assert (found["rows"][1]["loss_nats_per_token"], found["depends_on_compressibility"]) == (None, False)
    path = write(tmp_path / "c.json", document())
    arguments = ("table", "--law", "anchored", "--compressibility", ".38", "--flops", "1e20", "--coefficients", path)
    code, out, _ = program(*arguments)
    assert (code, "\nH         0.38\n" in out) == (0, True)


def test_a_table_under_a_law_of_h(program, tmp_path):
    path = write(tmp_path / "c.json", document())
    options = ("--coefficients", path, "--law", "gzip", "--sizes", "1B")
    code, _, err = program("table", *options)
    assert (code, err) == (
        2,
        "Error: The law gzip depends on the corpus: give --compressibility.\n",
    )
    rows = [json.loads(program("table", *options, "--compressibility", h, "--json")[1])["rows"] for h in (0.3, 0.5)]
    assert rows[0][0]["n_tokens"] != rows[1][0]["n_tokens"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--sizes 7B,", "--sizes must be a positive number of parameters such as 400M or 7B, not ''."),
        ("--epsilon .5", "--epsilon weighs the laws blend and anchored; --law chinchilla has none."),
        ("--sizes 7B --flops 1e21", "--sizes and --flops both give the rows of the table: give one."),
        ("--compressibility 2", "--compressibility must be above 0 and below 1, such as 0.45, not 2."),
    ],
)
def test_bad_tables(program, arguments, message):
    assert program("table", *arguments.split()) == (2, "", f"Error: {message}\n")


@pytest.mark.parametrize(
    ("law", "needs"),
    [
        ("data", "the corpus: give --compressibility or --bytes-per-token"),
        ("bytes", "bytes per token: give --bytes-per-token"),
        ("bytes --compressibility .4", "bytes per token: give --bytes-per-token"),
    ],
)
def test_a_law_asks_for_what_the_command_takes(program, law, needs):
    for table in ("table", "repeat --unique-tokens 1B"):
        said = f"Error: The law {law.split()[0]} depends on {needs}.\n"
        assert program(*f"{table} --law {law}".split()) == (2, "", said)
    of, name = needs.split(":")[0], law.split()[0]
    said = f"Error: The law {name} depends on {of}: give a SOURCE or a --profile.\n"
    assert program("compare", "--flops", "1e20", "--flops", "1e21", "--law", name) == (2, "", said)
    corpus = needs.replace("give ", "give a SOURCE, a --profile, ").replace(", --bytes", " or --bytes")
    said = f"Error: The law {name} depends on {corpus}.\n"
    assert program("recommend", "--flops", "1e21", "--law", name) == (2, "", said)
