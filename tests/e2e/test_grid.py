"""The grid in the browser: by keyboard alone, while others book, in a window of 1366×768."""

import re

import pytest

FREE = """
    SELECT d.guid, s.day, min(sp.id), count(*) FROM appointments_slot s
      JOIN lmis_doctor d ON d.id = s.doctor_id JOIN lmis_speciality sp ON sp.id = d.speciality_id
     WHERE s.begin > now() + interval '1 hour' AND s.booked = 0 AND s.withdrawn = '' AND NOT s.is_blocked
       AND s.channels @> ARRAY['Registry'::varchar] AND s.capacity = 1
     GROUP BY d.guid, s.day HAVING count(*) > 5 ORDER BY s.day, d.guid LIMIT 1"""
# A day on which two doctors of one speciality receive; today's last hours often have one of them alone.
TWO_RECEIVE = """
    SELECT d.speciality_id, s.day FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id
     WHERE s.begin > now() AND s.withdrawn = '' GROUP BY d.speciality_id, s.day
    HAVING count(DISTINCT d.id) > 1 ORDER BY s.day, d.speciality_id LIMIT 1"""
BOOKED = "SELECT booked FROM appointments_slot WHERE guid = %s"
FOUND = "Иванов"
# Twenty minutes around now, within today, where nobody receives; else somebody does already.
RECEPTION_NOW = """
    INSERT INTO appointments_slot (guid, doctor_id, begin, "end", day, ordinal, capacity, channels, is_blocked,
                                   block_reason, withdrawn)
    SELECT gen_random_uuid(), d.id,
           greatest(t.at - interval '10 minutes', t.day AT TIME ZONE l.time_zone,
                    (SELECT max(o."end") FROM appointments_slot o WHERE o.doctor_id = d.id AND o."end" <= t.at)),
           least(t.at + interval '10 minutes', (t.day + interval '1 day') AT TIME ZONE l.time_zone,
                 (SELECT min(o.begin) FROM appointments_slot o WHERE o.doctor_id = d.id AND o.begin > t.at)),
           t.day::date,
           (SELECT 1 + coalesce(max(ordinal + numbers), 0) FROM appointments_slot o
             WHERE o.doctor_id = d.id AND o.day = t.day::date), 1, ARRAY['Registry'], false, '', ''
      FROM lmis_doctor d JOIN lmis_lpu l ON l.id = d.lpu_id CROSS JOIN LATERAL (
           SELECT date_trunc('minute', now()) AS at, date_trunc('day', now() AT TIME ZONE l.time_zone) AS day) t
     WHERE l.is_own AND d.is_active ORDER BY d.id LIMIT 1
    ON CONFLICT DO NOTHING RETURNING id"""
WHO_RECEIVES = """
    SELECT d.guid, s.day FROM appointments_slot s JOIN lmis_doctor d ON d.id = s.doctor_id
     WHERE s.begin <= now() AND s."end" > now() AND s.withdrawn = '' ORDER BY s.id DESC LIMIT 1"""
LINE_IS_SEEN = """() => {
    const line = document.querySelector(".lane.today .now"), place = line?.getBoundingClientRect();
    const board = document.getElementById("board").getBoundingClientRect();
    const head = document.querySelector(".head").getBoundingClientRect();
    return place && place.width > 40 && parseFloat(getComputedStyle(line).borderTopWidth) > 0
        && place.top >= head.bottom && place.bottom <= Math.min(board.bottom, innerHeight)
        && place.left >= board.left && place.right <= Math.min(board.right, innerWidth) + 1;
}"""


@pytest.fixture
def view(demo):
    """(address of a doctor's week, address of the speciality's day) with free places."""
    guid, day, speciality, _count = demo.rows(FREE)[0]
    year, week, _weekday = day.isocalendar()
    return (
        demo.url(f"/admin/grid/?doctor={guid}&week={year}-W{week:02d}"),
        demo.url(f"/admin/grid/?speciality={speciality}&day={day}"),
    )


def a_free(page, number=0):
    """The id and the guid of a free place on the page."""
    cell = page.locator(".cell.free").nth(number)
    return cell.get_attribute("id"), cell.get_attribute("data-place")


def stand_on(page, cell):
    page.locator(f"#{cell}").focus()


def book_by_keyboard(page, text=FOUND, *, down=0):
    """From the open dialog: type, go down to the card, Enter."""
    page.wait_for_selector("#card-text:focus")
    page.keyboard.type(text)
    page.wait_for_selector("#cards [data-step]")
    for _step in range(down + 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dialog .ticket")


def test_twenty_eight_rows_fit(page_as, view):
    page = page_as("registrar")
    page.goto(view[0])
    row = page.locator(".cell").first.evaluate("cell => cell.getBoundingClientRect().height + 1")
    board = page.locator("#board").evaluate("board => board.clientHeight")
    head = page.locator(".head").first.evaluate("head => head.offsetHeight")
    assert (board - head) / row >= 28
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_booked_by_keyboard_alone_marked_and_taken_back(page_as, demo, view, axe):
    page = page_as("registrar")
    page.goto(view[0])
    cell, guid = a_free(page)
    stand_on(page, cell)
    page.keyboard.press("Enter")
    book_by_keyboard(page)
    assert demo.value(BOOKED, guid) == 1
    axe(page)
    page.keyboard.press("Escape")
    page.wait_for_selector(f"#{cell}.full:focus")
    assert "Иванов" in page.locator(f"#{cell}").inner_text()
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("mistake|Ошибка")).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#{cell}.free", state="attached")
    assert demo.value(BOOKED, guid) == 0
    assert demo.value("SELECT mistake FROM appointments_appointment ORDER BY id DESC LIMIT 1") is True


def test_arrow_keys_walk_by_time_and_by_column(page_as, demo):
    page = page_as("registrar")
    page.goto(demo.url("/admin/grid/?speciality={}&day={}".format(*demo.rows(TWO_RECEIVE)[0])))
    page.wait_for_selector('.cell[tabindex="0"]')
    page.locator(".lane .cell").first.focus()
    first = page.evaluate("document.activeElement.id")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("Number(document.activeElement.dataset.begin)") > 0
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == first
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") != first
    assert page.locator('#board [tabindex="0"]').count() == 1


def test_somebody_elses_booking_comes_without_moving_focus_or_closing_the_dialog(page_as, demo, view):
    mine, theirs = page_as("registrar"), page_as("administrator")
    mine.goto(view[0])
    theirs.goto(view[0])
    open_, other = a_free(mine, 1)[0], a_free(mine, 2)[0]
    stand_on(mine, open_)
    mine.keyboard.press("Enter")
    mine.wait_for_selector("#card-text:focus")
    mine.keyboard.type("Пет")
    stand_on(theirs, other)
    theirs.keyboard.press("Enter")
    book_by_keyboard(theirs)
    mine.wait_for_selector(f"#{other}.full", state="attached")
    assert mine.evaluate("document.activeElement.id") == "card-text"
    assert mine.input_value("#card-text") == "Пет"
    assert mine.locator("#dialog").evaluate("dialog => dialog.open")
    mine.keyboard.press("Escape")
    assert mine.evaluate("document.activeElement.id") == open_
    # The place on which one stands changes under the focus, too.
    stand_on(theirs, open_)
    theirs.keyboard.press("Escape")
    stand_on(theirs, open_)
    theirs.keyboard.press("Enter")
    book_by_keyboard(theirs, down=1)
    mine.wait_for_selector(f"#{open_}.full")
    assert mine.evaluate("document.activeElement.id") == open_


def test_the_last_place_lost_while_the_dialog_is_open_is_told(page_as, demo, view):
    mine, theirs = page_as("registrar"), page_as("administrator")
    mine.goto(view[0])
    theirs.goto(view[0])
    cell, _guid = a_free(mine, 3)
    for page in (mine, theirs):
        stand_on(page, cell)
        page.keyboard.press("Enter")
        page.wait_for_selector("#card-text:focus")
    book_by_keyboard(theirs)
    mine.wait_for_selector("#place-changed:not([hidden])")
    assert mine.evaluate("document.activeElement.id") == "card-text"


def test_printed_again_from_the_place_that_was_booked(page_as, view):
    page = page_as("registrar")
    page.context.add_init_script("window.print = () => { (top.printed ||= []).push(location.pathname); }")
    page.goto(view[0])
    cell, _guid = a_free(page, 6)
    stand_on(page, cell)
    page.keyboard.press("Enter")
    book_by_keyboard(page)
    page.wait_for_function("() => window.printed?.length === 1")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"#{cell}.full:focus")
    page.keyboard.press("Enter")
    button = page.locator("#dialog [data-print]")
    address = button.get_attribute("data-print")
    page.keyboard.press("KeyP")
    page.wait_for_function("path => window.printed.length === 2 && window.printed[1] === path", arg=address)
    button.click()
    page.wait_for_function("path => window.printed.length === 3 && window.printed[2] === path", arg=address)


@pytest.fixture
def reception_now(demo):
    """The week of a doctor who receives at this moment, whatever time it is."""
    made = demo.rows(RECEPTION_NOW)
    guid, day = demo.rows(WHO_RECEIVES)[0]
    year, week, _weekday = day.isocalendar()
    yield demo.url(f"/admin/grid/?doctor={guid}&week={year}-W{week:02d}")
    ids = [pk for (pk,) in made]
    demo.rows("UPDATE appointments_slot SET withdrawn = 'staff' WHERE id = ANY(%s) RETURNING id", ids)


def test_the_line_of_now_is_seen_at_once(page_as, reception_now):
    page = page_as("registrar")
    page.goto(reception_now)
    page.wait_for_function(LINE_IS_SEEN)


def test_moved_on_the_grid(page_as, demo, view):
    page = page_as("registrar")
    page.goto(view[0])
    old, guid = a_free(page, 4)
    stand_on(page, old)
    page.keyboard.press("Enter")
    book_by_keyboard(page)
    # While it prints, the browser drops a click between its two halves; a hand is not there before that is over.
    page.wait_for_selector("#print-frame[data-printed]", state="attached")
    page.get_by_role("button", name=re.compile("Move…|Перенести")).click()
    page.get_by_role("link", name=re.compile("Another place on the grid|на расписании|сетке", re.IGNORECASE)).click()
    page.wait_for_url("**move=**")
    target, _other = a_free(page, 5)
    there = page.locator(f"#{target}").get_attribute("data-place")
    page.locator(f"#{target}").click()
    page.wait_for_selector("#dialog button.primary:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dialog [data-moved]")
    assert (demo.value(BOOKED, guid), demo.value(BOOKED, there)) == (0, 1)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_stands_in_the_way_of_anybody(page_as, view, axe, language):
    page = page_as("head", language=language)
    for address in view:
        page.goto(address)
        page.wait_for_selector(".cell")
        axe(page)
    page.keyboard.press("KeyD")
    page.wait_for_selector("#choose-text:focus")
    axe(page)
    page.locator(".cell").first.evaluate("() => document.querySelector('#dialog').close()")


def test_chosen_by_keyboard(page_as, view):
    page = page_as("registrar")
    page.goto(view[0])
    page.wait_for_selector(".cell")
    page.keyboard.press("KeyD")
    page.wait_for_selector("#choose-text:focus")
    page.keyboard.type("кардио")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**speciality=**")


def test_a_doctor_has_the_own_week_only(page_as, demo, view):
    page = page_as("doctor")
    page.goto(demo.url("/admin/grid/"))
    own = demo.value(
        "SELECT d.guid FROM lmis_doctor d JOIN auth_user u ON u.id = d.user_id WHERE u.username = 'doctor' LIMIT 1"
    )
    assert f"doctor={own}" in page.url
    page.keyboard.press("KeyD")
    page.wait_for_selector("#choose-list")
    assert page.locator("#choose-list li:not(.part)").count() == 1


def test_at_twice_the_size_everything_can_be_reached(page_as, view):
    page = page_as("registrar", viewport={"width": 683, "height": 384})
    page.goto(view[0])
    page.locator(".cell.free").last.focus()
    assert page.locator(".cell.free").last.evaluate(
        "cell => { const box = cell.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; }"
    )
    page.keyboard.press("Enter")
    page.wait_for_selector("#card-text:focus")


@pytest.mark.parametrize(("width", "height"), [(683, 384), (1366, 768)])
def test_the_doctors_stand_above_their_places_however_far_down(page_as, demo, view, width, height):
    page = page_as("registrar", viewport={"width": width, "height": height})
    page.goto(view[1])
    page.locator(".head").first.wait_for()
    for down in ("0", "each.scrollHeight"):
        page.locator("#board").evaluate(f"each => {{ each.scrollTop = {down}; }}")
        board, head = (page.locator(one).first.bounding_box() for one in ("#board", ".head"))
        assert 0 <= head["y"] - board["y"] <= 2
