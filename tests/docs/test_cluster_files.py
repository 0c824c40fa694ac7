"""The files for clusters that docs/cluster.md names: what they run is what the command takes, with the tested Ray."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import yaml

from advisor.cli import group

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "cluster"
RAY = re.search(r"(?m)^ray==(.+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"))[1]


def parsed(command):
    name, subcommand, *arguments = shlex.split(command)
    assert name == "advisor"
    found = group.get_command(click.Context(group), subcommand)
    return found.make_context(subcommand, arguments, parent=click.Context(group)).params


def test_the_job_of_kuberay_runs_a_command_that_there_is_with_the_ray_that_is_tested():
    job = yaml.safe_load((FOLDER / "rayjob.yaml").read_text(encoding="utf-8"))
    assert parsed(job["spec"]["entrypoint"])["engine"] == "ray"
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["rayVersion"] == RAY
    assert f"FROM rayproject/ray:{RAY}-py311\n" in (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    templates = [each["template"]["spec"] for each in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]
    images = {container["image"] for template in templates for container in template["containers"]}
    mounts = {mount["mountPath"] for each in templates for box in each["containers"] for mount in box["volumeMounts"]}
    assert (len(images), mounts) == (1, {"/shared"})


def test_the_job_of_slurm_is_a_script_that_runs_a_command_that_there_is():
    path = FOLDER / "slurm.sh"
    assert subprocess.run(["bash", "-n", path], capture_output=True, check=True).stderr == b""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    command = re.search(r"-- +(advisor .*)", text)[1]
    values = {'"$preset"': "night", '"$address"': "10.0.0.1:6379", '"$folder"': "/shared/night"}
    for name, value in values.items():
        command = command.replace(name, value)
    found = parsed(command)
    assert (found["engine"], found["address"], found["preset"]) == ("ray", "10.0.0.1:6379", "night")
