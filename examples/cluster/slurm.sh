#!/bin/bash
# A calibration on the nodes of a Slurm job: sbatch examples/cluster/slurm.sh night /shared/night
# Given again after the job's time is over, it goes on where it was stopped.
#SBATCH --job-name=calibrate
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=12:00:00
set -euo pipefail
preset=$1
folder=$2 # on a file system that every node mounts
source "${VENV:-/shared/venv}/bin/activate"

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
address=$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | awk '{print $1}'):6379
# One task on each node starts Ray there; on the head the calibration runs, and at its end Ray stops everywhere.
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300
srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --kill-on-bad-exit=1 \
    ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --num-cpus="$SLURM_CPUS_PER_TASK" --disable-usage-stats -- \
    advisor calibrate --preset "$preset" --engine ray --address "$address" --out "$folder"
