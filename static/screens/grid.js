// The grid: walking from place to place, opening one, the line of now, what the poll brings.
"use strict";
(() => {
    const board = document.getElementById("board");
    if (!board) return;
    const cells = () => [...board.querySelectorAll(".cell, .none")];
    const middle = (cell) => (Number(cell.dataset.begin || 0) + Number(cell.dataset.end || 0)) / 2;
    if (board.dataset.move) board.classList.add("moving");

    // --- one place can be tabbed to; the arrow keys go on from there
    function stand(cell, scroll = true) {
        for (const other of board.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
        cell.tabIndex = 0;
        if (scroll) cell.focus();
    }
    function sideways(cell, step) {
        const lanes = [...board.querySelectorAll(".cells")];
        const lane = lanes[lanes.indexOf(cell.closest(".cells")) + step];
        if (!lane) return null;
        const there = [...lane.querySelectorAll(".cell, .none")];
        return there.sort((a, b) => Math.abs(middle(a) - middle(cell)) - Math.abs(middle(b) - middle(cell)))[0];
    }
    function beside(cell, code) {
        const lane = [...cell.closest(".cells").querySelectorAll(".cell, .none")].sort((a, b) => middle(a) - middle(b));
        const place = lane.indexOf(cell);
        return {
            ArrowDown: () => lane[place + 1], ArrowUp: () => lane[place - 1], Home: () => lane[0], End: () => lane.at(-1),
            ArrowRight: () => sideways(cell, 1), ArrowLeft: () => sideways(cell, -1),
        }[code]?.();
    }
    board.addEventListener("keydown", (event) => {
        const cell = event.target.closest("[role=gridcell]");
        if (!cell || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
        const next = beside(cell, event.code);
        if (next) { event.preventDefault(); stand(next); }
    });
    board.addEventListener("focusin", (event) => {
        const cell = event.target.closest("[role=gridcell]");
        if (cell) stand(cell, false);
    });

    // --- Enter, the space bar and a click open a place
    let opened = "";
    board.addEventListener("click", (event) => {
        const cell = event.target.closest(".cell");
        if (!cell) return;
        opened = cell.id;
        acting = false;
        const query = board.dataset.move ? "?move=" + board.dataset.move : "";
        window.htmx.ajax("GET", board.dataset.place.replace(/0{8}-(0{4}-){3}0{12}/, cell.dataset.place) + query, { target: "#dialog-body", swap: "innerHTML" });
    });
    document.getElementById("dialog").addEventListener("close", () => {
        opened = "";
        const gone = board.querySelector(".gone:not(.aside)");
        if (gone) gone.remove();
        if (board.dataset.move && document.querySelector("#dialog-body [data-moved]")) location.search = document.querySelector(".grid-moving a").search;
        document.getElementById("dialog-body").replaceChildren();
    });
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-reveal]");
        if (!button) return;
        const form = document.querySelector(button.dataset.reveal);
        form.hidden = !form.hidden;
        button.setAttribute("aria-expanded", String(!form.hidden));
        if (!form.hidden) form.querySelector("input").focus();
    });
    document.addEventListener("keydown", (event) => { // from the box down into what was found
        if (event.code !== "ArrowDown" || !["card-text", "choose-text"].includes(event.target.id)) return;
        const first = [...document.querySelectorAll("#dialog [data-step]")].find((each) => each.checkVisibility());
        if (first) { event.preventDefault(); first.focus(); }
    });

    // --- the list of doctors: typing leaves those that have all the words, Enter takes the first
    const left = (list) => [...list.querySelectorAll("[data-step]")].filter((each) => !each.parentElement.hidden);
    document.addEventListener("input", (event) => {
        const list = event.target.dataset.filter && document.querySelector(event.target.dataset.filter);
        if (!list) return;
        const plain = (text) => text.toLowerCase().replaceAll("ё", "е");
        const words = plain(event.target.value).split(/\s+/);
        for (const item of list.children) item.hidden = !words.every((word) => plain(item.textContent).includes(word));
        document.querySelector("[data-none]").hidden = left(list).length > 0;
    });
    document.addEventListener("keydown", (event) => {
        const list = event.code === "Enter" && event.target.dataset?.filter && document.querySelector(event.target.dataset.filter);
        if (list) { event.preventDefault(); (left(list).find((each) => !each.parentElement.matches(".part")) || left(list)[0])?.click(); }
    });

    // --- what the poll brings
    board.addEventListener("live:new", (event) => {
        const fresh = event.detail;
        if (fresh.classList.contains("gone")) return;
        const lane = document.getElementById("lane-" + fresh.dataset.column);
        const fits = lane && Number(fresh.dataset.begin) >= board.dataset.begins * 60 && Number(fresh.dataset.end) <= board.dataset.until * 60;
        if (!fits) { window.lmis.toast(board.dataset.textOutside, "info"); return; }
        lane.querySelector(".none")?.remove();
        const after = [...lane.querySelectorAll(".cell")].find((cell) => Number(cell.dataset.begin) > Number(fresh.dataset.begin));
        lane.insertBefore(document.importNode(fresh, true), after || lane.querySelector(".now"));
    });
    board.addEventListener("live:changed", (event) => {
        for (const cell of board.querySelectorAll(".gone:not(.aside)")) if (cell !== document.activeElement && cell.id !== opened) cell.remove();
        for (const lane of board.querySelectorAll(".cells")) {
            const count = document.getElementById("free-" + lane.id.slice("lane-".length));
            const free = [...lane.querySelectorAll(".cell")].reduce((sum, cell) => sum + Number(cell.dataset.free), 0);
            if (count && count.textContent !== String(free)) count.textContent = free;
        }
        const note = document.getElementById("place-changed");
        if (event.detail.ids.includes(opened)) {
            if (note && !acting) note.hidden = false;
            acting = false;
        }
    });
    // What the dialog itself has just done is no news to it: the first poll after that brings just this.
    let acting = false;
    document.addEventListener("grid-changed", () => { acting = true; });

    // --- the line of now, by the server's clock
    const ahead = Number(board.dataset.instant) * 1000 - Date.now();
    const line = board.querySelector(".now");
    const begun = line && getComputedStyle(line);
    const start = begun ? Number(begun.getPropertyValue("--h")) + Number(begun.getPropertyValue("--m")) : 0;
    const loaded = Date.now() + ahead;
    function tick() {
        for (const each of board.querySelectorAll(".now")) {
            const minute = start + (Date.now() + ahead - loaded) / 60000;
            each.style.setProperty("--h", Math.floor(minute / 60) * 60);
            each.style.setProperty("--m", Math.floor(minute % 60));
        }
    }
    setInterval(tick, 30000);

    // --- a scanned ticket's place: the address names its cell, and it opens
    function arrive() {
        const asked = location.hash && document.getElementById(location.hash.slice(1));
        if (!asked || !asked.matches(".cell")) return false;
        history.replaceState(null, "", location.pathname + location.search);
        stand(asked);
        asked.scrollIntoView({ block: "center" });
        asked.click();
        return true;
    }
    window.addEventListener("hashchange", arrive);

    // --- where one begins: at the first place to come, with the line of now in sight
    if (arrive()) return;
    const coming = [...board.querySelectorAll(".today .cell")].find((cell) => Number(cell.dataset.begin) >= start);
    const first = coming || board.querySelector(".cell.free") || cells()[0];
    if (first) stand(first, false);
    if (line && line.offsetTop > board.clientHeight * 0.6) board.scrollTop = line.offsetTop - board.clientHeight / 3;
    if (first && document.activeElement === document.body) first.focus({ preventScroll: Boolean(line) });
})();
