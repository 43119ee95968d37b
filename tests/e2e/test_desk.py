"""The registrar's morning at the booking desk, by keyboard alone; rivals; directions; going beyond the plan."""

import re

import pytest

UPCOMING = """
    SELECT a.id, s.begin, a.state, a.number, a.source, a.over_plan, a.direction_id FROM appointments_appointment a
      JOIN appointments_slot s ON s.id = a.slot_id JOIN patients_patient p ON p.id = a.patient_id
     WHERE p.family = %s AND a.state = 'booked' ORDER BY a.id"""
STRANGERS = """
    SELECT p.family FROM patients_patient p WHERE p.state = 'active' AND NOT EXISTS (
        SELECT FROM appointments_appointment a WHERE a.patient_id = p.id)
       AND NOT EXISTS (SELECT FROM directions_direction d WHERE d.patient_id = p.id)
       AND (SELECT count(*) FROM patients_patient o WHERE o.family LIKE p.family || '%%') = 1 ORDER BY 1"""
OF_WHOM = """
    SELECT d.family, f.name, s.begin AT TIME ZONE l.time_zone FROM appointments_appointment a
      JOIN appointments_slot s ON s.id = a.slot_id JOIN lmis_doctor d ON d.id = s.doctor_id
      JOIN lmis_speciality f ON f.id = d.speciality_id JOIN lmis_lpu l ON l.id = d.lpu_id WHERE a.id = %s"""
# Real ones only: what a script clicks is not trusted. A click on a label makes the browser click its input, too: that
# one is not the hand's.
COUNT_CLICKS = """() => {
    window.made = { clicks: [], keys: [] };
    let passedOn = null;
    document.addEventListener("click", (event) => {
        if (!event.isTrusted || event.target === passedOn) { passedOn = null; return; }
        const control = event.target.closest("label")?.control;
        passedOn = control === event.target ? null : control;
        window.made.clicks.push(event.target.outerHTML.slice(0, 80));
    }, true);
    document.addEventListener("keydown", (event) => { if (event.isTrusted) window.made.keys.push(event.code); }, true);
}"""
COUNT_PRINTS = "window.print = () => { window.top.printed = (window.top.printed || 0) + 1; }"


class AtTheDesk:
    """A registrar who never touches the mouse."""

    def __init__(self, page):
        self.page = page
        page.context.add_init_script(COUNT_PRINTS)
        page.goto(page.url.split("/admin/")[0] + "/admin/desk/")
        self.keys = page.keyboard
        self.waits_for_focus("at.id === 'box'")  # loaded is not drawn: what is typed before goes nowhere

    def type(self, text):
        self.keys.type(text, delay=5)

    def press(self, *keys):
        for key in keys:
            self.keys.press(key)

    def sees(self, selector, state="visible", **more):
        self.page.locator(selector, **more).first.wait_for(state=state)

    def focus(self):
        return self.page.evaluate("document.activeElement.id")

    def waits_for_focus(self, test):
        self.page.wait_for_function(f"() => {{ const at = document.activeElement; return {test}; }}")

    def finds(self, text):
        """Types into the box, takes the first one found."""
        self.press("F2")
        self.type(text)
        self.page.wait_for_function("text => document.getElementById('hits')?.dataset.for === text", arg=text)
        self.press("Enter")
        self.sees("#person[data-left=person]")
        self.waits_for_focus("at.id === 'whom'")

    def goes_to(self, whom):
        """Types whom to see, takes the first one; the cursor is on a place."""
        self.type(whom)
        self.press("Enter")
        self.waits_for_focus("'place' in at.dataset")

    def is_done(self):
        self.sees("#order[data-right=booked]")
        self.waits_for_focus("at.id === 'box'")


@pytest.fixture
def desk(page_as):
    return AtTheDesk(page_as("registrar"))


@pytest.fixture(scope="module")
def strangers(demo):
    """Surnames borne by one card each, of people without appointments and directions; each test takes one."""
    return iter([row[0] for row in demo.rows(STRANGERS)])


def test_it_is_where_a_registrar_begins(page_as):
    page = page_as("registrar")
    assert page.url.endswith("/admin/desk/")
    assert page.evaluate("document.activeElement.id") == "box"


def test_the_morning_by_keyboard_alone(desk, demo, axe):
    # nobody of that name: a new card in the same place
    desk.type("зябликова зоя ильинична")
    desk.sees("#hit-new[aria-selected=true]")
    desk.press("Enter")
    desk.sees("#card-form")
    desk.waits_for_focus("at.id === 'card-birth_date'")
    assert [desk.page.input_value(f"#card-{name}") for name in ("family", "name")] == ["Зябликова", "Зоя"]
    axe(desk.page)
    desk.type("05031961")
    desk.press("Tab", "Tab")
    desk.type("79001112233")
    desk.press("Enter")
    desk.sees("#person[data-left=person]")
    desk.waits_for_focus("at.id === 'whom'")
    # speciality, nearest place: booked, printed, the box ready
    desk.goes_to("невро")
    desk.press("Enter")
    desk.is_done()
    [booked] = demo.rows(UPCOMING, "Зябликова")
    assert booked[4] == "Registry"
    desk.page.wait_for_function("() => window.printed === 1")
    # found again with the keyboard in the other layout; printed once more; moved
    desk.finds("pz,kbrjdf")
    desk.press("F7", "p")
    desk.page.wait_for_function("() => window.printed === 2")
    desk.press("F7", "m")
    desk.waits_for_focus("'place' in at.dataset")
    desk.press("ArrowDown", "Enter")
    desk.is_done()
    [moved] = demo.rows(UPCOMING, "Зябликова")
    assert moved[0] == booked[0]
    assert moved[1] > booked[1]
    # cancelled with a reason
    desk.finds("зябликова")
    desk.press("F7", "Delete")
    desk.waits_for_focus("at.id === 'cancel-reason'")
    axe(desk.page)
    desk.type("передумала")
    desk.press("Enter")
    desk.page.wait_for_function("() => !document.querySelector('#person [data-line]')")
    assert demo.rows(UPCOMING, "Зябликова") == []
    assert demo.value("SELECT cancel_reason FROM appointments_appointment WHERE id = %s", booked[0]) == "передумала"


class ByMouse(AtTheDesk):
    """A registrar who touches nothing but the mouse once the patient is found."""

    def chooses(self, family):
        """A click on the one found; from here on all is counted."""
        self.type(family.lower())
        self.page.wait_for_function("text => document.getElementById('hits')?.dataset.for === text", arg=family.lower())
        self.click("#hit-0")
        self.sees("#person[data-left=person]")
        self.sees("#whom-list")
        self.page.evaluate(COUNT_CLICKS)

    def click(self, selector, **more):
        """Where the middle of it is, as a hand does."""
        seen = self.page.locator(selector, **more).first
        seen.wait_for()
        seen.scroll_into_view_if_needed()
        at = seen.bounding_box()
        self.page.mouse.click(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)

    def settles(self, **more):
        """Until the places are there."""
        self.sees("#order [data-place]", **more)

    def has_booked(self, demo, family):
        """(surname of the doctor, speciality, when on the wall); at most three clicks, and not a key."""
        self.sees("#order[data-right=booked]")
        made = self.page.evaluate("window.made")
        assert not made["keys"]
        assert 2 <= len(made["clicks"]) <= 3, made
        [booked] = demo.rows(UPCOMING, family)
        return demo.rows(OF_WHOM, booked[0])[0]


@pytest.fixture
def mouse(page_as):
    return ByMouse(page_as("registrar"))


def test_speciality_doctor_place_in_three_clicks(mouse, demo, strangers):
    family = next(strangers)
    mouse.chooses(family)
    mouse.click("#whom-list [data-pick]", has_text="Терапия")
    mouse.settles()
    doctor = mouse.page.locator("#order .doctor[aria-pressed=false]").last
    name = doctor.locator("span").first.text_content().split()[0]
    mouse.click("#order .doctor[aria-pressed=false]", has_text=name)
    mouse.sees("#order .doctor[aria-pressed=true]", has_text=name)
    mouse.click("#order .days [data-place]:not(.full)")
    surname, speciality, _when = mouse.has_booked(demo, family)
    assert (surname, speciality) == (name, "Терапия")


@pytest.mark.parametrize(
    ("wish", "suits"),
    [
        ("", lambda _when: True),
        ("part-morning", lambda when: when.hour < 12),
        ("part-evening", lambda when: when.hour >= 16),
        ("days-weekday", lambda when: when.isoweekday() < 6),
    ],
    ids=["whole", "morning", "evening", "weekday"],
)
def test_the_nearest_in_three_clicks(mouse, demo, strangers, wish, suits):
    family = next(strangers)
    mouse.chooses(family)
    mouse.click("#whom-list [data-pick]", has_text="Терапия")
    mouse.settles()
    if wish:
        mouse.click(f"#order label:has(#{wish})")
        mouse.sees(f"#{wish}[checked]", state="attached")
    mouse.settles()
    mouse.click("#order .nearest [data-place]")
    _surname, speciality, when = mouse.has_booked(demo, family)
    assert speciality == "Терапия"
    assert suits(when), when


def test_a_scanned_ticket_opens_the_patient(desk, demo, strangers):
    family = next(strangers)
    desk.finds(family.lower())
    desk.goes_to("хирургия")
    desk.press("Enter")
    desk.is_done()
    pk = demo.rows(UPCOMING, family)[0][0]
    body = f"2{pk:011d}"
    digit = -sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(body)) % 10
    desk.keys.type(f"{body}{digit}")
    desk.press("Enter")
    desk.sees("#person .line.marked")
    desk.waits_for_focus("at.id === 'whom'")
    desk.page.wait_for_timeout(500)  # longer than the box waits for the next letter
    assert desk.page.locator("#person .line.marked").is_visible()


def test_two_registrars_after_one_place(desk, page_as, demo, strangers, axe):
    rival, families = AtTheDesk(page_as("registrar")), (next(strangers), next(strangers))
    for one, family in zip((desk, rival), families, strict=True):
        one.finds(family.lower())
        one.goes_to("офтальмология")
    place = desk.page.locator("#order [data-place]").first.text_content()
    assert rival.page.locator("#order [data-place]").first.text_content() == place
    desk.press("Enter")
    desk.is_done()
    rival.press("Enter")
    rival.sees("#order [role=alert]")
    rival.waits_for_focus("'place' in at.dataset")
    assert 1 <= rival.page.locator("#order .nearest").first.locator("[data-place]").count() <= 5
    axe(rival.page)
    rival.press("Enter")
    rival.is_done()
    times = [demo.rows(UPCOMING, family)[0][1] for family in families]
    assert times[0] < times[1]


def test_a_direction_and_a_paper_direction_are_booked(desk, demo, strangers, axe):
    open_one = """
        SELECT p.polis_number, d.id, d.speciality_name FROM directions_direction d
          JOIN patients_patient p ON p.id = d.patient_id
         WHERE d.lpu_to_id = p.lpu_id AND d.cancelled_at IS NULL AND d.speciality_name IN (
             SELECT s.name FROM lmis_speciality s JOIN lmis_doctor o ON o.speciality_id = s.id)
           AND (d.valid_until IS NULL OR d.valid_until > now()) AND p.polis_number <> ''
           AND NOT EXISTS (SELECT FROM appointments_appointment a WHERE a.direction_id = d.id)"""
    polis, direction, speciality = demo.rows(open_one)[0]
    desk.finds(polis)
    desk.press("F9")
    desk.waits_for_focus("at.closest('#order')")
    desk.sees("#order h2", has_text=speciality)
    desk.page.locator("#order [data-place]").first.focus()
    desk.press("Enter")
    desk.is_done()
    assert demo.value("SELECT count(*) FROM appointments_appointment WHERE direction_id = %s", direction) == 1
    family = next(strangers)
    desk.finds(family.lower())
    desk.goes_to("отори")
    desk.press("n")
    desk.waits_for_focus("at.id === 'paper-lpu'")
    axe(desk.page)
    desk.type("Приреченская ЦРБ")
    desk.press("Escape", "Tab")
    desk.type("77-К")
    desk.press("Tab", "Tab")
    desk.type("h66.1")
    desk.press("Enter")
    desk.waits_for_focus("'place' in at.dataset")
    desk.press("Enter")
    desk.is_done()
    [made] = demo.rows(UPCOMING, family)
    paper = "SELECT number, diagnosis_code, origin FROM directions_direction WHERE id = %s"
    assert demo.rows(paper, made[6]) == [("77-К", "H66.1", "desk")]


def test_beyond_the_plan_is_refused_and_allowed(desk, page_as, demo, strangers, axe):
    family = next(strangers)
    desk.finds(family.lower())
    desk.goes_to("гинеко")
    desk.press("Enter")
    desk.is_done()
    doctor = demo.value("SELECT family FROM lmis_doctor WHERE family LIKE 'Филиппова%%'")
    other = next(strangers)
    desk.finds(other.lower())
    desk.type(doctor.lower())
    desk.press("Enter")
    desk.sees("#order .days")
    assert desk.page.locator("#order .place.full").count() == 0
    chief = AtTheDesk(page_as("admin"))
    chief.finds(other.lower())
    chief.type(doctor.lower())
    chief.press("Enter")
    chief.sees("#order .place.full")
    axe(chief.page)
    chief.page.locator("#order .place.full").first.focus()
    chief.press("Enter")
    chief.waits_for_focus("at.id === 'over-reason'")
    chief.type("острая боль")
    chief.press("Enter")
    chief.is_done()
    [made] = demo.rows(UPCOMING, other)
    assert made[5] is True


def test_nothing_within_the_norm_is_the_waiting_list_under_enter(desk, demo, strangers, norm_of_an_hour):
    family = next(strangers)
    desk.finds(family.lower())
    with desk.page.expect_response("**/desk/whom/"):
        desk.page.select_option("#kind", "heart")
    desk.sees("#kind:has([value=heart][selected])")
    desk.page.locator("#whom").focus()
    desk.type("кардио")
    desk.press("Enter")
    desk.waits_for_focus("at.id === 'to-waiting'")
    desk.press("Enter")
    desk.waits_for_focus("at.id === 'box'")
    desk.sees("#person h3", has_text=re.compile("лист|waiting", re.I))
    waiting = "SELECT count(*) FROM appointments_waitingentry w JOIN patients_patient p ON p.id = w.patient_id"
    assert demo.value(f"{waiting} WHERE p.family = %s AND w.urgent", family) == 1


@pytest.mark.parametrize(("width", "height", "scrolls"), [(1366, 768, False), (1920, 1080, False), (683, 384, True)])
def test_it_fits_and_nothing_breaks_the_guidelines(page_as, axe, strangers, width, height, scrolls):
    desk = AtTheDesk(page_as("registrar", viewport={"width": width, "height": height}))
    family = next(strangers)

    def fits():
        axe(desk.page)
        size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        wide, high = desk.page.evaluate(size)
        assert wide <= width
        assert scrolls or high <= height

    fits()
    desk.type(family.lower()[:4])
    desk.sees("#hits")
    fits()
    desk.finds(family.lower())
    fits()
    desk.goes_to("терапия")
    fits()
    half = desk.page.locator("#order")
    assert scrolls or half.evaluate("each => each.scrollHeight <= each.clientHeight")


def test_in_english_too(page_as):
    page = page_as("registrar", language="en")
    assert page.get_by_placeholder(re.compile("Surname, birth date")).is_visible()


def test_the_same_number_is_searched_again_for_the_next_visit(desk, strangers):
    family, box = next(strangers).lower(), "#box"
    for _each in range(2):
        desk.page.fill(box, family)  # pasted: in one piece
        desk.sees(f"#hits[data-for='{family}']")
        desk.press("Enter")
        desk.waits_for_focus("at.id === 'whom'")
        assert desk.page.input_value(box) == ""
        desk.press("F2")


def test_a_wish_that_leaves_no_place_is_the_waiting_list_under_enter(desk, demo, strangers, norm_of_an_hour):
    family = next(strangers)
    desk.finds(family.lower())
    desk.goes_to("кардио")
    with desk.page.expect_response("**/desk/places/"):
        desk.page.select_option("#kind", "heart")
    desk.sees("#to-waiting")
    with desk.page.expect_response("**/desk/places/"):
        desk.page.locator("#part-evening").press("Space")
    desk.sees("#part-evening[checked]", state="attached")
    desk.waits_for_focus("at.id === 'part-evening'")
    desk.press("Enter")
    desk.waits_for_focus("at.id === 'box'")
    waiting = "SELECT count(*) FROM appointments_waitingentry w JOIN patients_patient p ON p.id = w.patient_id"
    assert demo.value(f"{waiting} WHERE p.family = %s", family) == 1


def test_a_held_enter_chooses_the_patient_and_nothing_more(desk, demo, strangers):
    family = next(strangers)
    desk.type(family.lower())
    desk.sees(f"#hits[data-for='{family.lower()}']")
    for _repeat in range(25):
        desk.keys.down("Enter")
        desk.page.wait_for_timeout(40)
    desk.keys.up("Enter")
    desk.page.wait_for_timeout(300)
    assert desk.page.locator("#order").get_attribute("data-right") == "whom"
    assert demo.rows(UPCOMING, family) == []


def test_a_polis_of_somebody_else_is_seen_before_a_card_is_made(desk, demo):
    """However quick Enter is: before the check, and just after its answer, which nobody has read yet."""
    made = "SELECT count(*) FROM patients_patient WHERE family = 'Поспешнова'"
    polis = demo.value("SELECT polis_number FROM patients_patient WHERE length(polis_number) = 16 ORDER BY id LIMIT 1")
    desk.type("поспешнова яна ильинична")
    desk.sees("#hit-new[aria-selected=true]")
    desk.press("Enter")
    desk.waits_for_focus("at.id === 'card-birth_date'")
    desk.type("05031961")
    desk.page.locator("#card-polis_number").focus()
    for _impatient in range(2):
        desk.page.locator("#card-polis_number").fill(polis)
        with desk.page.expect_response("**/desk/card/save/"):
            desk.press("Enter")
        desk.sees("#person[data-left=likely] [data-step]")
        desk.sees("#card-form")
        assert demo.value(made) == 0
    desk.page.wait_for_timeout(1100)
    desk.page.locator("#card-polis_number").focus()
    desk.press("Enter")
    desk.sees("#person[data-left=person]")
    assert demo.value(made) == 1
