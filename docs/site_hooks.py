"""What mkdocs must be told of this checkout: the pages at its top, and links out of docs/ that only a forge has."""

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
# Pages of the checkout's top folder, and their names in the site.
TOP = {"SECURITY.md": "security.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^)\s]+)\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages at the top of the checkout."""
    from mkdocs.structure.files import File

    for name, page in TOP.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page whose links to files that are not pages of the site are plain text."""
    uri = page.file.src_uri
    top = {page: name for name, page in TOP.items()}
    return LINK.sub(lambda link: pointed(link, from_page=uri, at=top.get(uri, f"docs/{uri}")), markdown)


def pointed(link: re.Match[str], *, from_page: str, at: str) -> str:
    """Return a link as the site has it; ``at`` is the page's path in the checkout."""
    text, (target, mark, anchor) = link[1], link[2].partition("#")
    if re.match(r"[a-z]+:", link[2]) or not target:
        return link[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(at), target))
    inside = TOP.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else None)
    if inside is None or inside.startswith("examples/") or inside.endswith(".py") or not inside.count("."):
        return text
    return f"[{text}]({posixpath.relpath(inside, posixpath.dirname(from_page) or '.')}{mark}{anchor})"
