// Covers the page after some minutes without input and keeps what is on it; the server locks the session meanwhile.
"use strict";
(() => {
    const { lock: LOCK, user: USER, minutes, textLocked, textOffline, locked } = document.currentScript.dataset;
    const PATIENCE = Number(minutes) * 60_000;
    const RETRY = 3000;
    const tabs = new BroadcastChannel("lmis-lock"); // the other tabs of this browser
    let active = Date.now(), told = 0;
    const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const ask = (url, body) => fetch(url, { method: "POST", headers: { "X-CSRFToken": token(), "HX-Request": "true" }, body });

    const dialog = document.createElement("dialog");
    dialog.id = "lock";
    dialog.setAttribute("aria-labelledby", "lock-title");
    dialog.setAttribute("closedby", "none");
    const isLocked = () => dialog.open;
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => { if (dialog.dataset.on) dialog.showModal(); });

    function cover() {
        if (!dialog.isConnected) document.body.append(dialog);
        dialog.dataset.on = "1";
        if (!dialog.open) { say(textLocked); dialog.showModal(); }
    }
    function say(text) {
        const words = document.createElement("h2");
        words.id = "lock-title";
        words.textContent = text;
        dialog.replaceChildren(words);
    }
    function show(html) {
        dialog.innerHTML = html; // our own server's box
        const before = dialog.querySelector("[name=before]");
        if (before) before.value = USER;
        const name = dialog.querySelector("#lock-username");
        // The session has ended: mostly it is the same one who goes on.
        if (name && !name.value && !dialog.querySelector("#lock-password")) { name.value = USER; dialog.querySelector("#lock-other").focus(); return; }
        dialog.querySelector("[autofocus]")?.focus();
    }
    async function lock() {
        cover();
        tabs.postMessage("locked");
        for (;;) {
            try {
                const answer = await ask(LOCK);
                const address = answer.headers.get("HX-Redirect"); // the password has to be changed first
                if (address) { delete dialog.dataset.on; return location.assign(address); }
                if (answer.ok || answer.status === 401) return show(await answer.text());
            } catch { /* told below, and tried again */ }
            if (!isLocked()) return;
            say(textOffline);
            await new Promise((wake) => setTimeout(wake, RETRY));
        }
    }
    function uncover() {
        delete dialog.dataset.on;
        active = Date.now();
        if (locked !== undefined) return location.reload(); // this page was only the cover
        if (dialog.open) dialog.close();
        dialog.replaceChildren();
        // The key of the session may be a new one: forms that were open when it changed get it, too.
        document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token(); });
        document.dispatchEvent(new Event("unlocked"));
    }
    dialog.addEventListener("submit", async (event) => {
        event.preventDefault();
        const form = event.target, button = form.querySelector("button:not([type=button])");
        button.disabled = true;
        try {
            const answer = await ask(form.action, new URLSearchParams(new FormData(form)));
            const address = answer.headers.get("HX-Redirect");
            if (address) { tabs.postMessage("changed"); delete dialog.dataset.on; return location.assign(address); }
            if (answer.status === 204) { tabs.postMessage("unlocked"); return uncover(); }
            show(await answer.text());
        } catch {
            button.disabled = false;
        }
    });
    // Whoever worked here lately only needs the password: a click, or Alt and the number.
    dialog.addEventListener("click", ({ target }) => {
        const one = target.closest("[data-login]");
        if (!one) return;
        const { username, password } = one.form.elements;
        username.value = one.dataset.login;
        password.value = "";
        password.focus();
    });
    dialog.addEventListener("keydown", (event) => {
        const number = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
        if (!number || !event.altKey || event.ctrlKey || event.shiftKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation(); // nothing of the page below
        dialog.querySelectorAll("[data-login]")[number - 1]?.click();
    });
    // As a GET, also where a form was sent: it would be sent again, under the other employee's name.
    function afresh() { delete dialog.dataset.on; location.replace(location.pathname + location.search); }
    tabs.addEventListener("message", ({ data }) => {
        if (data.user && data.user !== USER) afresh(); // who logged in there is who works here, too
        if (data === "active") active = Date.now();
        if (data === "locked" && !isLocked()) lock();
        if (data === "unlocked" && isLocked()) uncover();
        if (data === "changed") afresh(); // these pages were the other employee's
    });
    tabs.postMessage({ user: USER });

    function moved(event) {
        if (!event.isTrusted || isLocked()) return;
        active = Date.now();
        if (active - told > 5000) { told = active; tabs.postMessage("active"); }
    }
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(kind, moved, { capture: true, passive: true });
    if (PATIENCE) setInterval(() => { if (!isLocked() && Date.now() - active >= PATIENCE) lock(); }, 1000);
    document.addEventListener("click", (event) => {
        if (!event.target.closest("[data-lock-now], a[href='#lock']")) return;
        event.preventDefault();
        lock();
    });
    // Another tab or another computer locked the session, or it has ended: the page stays, covered.
    document.addEventListener("htmx:beforeRequest", (event) => { if (isLocked()) event.preventDefault(); });
    const lockOnce = () => { if (!isLocked()) lock(); };
    document.addEventListener("htmx:responseError", ({ detail }) => { if ([401, 423].includes(detail.xhr.status)) lockOnce(); });
    if (locked !== undefined) lock();
    window.lmisLock = lockOnce;
})();
