// The booking desk by keyboard: the two boxes with their lists, the rows of appointments, the columns of places.
"use strict";
(() => {
    const byId = (id) => document.getElementById(id);
    const box = byId("box");
    const isThere = (element) => element && element.checkVisibility();

    // --- a box and its list: the arrows choose, Enter takes; the cursor stays in the box
    const listOf = (input) => byId(input.id === "box" ? "hits" : input.dataset.filters);
    const picksOf = (list) => list ? [...list.querySelectorAll("[data-pick]")].filter((each) => !each.hidden) : [];
    const activeIn = (list) => list && list.querySelector("[data-pick][aria-selected=true]");
    function activate(input, item) {
        const list = listOf(input);
        list?.querySelectorAll("[aria-selected=true]").forEach((each) => each.setAttribute("aria-selected", "false"));
        item?.setAttribute("aria-selected", "true");
        item?.scrollIntoView({ block: "nearest" });
        if (item) input.setAttribute("aria-activedescendant", item.id); else input.removeAttribute("aria-activedescendant");
        input.setAttribute("aria-expanded", String(Boolean(picksOf(list).length)));
    }
    function step(input, by) {
        const picks = picksOf(listOf(input));
        const place = picks.indexOf(activeIn(listOf(input)));
        activate(input, picks[Math.max(0, Math.min(picks.length - 1, place + by))]);
    }
    const squeeze = (text) => text.trim().replace(/\s+/g, " ");
    const isAnswered = () => byId("hits")?.dataset.for === squeeze(box.value);

    // --- whom to see: narrowed while one types, also under the other layout
    const LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`", RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё";
    const plain = (text) => text.toLowerCase().replaceAll("ё", "е");
    const retyped = (text) => [...text.toLowerCase()].map((letter) => RUSSIAN[LATIN.indexOf(letter)] || letter).join("");
    function narrow(input) {
        const wanted = squeeze(input.value);
        const spellings = [plain(wanted), plain(retyped(wanted))];
        const list = listOf(input);
        for (const item of list.querySelectorAll("[data-pick]")) {
            const words = plain(item.dataset.words).split(/\s+/);
            const fits = spellings.some((text) => words.some((word) => word.startsWith(text)) || plain(item.dataset.words).startsWith(text));
            item.hidden = wanted ? !fits : "hidden" in item.dataset;
        }
        const picks = picksOf(list);
        list.parentElement.querySelector("[data-nothing]").hidden = picks.length > 0;
        activate(input, picks[0]);
    }

    // --- keys
    const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    function inBox(event, input) {
        if (event.code in MOVES) { event.preventDefault(); step(input, MOVES[event.code]); return; }
        if (event.code === "Enter" || event.code === "NumpadEnter") {
            const item = activeIn(listOf(input));
            // What is listed must be the answer to what the box says now; else the box is asked.
            if (input === box && !(item && isAnswered())) return;
            event.preventDefault();
            item?.click();
        }
        if (event.code === "Escape") {
            event.preventDefault();
            if (input.value) { input.value = ""; input.dispatchEvent(new Event("input", { bubbles: true })); } else box.focus();
        }
    }
    function inColumns(event) {
        const columns = [...event.target.closest("[data-columns]").querySelectorAll(".day")];
        const column = event.target.closest(".day");
        const places = (each) => each ? [...each.querySelectorAll("[data-place]")] : [];
        const row = places(column).indexOf(event.target);
        const sideways = { ArrowRight: 1, ArrowLeft: -1 }[event.code];
        const updown = { ArrowDown: 1, ArrowUp: -1 }[event.code];
        if (row < 0 || !(sideways || updown)) return;
        event.preventDefault();
        const line = sideways ? places(columns[columns.indexOf(column) + sideways]) : places(column);
        line[sideways ? Math.min(row, line.length - 1) : row + updown]?.focus();
    }
    document.addEventListener("keydown", (event) => {
        if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || !event.code) return;
        const target = event.target;
        if (target.matches("#box, [data-filters]")) { inBox(event, target); return; }
        const line = target.closest("[data-line]");
        const act = line && !window.lmis.isTyping(target) && [...line.querySelectorAll("[data-act]")].find((each) => each.dataset.act === event.code);
        if (act) { event.preventDefault(); act.click(); return; }
        if (target.closest("[data-paper]") && /Enter$/.test(event.code)) { event.preventDefault(); firstPlace()?.focus(); return; }
        if (target.matches("[data-wait], .weekdays input") && /Enter$/.test(event.code)) { event.preventDefault(); byId("to-waiting").click(); return; }
        // A wish that leaves no place: the cursor is still on it, and Enter does what the button says.
        if (target.matches("#order [type=radio]") && /Enter$/.test(event.code) && isThere(byId("to-waiting"))) { event.preventDefault(); byId("to-waiting").click(); return; }
        if (target.closest("[data-columns]")) inColumns(event);
    }, true);
    const firstPlace = () => document.querySelector("#order [data-place]");
    document.addEventListener("input", (event) => {
        if (event.target === box) settled = false;
        if (event.target.matches("[data-filters]")) narrow(event.target);
    });
    document.addEventListener("change", (event) => {
        if (event.target.id === "direction-paper" && event.target.checked) byId("paper-lpu")?.focus();
    });
    document.addEventListener("focusin", (event) => {
        event.target.removeAttribute("data-focus"); // once: the next answer must not call the cursor back
        if (event.target.matches(".doctors")) event.target.querySelector("[aria-pressed=true]")?.focus();
    });
    byId("channel-key").addEventListener("click", () => {
        const other = [byId("channel-window"), byId("channel-phone")].find((each) => !each.checked);
        other.checked = true;
        other.dispatchEvent(new Event("change", { bubbles: true }));
        box.focus();
    });

    // --- answers: the list gets its first item, the booking of somebody else is put away
    let settled = false;
    document.addEventListener("htmx:configRequest", (event) => {
        // Enter alone takes the only one found. Not told by the button: htmx remembers it for all later searches.
        const { elt, parameters, triggeringEvent } = event.detail;
        if (elt.id === "find") parameters.enter = triggeringEvent?.type === "submit" ? "1" : "";
    });
    // --- a new card: whom it may be already counts as seen a second after it is shown, when Enter is pressed and not
    // when the queue lets the card go
    const READ = 1000;
    let shown = new Map(), seen = [];
    const likely = () => [...document.querySelectorAll("#person [name=seen]")].map((each) => each.value);
    document.addEventListener("submit", (event) => {
        if (event.target.id === "card-form") seen = likely().filter((guid) => performance.now() - shown.get(guid) >= READ);
    }, true);
    document.addEventListener("htmx:configRequest", (event) => {
        if (event.detail.elt.id === "card-form") event.detail.parameters.seen = seen;
    });
    document.addEventListener("htmx:afterSettle", (event) => {
        if (event.target.id === "person") shown = new Map(likely().map((guid) => [guid, shown.get(guid) ?? performance.now()]));
    });
    document.addEventListener("htmx:beforeRequest", (event) => {
        // A search still waiting for the next letter has nothing to say once somebody is chosen.
        if (event.detail.elt.id === "find" && settled) event.preventDefault();
    });
    document.addEventListener("htmx:afterSettle", (event) => {
        if (event.target.id === "person") {
            const left = event.target.dataset.left;
            const order = byId("order");
            if (left === "results") order.hidden = true;
            if (left === "idle") order.hidden = !["idle", "booked"].includes(order.dataset.right);
            activate(box, left === "results" ? picksOf(byId("hits"))[0] : null);
        }
        if (event.target.id === "order" && byId("whom")) activate(byId("whom"), picksOf(listOf(byId("whom")))[0]);
    });
    if (byId("whom")) { byId("whom").focus(); activate(byId("whom"), picksOf(listOf(byId("whom")))[0]); } // a ticket scanned elsewhere
    function clear() { box.value = ""; settled = true; }
    document.addEventListener("desk-chosen", clear);
    document.addEventListener("desk-done", () => {
        clear();
        document.querySelectorAll("dialog:modal").forEach((each) => each.close());
        box.focus();
    });
    document.addEventListener("desk-channel", () => {
        const form = document.querySelector("#order form.order:not(#card-form)");
        if (isThere(form)) window.htmx.trigger(form, "reask");
    });
})();
