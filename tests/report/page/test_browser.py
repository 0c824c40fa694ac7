"""A page in a browser: no complaint, nothing fetched, a slider that says what recommend says, fit for narrow and dark.

Debian's chromium and chromium-driver are used where they are installed; nothing is downloaded.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.json_form import as_json
from advisor.quantities import format_flops
from advisor.report.page.asked import AskedRequest
from advisor.report.page.html import page
from advisor.report.page.sections import section_of_request, sections_of
from advisor.report.text import quantity
from tests.report.page.pages import HOSTILE, corpus, write

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="needs Debian's packages chromium and chromium-driver"
)
NARROW = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
WIDE = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(CHROMIUM)
    folder = tmp_path_factory.mktemp("profile")
    for each in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder}",
    ):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a recommendation beside that of a corpus with a hostile name."""
    folder = tmp_path_factory.mktemp("pages")
    named = write(folder / "profile.json", {"corpora": [corpus(HOSTILE), corpus("code", 0.38)]})
    sections, files = sections_of([named])
    asked = section_of_request(AskedRequest(request=Request(flops=1e21)))
    out = folder / "page.html"
    made = page([asked, *sections], [("Command", "advisor report"), *files], title="A page", version="0.1.0")
    out.write_text(made, encoding="utf-8")
    return out


def opened(browser: Any, path: Path, size: dict[str, Any], scheme: str = "light", media: str = "screen") -> None:
    """Open a page in a window of a size, after what was logged before is forgotten."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get("about:blank")
    for name in ("browser", "performance"):
        browser.get_log(name)
    browser.get(path.as_uri())


def run(browser: Any, script: str) -> Any:
    return browser.execute_script(script)


def requests(browser: Any) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]


def moved(browser: Any, number: int) -> dict[str, str]:
    """Move the slider to a step and return what it says."""
    run(
        browser,
        "const range = document.querySelector('input[type=range]');"
        f"range.value = {number}; range.dispatchEvent(new Event('input'));",
    )
    words = "[...document.querySelectorAll('[data-word]')].map((each) => [each.dataset.word, each.textContent])"
    return dict(run(browser, f"return {words}"))


def test_it_opens_without_a_complaint_and_fetches_nothing(browser, answer):
    opened(browser, answer, WIDE)
    assert run(browser, "return document.querySelectorAll('.drawn.js-plotly-plot').length") == 3
    assert browser.get_log("browser") == []
    assert requests(browser) == [answer.as_uri()]
    assert run(browser, "return document.images.length") == 0
    assert run(browser, "return [...document.querySelectorAll('h2')].map((each) => each.textContent)[1]").startswith(
        "</script><img src=x onerror=alert(1)>"
    )


def test_the_slider_says_what_recommend_says(browser, answer):
    opened(browser, answer, WIDE)
    for number in (20, 0, 27, 40):
        words = moved(browser, number)
        flops = float(run(browser, "return document.querySelector('.slider').dataset.flops"))
        said = recommend(Request(flops=flops)).recommended
        assert run(browser, "return document.querySelector('output').textContent") == f"{format_flops(flops)} FLOPs"
        assert (words["n_params"], words["n_tokens"]) == (quantity(said.n_params), quantity(said.n_tokens))
        low, high = said.interval80.n_params
        assert words["n_params80"] == f"{quantity(low)} to {quantity(high)}"
        point = "document.querySelectorAll('.drawn')[1].data.at(-1)"
        assert run(browser, f"return [{point}.x[0], {point}.y[0]]") == [flops, said.n_params]
        best = "document.querySelectorAll('.drawn')[0].data.at(-1).x[0]"
        assert run(browser, f"return {best}") == said.n_params
    assert browser.get_log("browser") == []


def test_a_keyboard_moves_the_slider_and_switches_a_law_off(browser, answer):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    opened(browser, answer, WIDE)
    slider = browser.find_element(By.CSS_SELECTOR, "input[type=range]")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert slider.get_attribute("aria-valuetext") == "1.12e21 FLOPs"
    box = browser.find_element(By.CSS_SELECTOR, "fieldset input[value=kaplan]")
    shown = "return document.querySelectorAll('.drawn')[1].data.find((each) => each.name === 'kaplan').visible"
    assert run(browser, shown) is True
    box.send_keys(Keys.SPACE)
    assert run(browser, shown) is False
    slider.send_keys(Keys.ARROW_LEFT)
    assert run(browser, shown) is False
    box.send_keys(Keys.SPACE)
    assert run(browser, shown) is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_400_pixels_are_wide_enough_in_light_and_dark(browser, answer, scheme, tmp_path):
    opened(browser, answer, NARROW, scheme)
    assert run(browser, "return document.documentElement.scrollWidth") == 400
    wider = "[...document.querySelectorAll('main *')].filter((each) => each.getBoundingClientRect().right > 400.5)"
    assert run(browser, f"return {wider}.map((each) => each.outerHTML.slice(0, 80))") == []
    least = run(browser, CONTRAST)
    assert least["ratio"] >= 4.5, least
    picture = tmp_path / "page.png"
    assert browser.save_screenshot(str(picture))
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_names_of_300_characters_without_a_space_fit(browser, tmp_path, size):
    name = "x" * 300
    law = {"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.37, "exponent_a": 0.514}
    fits = {name + end: {**law, "count": "total", "verdict": "ok", "ranges": {"flops": [1e18, 1e20]}} for end in "ab"}
    answer = recommend(Request(flops=1e21, unique_tokens=25e9))
    found = as_json(answer)
    for row in (found["headline"], found["recommended"], *found["laws"], *found["limited_data"]["answers"]):
        row["law"] = row["source"] = name
    documents = {
        "answer": json.loads(json.dumps(found)),
        "profile": {"corpora": [corpus(name), corpus(name + "b")]},
        "fit": {"laws": fits, "regression": None, "no_regression": None},
    }
    paths = [write(tmp_path / f"{kind}.json", document) for kind, document in documents.items()]
    sections, files = sections_of(paths)
    asked = section_of_request(AskedRequest(request=Request(flops=1e21)))
    out = tmp_path / "page.html"
    out.write_text(page([asked, *sections], [("File", name), *files], title=name, version="0.1.0"), encoding="utf-8")
    opened(browser, out, size)
    assert run(browser, "return document.documentElement.scrollWidth") <= size["width"]
    wide = f"each.getBoundingClientRect().right > {size['width']}"
    wider = f"[...document.querySelectorAll('main *')].filter((each) => {wide})"
    assert run(browser, f"return {wider}.map((each) => each.outerHTML.slice(0, 80))") == []


# The least contrast of a text and what it stands on, by WCAG 2's formula.
CONTRAST = """
const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (rgb) => rgb.slice(0, 3).map((each) => each / 255)
  .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
  .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
const ground = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const found = channels(getComputedStyle(each).backgroundColor);
    if (found.length === 3 || found[3] > 0) return found;
  }
};
return [...document.querySelectorAll('main *')]
  .filter((each) => [...each.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((each) => each.checkVisibility() && !each.closest('svg'))
  .map((each) => {
    const [a, b] = [light(channels(getComputedStyle(each).color)), light(ground(each))].sort((x, y) => y - x);
    return {ratio: (a + 0.05) / (b + 0.05), text: each.textContent.slice(0, 40), tag: each.tagName};
  }).sort((x, y) => x.ratio - y.ratio)[0];
"""


def test_on_paper_there_are_still_pictures_and_all_numbers(browser, answer):
    opened(browser, answer, WIDE, "dark", media="print")
    seen = "[...document.querySelectorAll('{}')].filter((each) => each.checkVisibility()).length"
    assert run(browser, f"return {seen.format('.still svg')}") == 3
    assert run(browser, f"return {seen.format('.drawn, .slider')}") == 0
    assert run(browser, f"return {seen.format('.unmoved table')}") == 1
    assert run(browser, "return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(browser.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000


def test_without_a_script_the_answer_and_still_pictures_are_there(browser, answer):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, answer, NARROW)
        from selenium.webdriver.common.by import By

        answer = "Train 2.78B parameters on 59.9B tokens for 1e21 FLOPs, loss 2.305 nats/token."
        assert browser.find_element(By.TAG_NAME, "h2").text == answer
        assert [each.is_displayed() for each in browser.find_elements(By.CSS_SELECTOR, ".still svg")] == [True] * 3
        assert [each.is_displayed() for each in browser.find_elements(By.CSS_SELECTOR, ".drawn, .slider")] == [
            False
        ] * 4
        assert browser.find_element(By.CSS_SELECTOR, ".unmoved table").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
