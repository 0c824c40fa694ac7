"""Write data/schemas, a JSON Schema of every document and file; ``--check`` fails if one is not what the classes say.

python docs/make_schemas.py [--check]
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

from schema_documents import DOCUMENTS
from schema_files import FILES, UNVERSIONED
from schema_parts import INFINITE, OVERRIDES
from schema_types import Definitions, Schema

from advisor.json_fields import SCHEMA_VERSION

FOLDER = Path(__file__).parent.parent / "data" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = {"const": SCHEMA_VERSION, "description": "The version of this form; newer ones of the same add keys."}


def schemas() -> dict[str, Schema]:
    """Return every schema by its name."""
    return {name: _schema(name, *about) for name, about in (DOCUMENTS | FILES).items()}


def _schema(name: str, title: str, make: object) -> Schema:
    d = Definitions(OVERRIDES, INFINITE)
    body = make(d)
    for each in body.get("anyOf", [body]) if name not in UNVERSIONED else ():
        each["properties"] = {"schema_version": VERSION} | each["properties"]
        each["required"] = ["schema_version", *each["required"]]
    head = {"$schema": DIALECT, "$id": f"urn:data-scaling-advisor:{name}:{SCHEMA_VERSION}", "title": title}
    found = {kind: d.found[kind] for kind in sorted(d.found) if _is_used(kind, body, d.found)}
    return head | body | ({"$defs": found} if found else {})


def _is_used(kind: str, body: Schema, found: dict[str, Schema]) -> bool:
    return f'"#/$defs/{kind}"' in json.dumps([body, found])


def text_of(schema: Schema) -> str:
    """Return a schema as it is written."""
    return json.dumps(schema, indent=1) + "\n"


def main() -> None:
    """Write the schemas, or check them."""
    made = {FOLDER / f"{name}.json": text_of(schema) for name, schema in schemas().items()}
    if "--check" not in sys.argv:
        FOLDER.mkdir(exist_ok=True)
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
    elif made != {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))}:
        sys.exit("data/schemas is not what the classes say: run python docs/make_schemas.py")


if __name__ == "__main__":
    main()
