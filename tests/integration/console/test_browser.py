"""The page in a real Chromium, beside a robot's real processes."""

from types import SimpleNamespace

import pytest
from chromium import CHROMIUM, Browser
from console_page import STILL, Wire
from real_processes import wait_for

from surefoot_safety.mode import Mode

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium")
WAYS = "{off: 'arm', damped: 'stand', sitting: 'stand', standing: 'crawl', stopped: 'reset'}"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    made = Browser(tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@pytest.fixture
def tab(shared, browser):
    """The page, come by over a wire that can be cut."""
    _, console = shared
    wire = Wire(console.port)
    made = browser.open(f"http://127.0.0.1:{wire.port}/#token={console.token}")
    made.until("surefoot.mine && surefoot.frame.alive")
    yield SimpleNamespace(page=made, wire=wire)
    made.close()
    wire.close()


def to(page, mode):
    """Press what brings the robot there; what a busy machine breaks is begun anew."""

    def there():
        found = page.value("surefoot.frame.mode")
        if found != mode:
            button = page.value(f"({WAYS})[surefoot.frame.mode] ?? null")
            if button and not page.value(f"document.querySelector('[data-ask={button}]').disabled"):
                page.click(f"[data-ask={button}]")
        return found == mode

    wait_for(there, f"{mode}: {page.value('document.body.innerText')}")


def drives(page, code="KeyW", axis=0, value=0.5):
    """Crawls with a key held."""

    def told():
        if page.value("surefoot.frame.mode") != "fallback":
            page.key(code, down=False)
            to(page, "fallback")
        if page.value("surefoot.frame.held.every((each) => each === 0)"):
            page.key(code, down=False)
            page.key(code, down=True)
        return page.value(f"surefoot.frame.commanded?.[{axis}]") == value

    wait_for(told, f"{code}: {page.value('document.body.innerText')}")


def test_keys_drive_while_they_are_held(tab):
    page = tab.page
    drives(page)
    page.key("KeyW", down=False)
    page.until("surefoot.frame.commanded.every((each) => each === 0)")
    drives(page, "KeyA", axis=2, value=0.8)
    page.call("Input.dispatchKeyEvent", type="rawKeyDown", code="MetaLeft", key="Meta")
    assert page.value("surefoot.held()") == [0, 0, 0]  # macOS tells of no other key that comes up meanwhile
    page.call("Input.dispatchKeyEvent", type="keyUp", code="MetaLeft", key="Meta")
    drives(page, "KeyA", axis=2, value=0.8)
    page.key("KeyA", down=False)
    page.until("surefoot.frame.commanded.every((each) => each === 0)")
    assert page.complaints() == []


@pytest.mark.parametrize("event", ["blur", "pagehide", "contextmenu"])
def test_whatever_takes_the_hand_away_is_zero(tab, event):
    page = tab.page
    drives(page)
    assert page.value(f"dispatchEvent(new Event('{event}')) && surefoot.held()") == [0, 0, 0]
    page.until("[...surefoot.frame.held, ...surefoot.frame.commanded].every((each) => each === 0)")
    page.call("Input.dispatchKeyEvent", type="rawKeyDown", code="KeyW", key="w", autoRepeat=True)
    assert page.value("surefoot.held()") == [0, 0, 0]  # a key that only repeats was down before


def test_a_hidden_page_holds_nothing(tab):
    page = tab.page
    drives(page)
    assert page.value("surefoot.held()") == [1, 0, 0]
    page.value("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    assert page.value("surefoot.held()") == [0, 0, 0]
    page.until("surefoot.frame.commanded.every((each) => each === 0)")


def test_a_finger_on_a_pad_drives_until_it_is_lifted(tab):
    page = tab.page
    to(page, "fallback")
    x, y = page.where("#move")
    page.mouse("mousePressed", (x, y))
    page.mouse("mouseMoved", (x, y - 60))
    assert page.value("surefoot.held()")[0] > 0.4
    page.until("surefoot.frame.held[0] > 0.4")
    page.mouse("mouseReleased", (x, y - 60))
    assert page.value("surefoot.held()") == [0, 0, 0]
    page.until("surefoot.frame.held.every((each) => each === 0)")


PAD = """navigator.getGamepads = () => [{{
    connected: true,
    mapping: '{mapping}',
    axes: [0, -1, 0.5, 0],
    buttons: [0, 1, 2, 3, 4].map((button) => ({{pressed: {pressed}.includes(button)}})),
}}]"""


def pad(*pressed, mapping="standard"):
    return PAD.format(pressed=list(pressed), mapping=mapping)


def test_a_gamepad_drives_while_its_dead_man_is_held_and_stops(shared, tab):
    page = tab.page
    to(page, "fallback")
    page.value(pad())
    assert page.value("surefoot.held()") == [0, 0, 0]
    page.value(pad(4, mapping=""))  # what its axes are nobody knows
    assert page.value("surefoot.held()") == [0, 0, 0]
    page.value(pad(4))
    page.until("surefoot.frame.held[0] === 0.5 && surefoot.frame.held[2] === -0.4")
    page.value(pad())
    page.until("surefoot.frame.held.every((each) => each === 0)")
    page.value("void (document.hasFocus = () => false)")
    page.value(pad(4))
    assert page.value("surefoot.held()") == [0, 0, 0]
    page.value(pad(1))  # stops without the focus, too
    page.until("surefoot.frame.estop.pressed")
    wait_for(lambda: shared[0].mode() is Mode.STOPPED, "the stop")


@pytest.mark.parametrize("how", ["button", "key"])
def test_stop_and_reset(shared, tab, how):
    stack, page = shared[0], tab.page
    drives(page)
    if how == "button":
        page.click("#stop")
    else:
        page.key("Escape", down=True)
    page.until("surefoot.frame.mode === 'stopped' && surefoot.frame.estop.pressed")
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the stop")
    page.until("document.getElementById('headline').textContent.startsWith('stopped until a reset: ')")
    page.until("document.getElementById('reasons').textContent.includes('an operator\\'s stop')")
    page.until("document.getElementById('estop').textContent.includes('STOP is held by this console')")
    page.until("surefoot.frame.held.every((each) => each === 0)")
    to(page, "damped")
    assert not page.value("surefoot.frame.estop.pressed")


@pytest.mark.parametrize("how", ["hangs", "is cut"])
def test_a_lost_connection_is_zero_velocity_and_settles(shared, tab, how):
    stack, page, wire = shared[0], tab.page, tab.wire
    drives(page)
    wire.hang(how == "hangs")
    wire.cut(how == "is cut")
    wait_for(lambda: stack.view().status.record.velocity == STILL, "zero velocity")
    wait_for(lambda: "console is silent" in stack.view().status.record.estop_reasons, "silence")
    wait_for(lambda: stack.mode() is Mode.STOPPED, f"the stop: {stack.said}")
    if how == "hangs":
        page.until("document.getElementById('link').textContent === 'no news from the robot'")
        wire.hang(False)
    else:
        page.until("document.getElementById('headline').textContent.startsWith('connection lost: the robot sits down')")
        wire.cut(False)
    page.until("surefoot.connected && surefoot.frame.alive && surefoot.frame.mode === 'stopped'")
    page.key("KeyW", down=False)
    to(page, "damped")


def test_a_stop_that_cannot_be_sent_is_sent_first(tab):
    page = tab.page
    to(page, "damped")
    tab.wire.cut(True)
    page.until("!surefoot.connected")
    page.click("#stop")
    page.until("document.getElementById('said').textContent.includes('as soon as')")
    tab.wire.cut(False)
    page.until("surefoot.frame.estop.pressed && surefoot.frame.mode === 'stopped'")
    page.until("surefoot.frame.reasons.some((reason) => reason.trigger === 'operator_stop')")


def test_a_connection_that_hangs_is_made_anew_and_a_stop_goes_first(tab):
    page = tab.page
    to(page, "damped")
    page.value("void (globalThis.hung = surefoot.socket)")
    tab.wire.hang(True)
    page.until("document.getElementById('link').textContent === 'no news from the robot'")
    page.click("#stop")
    page.until("document.getElementById('said').textContent.includes('as soon as')")
    assert page.value("surefoot.socket !== hung && !surefoot.connected")
    tab.wire.hang(False)
    page.until("surefoot.connected && surefoot.frame.estop.pressed && surefoot.frame.mode === 'stopped'")
    page.value("void (globalThis.hung = surefoot.socket)")
    tab.wire.hang(True)
    page.until("surefoot.socket !== hung")  # by itself
    tab.wire.hang(False)
    page.until("surefoot.connected")


def test_without_its_token_a_page_shows_nothing_and_can_stop(shared, tab, browser):
    stack, console = shared
    to(tab.page, "standing")
    page = browser.open(f"http://127.0.0.1:{console.port}/")
    page.until("!document.getElementById('door').hidden")
    assert page.value("surefoot.frame") is None
    page.click("#stop")
    wait_for(lambda: stack.mode() is Mode.STOPPED, "the stop")
    page.value(f"document.getElementById('token').value = '{console.token}'")
    page.click("#door button")
    page.until("surefoot.connected && document.getElementById('door').hidden")
    page.close()


def test_it_fits_a_phone(tab):
    page = tab.page
    page.size(420, 800)
    page.until("innerWidth === 420")
    assert page.value("document.documentElement.scrollWidth") == 420
    box = page.value("document.getElementById('stop').getBoundingClientRect().toJSON()")
    assert 0 <= box["top"] < box["bottom"] <= 800
    assert box["width"] > 300


def test_the_robot_is_drawn_and_nothing_comes_from_elsewhere(shared, tmp_path_factory):
    _, console = shared
    browser = Browser(tmp_path_factory.mktemp("chromium"), draws=True)
    try:
        page = browser.open(f"http://127.0.0.1:{console.port}/#token={console.token}", width=480, height=480)
        page.until("surefoot.view.drawn >= 1")
        assert page.value("document.getElementById('blind').hidden")
        assert page.complaints() == []
        requested = page.requested()
        assert any("three.core" in url for url in requested)
        assert [url for url in requested if not url.startswith(f"http://127.0.0.1:{console.port}/")] == []
        assert not any(console.token in url for url in requested)
        assert console.token not in page.value("location.href")
    finally:
        browser.close()
