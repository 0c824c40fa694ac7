"""The calls as a user's own module makes them: mypy --strict passes over it (tests/api/test_typed.py)."""

# ruff: noqa: F841
from __future__ import annotations

from pathlib import Path

import advisor


def calls() -> None:
    """Call everything."""
    answer: advisor.Recommendation = advisor.recommend("corpus/", flops="1e21", column="text", n_gpus=64, gpu="H100")
    again: advisor.Recommendation = advisor.recommend(advisor.Request(flops=1e21), profile=None)
    profile: advisor.Profile = advisor.score(Path("corpus.jsonl"), sequences=500, skip_bad=True)
    known: advisor.Recommendation = advisor.recommend(profile, hours="14d", gpu="H100", gpus=8, mfu="40%")
    rows: advisor.Comparison = advisor.compare(["prose/", profile], flops=["1e21", 1e22], weights=[0.7, 0.3])
    same: advisor.Comparison = advisor.compare([advisor.Request(flops=1e21), advisor.Request(flops=1e22)])
    epochs: advisor.RepeatTable = advisor.repeat("25B", flops=1e22, epochs="1,4,16")
    table: advisor.AllocationTable = advisor.table("chinchilla", sizes=[1e9, "7B"])
    laws: advisor.LawList = advisor.list_laws()
    evidence: advisor.Scorecard = advisor.evidence()
    pilot: advisor.Pilot = advisor.plan_pilot("corpus/", flops="1e22", share="2%", seed=1)
    fitted: advisor.Analysis = advisor.fit("runs.csv", columns={"loss": "val"}, loss_unit="bits", flops="1e22")
    predicted: advisor.Analysis = advisor.fit("law.json", predict=Path("new.csv"))
    lines: advisor.Analysis = advisor.fit("runs.csv", group="corpus", coefficients="mine.json", fix="E=1.7", at=0.4)
    decay: advisor.DecayFit = advisor.fit("runs.csv", repeat_over="law.json", bootstrap=1000, out="repeated.json")
    measured: advisor.PilotResult = advisor.fit("pilot.csv", pilot=True, out="measured.json")
    outcome: advisor.CalibrationOutcome = advisor.calibrate(preset="smoke", folder="calibration", workers=2)
    plan: advisor.CalibrationOutcome = advisor.calibrate(preset="smoke", dry_run=True)
    fresh: advisor.CalibrationOutcome = advisor.calibrate(corpora={"code": "src/"}, prepare=Path("elsewhere"))
    again_fitted: advisor.CalibrationOutcome = advisor.calibrate(refit=["a", Path("b")], folder="c", install="mine")
    n_params: float = answer.recommended.n_params
    document: dict[str, object] = answer.to_dict()
    advisor.recommend(flop="1e21")  # type: ignore[call-overload]
    advisor.score("corpus/", sequence=5)  # type: ignore[call-arg]
    advisor.calibrate(refit=3)  # type: ignore[arg-type]
    advisor.fit("runs.csv", loss_unit="nits")  # type: ignore[call-overload]
    advisor.fit("runs.csv", repeat_over="law.json", fix="E=1.7")  # type: ignore[call-overload]
