"""In a real browser the page loads without a word or a request, and answers to mouse and keys."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import recordings
from omniflow_graph import replay
from omniflow_graph.recording import open_recording
from operators.duplex import duplex
from operators.report.page import page as page_of
from operators.scripted.script import Rule
from operators.words import Decision
from simulations.scenario import SECOND, At, Scenario, Shot, say
from simulations.world import simulate
from tests.operators.commands.rooms import answered, room, script
from tests.operators.test_turns import FIRST, decided
from tests.operators.test_turns import SECOND as THEN

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; on Debian: apt-get install chromium")
SHOTS = Path(__file__).parents[3] / "build" / "screenshots"
LANES = ["", "camera", "room", "decision", "decided", "heard", "assistant", "lead, age of words", "decide", "speech", "wave"]


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    recording = open_recording(recordings.path("three_questions"))
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(page_of([(replay(duplex(model="scripted-fast"), recording), recording.session())]), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser):
    """Open a page; in the end nothing may have been said on the console, and nothing asked for."""
    said, context = [], browser.new_context(viewport={"width": 1440, "height": 900})

    def open_(path: Path, **size: int):
        page = context.new_page()
        if size:
            page.set_viewport_size(size)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url.startswith(("data:", "blob:", path.as_uri())) or said.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=true]")
        return page

    yield open_
    context.close()
    assert said == []


def span(page) -> tuple[float, float]:
    lanes = page.locator("#lanes")
    return float(lanes.get_attribute("data-from")), float(lanes.get_attribute("data-to"))


def click_at(page, lane: str, ms: float) -> None:
    """Click on a lane where a time is."""
    box = page.locator(f'[data-lane="{lane}"] canvas').bounding_box()
    first, last = span(page)
    page.mouse.click(box["x"] + (ms - first) / (last - first) * box["width"], box["y"] + box["height"] / 2)


def test_all_lanes_are_there_and_drawn(opened, written):
    page = opened(written)
    assert page.eval_on_selector_all(".lane", "rows => rows.map(row => row.dataset.lane)") == LANES
    page.wait_for_timeout(200)
    drawn = page.evaluate(
        "lanes.map(lane => lane.canvas.getContext('2d').getImageData(0, 0, lane.canvas.width, lane.canvas.height).data.some(Boolean))"
    )
    assert drawn == [True] * len(LANES)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "report-1440x900.png")


def test_on_a_phone_nothing_is_wider_than_the_screen(opened, written):
    page = opened(written, width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=SHOTS / "report-390x844.png", full_page=True)


def test_a_click_on_a_word_shows_its_chain_down_to_the_window_that_decided_it(opened, written):
    page = opened(written)
    click_at(page, "heard", 5320)
    assert page.inner_text("#why h3") == "“An”"
    chain = page.locator("#why li button").all_inner_texts()
    assert [line.split(" at ")[0] for line in chain] == [
        "play #0", "cues #0", "wave #0", "speech #0", "decide #4", "window #4", "look #8..9", "env-visual #8..9",
        "listen #200..249", "env-audio #200..249",
    ]  # fmt: skip
    assert "5.120 s, in window 4" in page.inner_text("#why dl")


def test_a_click_on_a_window_says_why_it_listened(opened, written):
    page = opened(written)
    click_at(page, "decision", 7500)
    assert page.inner_text("#why h3") == "Window 7: listen"
    assert "nothing to say" in page.inner_text("#why dl")


def test_the_wheel_and_the_keys_zoom_around_what_is_looked_at(opened, written):
    page = opened(written)
    assert span(page) == (0.0, 22000.0)
    click_at(page, "room", 11000)
    page.keyboard.press("+")
    assert span(page) == (pytest.approx(5500, abs=20), pytest.approx(16500, abs=20))
    page.keyboard.press("0")
    box = page.locator('[data-lane="room"] canvas').bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.wheel(0, -400)
    first, last = span(page)
    assert last - first == pytest.approx(22000 / 2.718, rel=0.01)
    assert (first + last) / 2 == pytest.approx(11000, abs=60)


def test_dragging_pans(opened, written):
    page = opened(written)
    page.keyboard.press("+")
    first, _ = span(page)
    box = page.locator('[data-lane="room"] canvas').bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 100 - box["width"] / 4, box["y"] + 5)
    page.mouse.up()
    assert span(page)[0] == pytest.approx(first + 11000 / 4, rel=0.02)


def test_playing_moves_the_cursor_and_space_stops_it(opened, written):
    page = opened(written)
    page.locator("#lanes").focus()
    page.keyboard.press(" ")
    for _ in range(200):
        page.wait_for_timeout(50)
        if page.evaluate("cursor") > 200:
            break
    page.keyboard.press(" ")
    stopped = page.evaluate("cursor")
    assert stopped > 200
    assert page.evaluate("audio !== null && audio.currentTime > 0.1")  # it is the sound that was followed, not the clock
    page.wait_for_timeout(150)
    assert page.evaluate("cursor") == stopped
    assert page.inner_text("#play") == "Play"


def test_search_finds_words_one_after_another(opened, written):
    page = opened(written)
    page.keyboard.press("/")
    page.keyboard.type("an")
    assert page.inner_text("#found").startswith("1 of ")
    page.keyboard.press("Enter")
    assert page.inner_text("#found").startswith("2 of ")
    page.keyboard.type("zzz")
    assert page.inner_text("#found") == "none"


def test_n_goes_to_the_next_turn_and_marks_it(opened, written):
    page = opened(written)
    page.locator("#lanes").focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert page.evaluate("cursor") == 11290
    assert page.inner_text("tr.picked td:nth-child(3)") == "The cat is looking straight at us."


def test_two_runs_are_laid_side_by_side_and_the_first_difference_is_marked(opened, tmp_path):
    recording = room(tmp_path)
    runs = [(answered(recording, script(tmp_path, line)), recording.session()) for line in ("I hear you.", "I hear him.")]
    (tmp_path / "compared.html").write_text(page_of(runs), encoding="utf-8")
    page = opened(tmp_path / "compared.html")
    assert "first difference: edge 'decide', event 1, at 2.120 s" in page.inner_text("#differs")
    assert page.eval_on_selector_all(".lane", "rows => rows.map(row => row.dataset.lane)")[1:5] == [
        "A: room",
        "A: decision",
        "B: decision",
        "A: decided",
    ]
    assert page.locator("tr.other").count() == 1
    page.wait_for_timeout(100)
    column = "(() => { const lane = lanes.find(each => each.key === 'heard'), c = lane.canvas; const at = Math.round(x(2120, c.clientWidth) * devicePixelRatio); return [...c.getContext('2d').getImageData(at - 1, 0, 3, c.height).data].some(Boolean); })()"  # noqa: E501
    assert page.evaluate(column)


def test_of_answers_without_sound_the_decisions_are_shown_and_searched(opened, tmp_path):
    turn = (5.0, Decision(-1, "speak", "she typed", 2, 0, True, "three", "three"))
    (tmp_path / "written.html").write_text(page_of([(decided(FIRST, THEN, turn), None)]), encoding="utf-8")
    page = opened(tmp_path / "written.html")
    assert page.eval_on_selector_all(".lane", "rows => rows.map(row => row.dataset.lane)") == ["", "decision", "decided", "decide"]
    assert page.locator("#turns tbody tr").all_inner_texts() == ["1.000 s\t2.000 s\tone two\the asked", "5.000 s\t5.000 s\tthree\tshe typed"]
    page.keyboard.press("/")
    page.keyboard.type("two")
    assert (page.inner_text("#found"), page.inner_text("#why h3"), page.evaluate("cursor")) == ("1 of 1", "Window 1: speak", 2000)
    page.locator("#search").fill("three")
    assert page.inner_text("#why h3") == "A turn of the user: speak"


def test_it_is_drawn_in_the_colours_of_the_night(opened, written):
    page = opened(written)
    day = page.evaluate("theme.paper")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(50)
    assert page.evaluate("theme.paper") != day


DRAWN = "(() => { const t = performance.now(); drawAll(); return performance.now() - t; })()"


def talk(minutes: int) -> Scenario:
    """A user who asks three times a minute while the camera sees something new every ten seconds."""
    n = 3 * minutes
    asked = tuple(say("What is this?", At((20 * k + 1) * SECOND)) for k in range(n))
    answers = tuple(Rule("speech_ends", k + 1, "It is a lamp, as it was before, and it stands on the table.") for k in range(n))
    shots = tuple(Shot(10 * SECOND * k, f"scene {k}") for k in range(6 * minutes))
    return Scenario("talk", 60 * SECOND * minutes, asked, camera=shots, script=answers)


@pytest.mark.parametrize(("minutes", "most"), [(1, 3), pytest.param(60, 60, marks=pytest.mark.full)])
def test_a_page_stays_small_and_opens_whole(opened, tmp_path, record_property, capsys, minutes, most):
    """How long it takes until the page answers is printed, and decides nothing: it is the machine's to say. An hour is to take less than 3 s."""
    path = tmp_path / "talk.html"
    path.write_text(page_of([(simulate(talk(minutes)), None)]), encoding="utf-8")
    size = path.stat().st_size / 1e6
    assert size < most
    page = opened(path)
    interactive, drawn = page.evaluate("performance.getEntriesByType('mark').map(mark => mark.startTime)"), page.evaluate(DRAWN)
    assert len(interactive) == 1
    record_property("interactive_ms", interactive[0])
    with capsys.disabled():
        print(f"\na page of {minutes} min: {size:.1f} MB, answers after {interactive[0]:.0f} ms, draws all lanes anew in {drawn:.0f} ms")
    assert page.locator("#turns tbody tr").count() == 3 * minutes
    page.keyboard.press("+")
    assert span(page)[1] - span(page)[0] == pytest.approx(30_000 * minutes, rel=0.01)
