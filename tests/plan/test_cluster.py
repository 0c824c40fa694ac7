"""Time, money and memory: closed forms, inverses, and what fits."""

import pytest

from advisor.plan.accelerators import accelerators, find_gpu
from advisor.plan.cluster import Memory, plan_cluster, training_state
from advisor.plan.hardware import PUBLISHED_MFU, Hardware

H100 = Hardware(gpu=find_gpu("H100"), price_per_hour=2.5)


def test_both_precisions_hold_16_bytes_for_each_parameter():
    bf16, fp32 = training_state("bf16"), training_state("fp32")
    assert (bf16.weights, bf16.gradients, bf16.optimizer) == (2, 2, 12)
    assert (fp32.weights, fp32.gradients, fp32.optimizer) == (4, 4, 8)
    assert bf16.bytes_per_param == fp32.bytes_per_param == 16


def test_hours_and_money():
    # 64 H100 at 40 % for 100 hours: 989e12 * .4 * 64 * 100 * 3600 FLOPs.
    cluster = plan_cluster(H100, 989e12 * 0.4 * 64 * 100 * 3600, 64, None)
    assert cluster.gpu_hours == pytest.approx(6400)
    assert cluster.wall_hours == pytest.approx(100)
    assert cluster.cost == pytest.approx(16000)
    assert cluster.memory == ()
    # The published range of MFU, GPT-3's .21 to PaLM's .46.
    assert cluster.gpu_hours_range == pytest.approx((6400 * 0.4 / 0.46, 6400 * 0.4 / 0.21))
    assert dict(PUBLISHED_MFU) == {"GPT-3": 0.21, "DeepSeek-V3": 0.35, "Llama-3 405B": 0.43, "PaLM": 0.46}


def test_without_gpus_there_is_no_wall_time_and_without_a_price_no_cost():
    cluster = plan_cluster(Hardware(gpu=find_gpu("A100")), 1e21, None, 10**9)
    assert (cluster.wall_hours, cluster.cost) == (None, None)
    assert [memory.data_parallel for memory in cluster.memory] == [None, None]
    assert [memory.sharded_bytes_per_gpu for memory in cluster.memory] == [None, None]


@pytest.mark.parametrize(
    ("n_params", "gpus_per_replica", "data_parallel"),
    [
        (5 * 10**9, 1, 64),  # 80 GB on 80
        (5 * 10**9 + 1, 2, 32),
        (7 * 10**9, 2, 32),  # 112 GB
        (70 * 10**9, 16, 4),  # 1120 GB: 14 GPUs, and 16 is the power of two
        (400 * 10**9, 128, 0),  # 6400 GB: 80 GPUs
    ],
)
def test_replicas_that_fit(n_params, gpus_per_replica, data_parallel):
    memory = plan_cluster(H100, 1e21, 64, n_params).memory[0]
    assert (memory.weights_bytes, memory.gradients_bytes, memory.optimizer_bytes) == (
        2 * n_params,
        2 * n_params,
        12 * n_params,
    )
    assert memory.total_bytes == 16 * n_params
    assert (memory.gpus_per_replica, memory.data_parallel) == (gpus_per_replica, data_parallel)
    assert memory.replica_bytes_per_gpu == pytest.approx(16 * n_params / gpus_per_replica)
    assert memory.replica_bytes_per_gpu <= 80e9
    assert memory.sharded_bytes_per_gpu == pytest.approx(16 * n_params / 64)


def test_gpus_that_are_left_over_hold_no_replica():
    memory = Memory(state=training_state("fp32"), n_params=7 * 10**9, gpu_bytes=80e9, n_gpus=7)
    assert (memory.gpus_per_replica, memory.data_parallel) == (2, 3)
    cluster = plan_cluster(H100, 1e21, 7, 7 * 10**9)
    assert cluster.working_gpus == 6
    assert cluster.wall_hours == pytest.approx(cluster.gpu_hours / 6)


def test_where_no_replica_fits_there_is_no_wall_time():
    cluster = plan_cluster(H100, 1e21, 12, 70 * 10**9)
    assert (cluster.memory[0].gpus_sharded, cluster.memory[0].gpus_per_replica) == (14, 16)
    assert (cluster.working_gpus, cluster.wall_hours) == (0, None)


def test_memory_that_is_not_known_is_not_guessed():
    assert find_gpu("B100").memory_gb is None
    memory = plan_cluster(Hardware(gpu=find_gpu("L4")), 1e21, 8, 10**9).memory[0]
    assert (memory.gpu_bytes, memory.gpus_per_replica, memory.data_parallel) == (None, None, None)
    given = plan_cluster(Hardware(gpu=find_gpu("L4"), memory_gb=24), 1e21, 8, 10**9).memory[0]
    assert (given.gpu_bytes, given.gpus_per_replica, given.data_parallel) == (24e9, 1, 8)


def test_every_known_memory_has_its_source():
    known = {gpu.name: gpu.memory_gb for gpu in accelerators() if gpu.memory_gb is not None}
    # NVIDIA's MIG user guide and NIM documentation, AMD's ROCm documentation, Google Cloud's and AWS's documentation,
    # and for what they do not have, the documents that data/accelerators.json names.
    assert known == {
        "A100": 40, "A30": 24, "H100 SXM": 80, "H100 PCIe": 80, "H100 NVL": 94, "H200 SXM": 141, "H200 NVL": 141,
        "B200": 180, "GB200": 186, "L40S": 48, "RTX 4090": 24, "RTX 5090": 32, "RTX A6000": 48, "MI300X": 192,
        "MI325X": 256, "MI355X": 288, "TPU v4": 32, "TPU v5e": 16, "TPU v5p": 95, "TPU v6e": 32, "Trainium2": 96,
        "V100 SXM": 16, "V100 PCIe": 16, "T4": 16, "A10": 24, "A800": 40, "L20": 48, "L40": 48, "H800 SXM": 80,
        "H20": 96, "GH200": 96, "B300": 288, "GB300": 288, "RTX PRO 6000": 96, "MI250": 128, "MI300A": 128,
        "Gaudi 2": 96, "Gaudi 3": 128, "TPU v3": 32, "TPU v7x": 192, "Trainium1": 32, "Trainium3": 144,
    }  # fmt: skip
    assert all(bool(gpu.memory_source) == (gpu.memory_gb is not None) for gpu in accelerators())
