"""Write packages of Python's own library as files of JSON lines, a package a file and a module a document.

python make_shards.py FOLDER
"""

import json
import sys
import sysconfig
from pathlib import Path

PACKAGES = ("asyncio", "concurrent", "email", "http", "json", "logging", "unittest", "xml")

folder = Path(sys.argv[1])
folder.mkdir()
for package in PACKAGES:
    paths = sorted((Path(sysconfig.get_path("stdlib")) / package).glob("*.py"))
    lines = [json.dumps({"text": path.read_text(encoding="utf-8")}) + "\n" for path in paths]
    (folder / f"{package}.jsonl").write_text("".join(lines), encoding="utf-8")
