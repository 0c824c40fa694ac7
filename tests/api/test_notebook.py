"""examples/recommend.ipynb runs from its first cell to its last, and what it shows is what the calls return."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import advisor

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = ROOT / "examples" / "recommend.ipynb"


def shown(book: nbformat.NotebookNode, source: str) -> list[str]:
    """Return what the one cell that has ``source`` showed, as text."""
    (cell,) = [cell for cell in book.cells if cell.cell_type == "code" and source in cell.source]
    return [output.get("text") or output["data"]["text/plain"] for output in cell.outputs]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that run notebooks
def test_the_notebook_runs_and_shows_what_the_calls_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stdlib: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("COLUMNS", "80")
    book = nbformat.read(NOTEBOOK, as_version=4)
    assert [cell.outputs for cell in book.cells if cell.cell_type == "code" and cell.outputs] == []
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()

    profile = advisor.score(stdlib / "asyncio", sequences=500)
    answer = advisor.recommend(profile, flops="1e21")
    assert shown(book, "profile = ") == [repr(profile)]
    assert shown(book, "answer = ") == [repr(answer)]
    found = answer.recommended
    assert "".join(shown(book, "recommended.why").pop().split()) == "".join(
        str((found.n_params, found.n_tokens, found.why)).split()
    )
    assert shown(book, "print(advisor.recommend(flops=")[0].strip("\n") == str(advisor.recommend(flops="1e21"))
    assert shown(book, "fitted = ")[0].endswith("from 36 runs: ok>")
    (figure,) = [
        output for cell in book.cells for output in cell.get("outputs", ()) if "image/png" in output.get("data", {})
    ]
    assert figure.output_type == "execute_result"
    with pytest.raises(advisor.AdvisorError) as caught:
        advisor.recommend(profile, flops="1e21", gpu="H1000")
    assert shown(book, "except advisor.AdvisorError") == [f"{caught.value}\n"]
