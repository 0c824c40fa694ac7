"""The site's links: pages of docs/ and of the checkout's top stay links, and what only a forge has becomes text."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from site_hooks import on_page_markdown


def seen(markdown: str, uri: str) -> str:
    return on_page_markdown(markdown, page=SimpleNamespace(file=SimpleNamespace(src_uri=uri)))


@pytest.mark.parametrize(
    ("page", "link", "shown"),
    [
        ("map.md", "[`row.py`](../advisor/answer/row.py)", "`row.py`"),
        ("map.md", "[`row.py`](../advisor/answer/row.py), [a](faq.md)", "`row.py`, [a](faq.md)"),
        ("reliability.md", "[S](../SECURITY.md)", "[S](security.md)"),
        ("how-to/ci.md", "[rule](../data_rule.md#what)", "[rule](../data_rule.md#what)"),
        ("how-to/token-files.md", "[x](../examples/make_token_file.py)", "x"),
        ("calibrations.md", "[ledgers](../data/calibrations)", "ledgers"),
        ("security.md", "[r](docs/reliability.md)", "[r](reliability.md)"),
        ("changes.md", "[readme](README.md)", "readme"),
        ("faq.md", "[below](#here), [x](https://arxiv.org/abs/1)", "[below](#here), [x](https://arxiv.org/abs/1)"),
        ("calibrations.md", "![p](calibrations/text-losses.png)", "![p](calibrations/text-losses.png)"),
    ],
)
def test_a_link_is_as_the_site_has_it(page: str, link: str, shown: str) -> None:
    assert seen(link, page) == shown
