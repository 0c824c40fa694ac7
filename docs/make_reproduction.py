"""Put our figures beside the claims of Pandey 2024 into docs/reproduction.md, from what is committed alone.

python docs/make_reproduction.py [--check]

``--check`` fails if the page is not what the committed laws and coefficients give. The pictures are made by
docs/make_reproduction_figures.py.
"""

import re
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from reproduction_claims import Claim, claims
from reproduction_material import Material, read_material
from reproduction_recipe import recipe_table
from reproduction_runs import controls_sentence, runs_paragraph
from reproduction_six_corpora import six_corpora_table
from reproduction_tables import (
    control_table,
    differ_table,
    grammars_table,
    laws_table,
    lines_table,
    pairs_table,
)

PAGE = Path(__file__).parent / "reproduction.md"
PICTURES = Path(__file__).parent / "reproduction"
_BLOCK = re.compile(r"(<!-- written by docs/make_reproduction.py: ([\w-]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def page(text: str, material: Material) -> str:
    """Return the page's ``text`` with every block between markers as the material gives it."""
    made = blocks(material)
    return _BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", text)


def blocks(material: Material) -> dict[str, str]:
    """Return the blocks by name."""
    found = claims(material)
    return {
        "runs": runs_paragraph(material),
        "verdicts": verdicts(found),
        "claims": "\n\n".join(map(claim_text, found)),
        "grammars": grammars_table(material),
        "laws": laws_table(material),
        "differ": differ_table(material),
        "lines": lines_table(material),
        "iso-vocab": control_table(material, "iso-vocab"),
        "iso-gzip": control_table(material, "iso-gzip"),
        "pairs": pairs_table(material),
        "recipe": recipe_table(material),
        "six-corpora": six_corpora_table(),
        "h-alone": controls_sentence(material),
        "figures": figures(material),
    }


def verdicts(found: tuple[Claim, ...]) -> str:
    """Return the table of claims with one verdict each."""
    rows = [f"| {one.stated} | {one.in_short} |" for one in found]
    return "\n".join(["| what the paper states, in our words | our runs |", "|---|---|", *rows])


def claim_text(one: Claim) -> str:
    """Return a claim with its rule and the findings behind its verdict."""
    rows = [f"| {each.over} | {each.says} | {each.verdict} |" for each in one.findings]
    table = "\n".join(["| over | found | verdict |", "|---|---|---|", *rows])
    said = textwrap.fill(f"{one.stated} Rule: {one.rule}", 120, break_on_hyphens=False)
    return f"### {one.name[0].upper()}{one.name[1:]}: {one.verdict}\n\n{said}\n\n{table}"


def figures(material: Material) -> str:
    """Return the pictures with what they show; contours are there where the lines give a law at both H."""
    names = [one.name for one in material.coefficients.calibrations]
    listed = [
        ("Losses of the paper's six grammars, trained here.", ["losses"]),
        (
            "Loss contours at two H by a calibration's lines (the law gzip), its frontier and Chinchilla's.",
            [name for each in names if (PICTURES / f"{(name := f'contours-{each}')}.png").exists()],
        ),
        ("Parameters of the accepted laws against H, with the lines of the calibrations that ship.", ["parameters"]),
        ("alpha and beta as lines in H, and where the draws cross.", [f"exponents-{one}" for one in names]),
        (
            "N* by H beside Chinchilla's, at the largest budget trained and at the paper's.",
            [f"frontier-{one}" for one in names],
        ),
        ("alpha and N* of the grammars' laws against H, and against the vocabulary.", ["vocabulary"]),
    ]
    return "\n".join(
        "\n".join([f"{number}. {what}", *(f"   ![{name}](reproduction/{name}.png)" for name in pictures)])
        for number, (what, pictures) in enumerate(listed, start=1)
    )


def main() -> None:
    """Write the page, or check it."""
    text = PAGE.read_text(encoding="utf-8")
    made = page(text, read_material())
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit("docs/reproduction.md is not what the committed laws give: run python docs/make_reproduction.py")


if __name__ == "__main__":
    main()
