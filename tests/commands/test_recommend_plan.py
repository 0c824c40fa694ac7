"""The plan below an answer, as a user meets it: JSON of its shape, rules, cluster and units; errors."""

import json

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.plan.accelerators import find_gpu
from advisor.plan.shape import find_architecture


def test_the_json_of_a_plan(advisor):
    arguments = (
        "recommend --params 7B --gpu h100 --gpus 256 --price-per-hour 2 --vocab-size 128256 --context 8192 --json"
    )
    found = json.loads(advisor(*arguments.split()).stdout)
    plan, request = found["plan"], found["request"]
    assert (request["vocab_size"], request["context_tokens"], request["gpu_memory_gb"]) == (128256, 8192, None)
    shape = find_architecture(7e9, count="total", vocab_size=128256, context=8192)
    assert plan["shape"] == {
        "width": shape.width,
        "n_layers": shape.n_layers,
        "n_heads": shape.n_heads,
        "head_width": shape.head_width,
        "ffn_width": shape.ffn_width,
        "vocab_size": 128256,
        "context_tokens": 8192,
        "n_params_total": shape.n_params,
        "n_params_non_embedding": shape.n_non_embedding,
        "flops_per_token": shape.flops_per_token,
        "exact_flops": pytest.approx(shape.flops_per_token * plan["n_tokens"]),
        "exact_over_6nd": pytest.approx(shape.flops_per_token / (6 * 7e9)),
    }
    rules = {rule["rule"]: rule for rule in plan["hyperparameters"]}
    assert set(rules) == {"DeepSeek LLM", "Step Law"}
    step_law = rules["Step Law"]
    assert step_law["batch_tokens"] == pytest.approx(0.58 * plan["n_tokens"] ** 0.571)
    assert step_law["batch_sequences"] == pytest.approx(step_law["batch_tokens"] / 8192)
    assert step_law["n_steps"] == pytest.approx(plan["n_tokens"] / step_law["batch_tokens"])
    assert all("arXiv:" in rule["source"] and rule["formula"] and rule["fitted_on"] for rule in rules.values())
    cluster = plan["cluster"]
    assert (cluster["gpu"], cluster["n_gpus"], cluster["gpu_memory_bytes"]) == ("H100 SXM", 256, 80e9)
    assert cluster["gpu_memory_source"] == find_gpu("H100").memory_source
    # The plan's time and money are those of the shape's exact FLOPs, the headline's those of 6 N D.
    assert cluster["flops"] == plan["shape"]["exact_flops"]
    assert cluster["gpu_hours"] == pytest.approx(plan["shape"]["exact_flops"] / (989e12 * 0.4 * 3600))
    assert cluster["gpu_hours_6nd"] == pytest.approx(found["headline"]["gpu_hours"])
    assert cluster["cost_6nd"] == pytest.approx(found["headline"]["cost"])
    assert cluster["n_gpus_working"] == 256
    assert cluster["cost"] == pytest.approx(2 * cluster["gpu_hours"])
    assert cluster["wall_hours"] == pytest.approx(cluster["gpu_hours"] / 256)
    assert [memory["precision"] for memory in cluster["memory"]] == ["bf16", "fp32"]
    assert cluster["memory"][0]["bytes_per_param"] == {"weights": 2, "gradients": 2, "optimizer": 12, "total": 16}
    assert (cluster["memory"][0]["gpus_per_replica"], cluster["memory"][0]["data_parallel"]) == (2, 128)
    assert cluster["memory"][0]["activations_counted"] is False
    assert plan["units"] is None


def test_the_keys_are_there_where_nothing_is_known(advisor):
    plan = json.loads(advisor("recommend", "--flops", "1e15", "--json").stdout)["plan"]
    assert set(plan) == {
        *("of", "count", "n_params", "n_tokens", "flops", "vocab_size", "context_tokens", "shape", "hyperparameters"),
        *("cluster", "units"),
    }
    assert (plan["shape"], plan["hyperparameters"], plan["cluster"], plan["units"]) == (None, [], None, None)


def test_what_is_printed_is_what_the_plan_holds(advisor):
    out = advisor("recommend", "--flops", "1e23", "--gpu", "A100", "--gpus", "512", "--full").stdout
    plan = recommend(Request(flops=1e23, gpu="A100", gpus=512)).plan
    shape, cluster = plan.shape, plan.cluster
    assert shape is not None
    assert cluster is not None
    flat = " ".join(out.split())
    assert f"{shape.width} wide, {shape.n_layers} layers, {shape.n_heads} heads of {shape.head_width}" in flat
    assert "On 512 A100, at MFU 0.4" in out
    assert "GPU memory 40 GB (NVIDIA's MIG user guide, supported GPUs: 40 or 80, the smaller is taken)" in flat
    assert f"wall time {cluster.wall_hours:.0f} hours, {cluster.wall_hours / 24:.3g} days" in flat
    bf16 = next(line.split() for line in out.splitlines() if line.startswith("bf16 "))
    assert bf16[5:] == [
        str(cluster.memory[0].gpus_per_replica),
        f"{cluster.memory[0].replica_bytes_per_gpu / 1e9:.3g}",
        str(cluster.memory[0].data_parallel),
        f"{cluster.memory[0].sharded_bytes_per_gpu / 1e9:.3g}",
    ]


def test_time_and_money_are_those_of_the_exact_flops(advisor):
    arguments = "--flops 1e21 --params 7B --gpu H100 --gpus 63 --price-per-hour 2.5 --context 131072 --full"
    result = advisor("recommend", *arguments.split())
    out = " ".join(result.stdout.split())
    assert "GPU-hours by 6 N D, H100 SXM at MFU 0.4 702" in out
    assert "GPU-hours 2,529 for the exact FLOPs (702 by 6 N D); 2,199 to 4,817 at the MFUs published" in out
    assert "wall time 40.8 hours on 62 of them" in out
    assert "cost 6,323 at 2.5 per GPU-hour" in out
    assert (
        "The shape's exact FLOPs, and with them its GPU-hours and its cost, are 3.6 times those of 6 N D: a vocabulary "
        "of 32,000 and a context of 131,072 weigh heavily in a model of 7.09B (2,529 GPU-hours against 702, a cost of "
        "6,323 against 1,755)."
    ) in out
    assert "A replica takes 2 GPUs, so 1 of the 63 is idle: the wall time is that of 62." in out


def test_a_cluster_that_holds_no_replica_has_no_wall_time(advisor):
    # 16 bytes times about 69.6B parameters: 14 GPUs of 80 GB sharded, 16 as a power of two.
    arguments = ["recommend", "--params", "70B", "--gpu", "H100", "--gpus", "8"]
    result = advisor(*arguments, "--full")
    cluster = json.loads(advisor(*arguments, "--json").stdout)["plan"]["cluster"]
    assert (cluster["n_gpus_working"], cluster["wall_hours"]) == (0, None)
    assert (cluster["memory"][0]["gpus_sharded"], cluster["memory"][0]["gpus_per_replica"]) == (14, 16)
    assert "wall time  none: one replica does not fit\n" in result.stdout
    assert (
        "which need at least 14 of these GPUs if they are sharded evenly, and 16 as a replica on a power of two of "
        "them; there are 8, so no wall time is given."
    ) in " ".join(result.stdout.split())


def test_a_cluster_on_which_only_sharding_fits(advisor):
    result = advisor("recommend", "--params", "70B", "--gpu", "H100", "--gpus", "14", "--full")
    assert "there are 14, only sharding fits, and no wall time is given." in " ".join(result.stdout.split())


def test_unknown_memory_is_said_and_can_be_given(advisor):
    unknown = advisor("recommend", "--flops", "1e20", "--gpu", "B100", "--full").stdout
    assert "GPU memory unknown: give --gpu-memory\n" in unknown
    assert "GPUs/replica" not in unknown
    given = advisor("recommend", "--flops", "1e20", "--gpu", "B100", "--gpu-memory", "192", "--full").stdout
    assert "GPU memory 192 GB (as given)\n" in given
    assert "GPUs/replica" in given


def test_bytes_and_own_tokens_stand_below_tokens(advisor, stdlib):
    folder = str(stdlib / "json")
    result = advisor("recommend", folder, "--flops", "1e21", "--count-tokenizer", "bytes", "--full", "--quiet")
    lines = result.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Tokens per parameter"))
    below = [line.split("  ")[0] for line in lines[start : start + 4]]
    assert below == ["Tokens per parameter", "Training data", "Bytes per parameter", "D, each byte a token"]
    units = json.loads(
        advisor("recommend", folder, "--flops", "1e21", "--count-tokenizer", "bytes", "--json", "--quiet").stdout
    )["plan"]["units"]
    assert (units["tokenizer"], units["count_tokenizer"], units["count_bytes_per_token"]) == (
        "bytes",
        "bytes",
        1.0,
    )
    # D is counted in the tokens of the training tokenizer, which moves N under the default law.
    headline = json.loads(
        advisor("recommend", folder, "--flops", "1e21", "--count-tokenizer", "bytes", "--json").stdout
    )
    assert units["n_tokens_counted"] == units["n_bytes"] == headline["headline"]["n_tokens"]
    plain = json.loads(
        advisor(
            "recommend", folder, "--flops", "1e21", "--law", "chinchilla", "--count-tokenizer", "bytes", "--json"
        ).stdout
    )["plan"]["units"]
    assert (plain["tokenizer"], plain["count_tokenizer"]) == ("mistral-v1", "bytes")
    assert plain["n_tokens_counted"] == plain["n_bytes"] == pytest.approx(59.9e9 * plain["bytes_per_token"], rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("--flops 1e21 --count-tokenizer bytes", "--count-tokenizer counts the tokens of a SOURCE, and none is given."),
        ("--flops 1e21 --gpus 8", "--gpus needs --gpu, the accelerator that it is about."),
        ("--flops 1e21 --gpu-memory 80", "--gpu-memory needs --gpu, the accelerator that it is about."),
        (
            "--flops 1e21 --gpu A100 --gpu-memory 0",
            "--gpu-memory must be a finite number above 0, not 0.",
        ),
        ("--flops 1e21 --vocab-size 0", "--vocab-size must be between 2 and 10000000, not 0."),
        (
            "--flops 1e21 --gpu A100 --gpus 8 --hours 2",
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
    ],
)
def test_what_cannot_be_combined(advisor, arguments, complaint):
    result = advisor("recommend", *arguments.split())
    assert (result.code, result.stdout, result.stderr) == (2, "", f"Error: {complaint}\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_a_plan_fits_the_terminal(advisor, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = advisor(
        "recommend", "--flops", "1e25", "--gpu", "GB200", "--gpus", "100000", "--price-per-hour", "3.25", "--full"
    )
    widest = max(map(len, (result.stdout + result.stderr).splitlines()))
    assert 70 < widest <= columns


@pytest.mark.parametrize("time", [("--hours", "336"), ("--hours", "14d"), ("--days", "14"), ("--weeks", "2")])
def test_a_budget_in_time_is_given_in_hours_days_or_weeks(advisor, time):
    out = json.loads(advisor("recommend", "--gpu", "H100", "--gpus", "64", *time, "--mfu", "40%", "--json").stdout)
    assert (out["request"]["hours"], out["request"]["mfu"]) == (336.0, 0.4)
    assert out["headline"]["flops"] == pytest.approx(989e12 * 0.4 * 64 * 336 * 3600)


@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        ("--hours 1 --days 1", "--hours and --days both say how long training takes: give one."),
        ("--days 1 --weeks 1", "--days and --weeks both say how long training takes: give one."),
        ("--days 14 --mfu 40", "--mfu must be above 0 and at most 1, such as 0.4 or 40%, not 40: did you mean 40%?"),
        ("--flops 1e21 --days 2", "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both."),
    ],
)
def test_times_and_shares_that_cannot_be_meant(advisor, time, complaint):
    result = advisor("recommend", "--gpu", "H100", "--gpus", "8", *time.split())
    assert (result.code, result.stdout, result.stderr) == (2, "", f"Error: {complaint}\n")


@pytest.mark.parametrize(("written", "value"), [("32K", 32000), ("1e5", 100_000), ("128256", 128_256)])
def test_a_vocabulary_as_people_write_it(advisor, written, value):
    arguments = ("recommend", "--flops", "1e21", "--vocab-size", written, "--context", written, "--json")
    request = json.loads(advisor(*arguments).stdout)["request"]
    assert (request["vocab_size"], request["context_tokens"]) == (value, value)


def test_a_vocabulary_is_whole(advisor):
    result = advisor("recommend", "--flops", "1e21", "--vocab-size", "32.5")
    assert (result.code, result.stderr) == (
        2,
        "Error: --vocab-size must be a whole number such as 32000 or 32K, not '32.5'.\n",
    )
