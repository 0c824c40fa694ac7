"""What Tab offers: in this process, in a process without numpy, and once in a real bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from advisor.cli import group
from advisor.commands import completed

ROOT = Path(__file__).resolve().parents[2]


def offered(*words):
    *before, last = words
    found = ShellComplete(group, {}, "advisor", "_ADVISOR_COMPLETE").get_completions(list(before), last)
    return [("FILE" if item.type == "file" else item.value) for item in found]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("re",), ["recommend", "repeat", "report"]),
        (("recommend", "--law", "chin"), ["chinchilla"]),
        (("table", "--law", "chin"), ["chinchilla"]),
        (("recommend", "--law", "./mine"), ["FILE"]),
        (("recommend", "--gpu", "h100"), ["H100", "H100-SXM", "H100-PCIe", "H100-NVL"]),
        (("recommend", "--gpu", "H8"), ["H800", "H800-SXM"]),
        (("recommend", "--fail-on", "warning,no_comp"), ["warning,no_compressibility"]),
        (("compare", "--gpu", "gh"), ["GH200"]),
        (("recommend", "--calibration", "no such"), []),
        (("score", "--tokenizer", "b"), ["bytes"]),
        (("score", "--tokenizer", "tok"), ["FILE"]),
        (("calibrate", "--preset", "iso"), ["iso-vocab", "iso-gzip"]),
        (("grammar", "iso-gzip", "--only", "g"), ["G1", "G2", "G3", "G4"]),
        (("grammar", "paper", "--only", "A1,A"), [f"A1,A{number}" for number in range(1, 7)]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("explain", "gb"), ["GB", "GB/GPU"]),
        (("explain", "corpus_too"), ["corpus_too_small"]),
        (("schema", "law"), ["law-file", "laws"]),
        (("schema", "expl"), ["explain"]),
    ],
)
def test_names_are_offered(words, values):
    assert offered(*words) == values


def test_what_is_offered_is_taken():
    from advisor.plan.accelerators import accelerators, find_gpu

    names = offered("recommend", "--gpu", "")
    assert {find_gpu(name).name for name in names} == {gpu.name for gpu in accelerators()}


def test_the_names_of_presets_and_grammars_are_those_of_their_modules():
    from calibration.campaign.presets import PRESETS
    from calibration.grammars.sets import SHAPES

    assert tuple(PRESETS) == completed.PRESETS
    assert {name: tuple(shapes) for name, shapes in SHAPES.items()} == completed.GRAMMARS


def test_calibrations_that_ship_are_offered():
    from advisor.calibrations.installed import available

    assert offered("recommend", "--calibration", "") == [one.name for one in available().calibrations]


def test_a_tab_loads_no_numpy():
    code = (
        "import sys; from click.shell_completion import ShellComplete; from advisor.cli import group\n"
        "tab = ShellComplete(group, {}, 'advisor', 'X').get_completions\n"
        "for option in ('--law', '--gpu', '--calibration', '--tokenizer'): tab(['recommend', option], '')\n"
        "tab(['calibrate', '--preset'], ''); tab(['grammar', '--only'], '')\n"
        "print([name for name in ('numpy', 'pyarrow', 'torch', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_other_shells(advisor, shell):
    result = advisor("completion", shell)
    assert result.code == 0
    assert f"_ADVISOR_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_in_a_real_bash(tmp_path):
    program = tmp_path / "advisor"
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom advisor.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    script = (
        "source <(advisor completion bash); complete -p advisor; COMP_WORDS=(advisor recommend --law chin); "
        'COMP_CWORD=3; _advisor_completion advisor; echo "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["complete -o nosort -F _advisor_completion advisor", "chinchilla"]
