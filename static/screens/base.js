// What every screen does: toasts, dialogs, keys, focus, errors of htmx, printing. No globals but `lmis` and `lmisPrint`.
"use strict";
(() => {
    const say = (name) => document.body.dataset["text" + name];
    const isTyping = (element) => element && element.matches("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");

    // --- toasts: stay as long as they take to read, errors until they are closed
    function arm(note) {
        const close = document.createElement("button");
        close.type = "button";
        close.textContent = "×";
        close.setAttribute("aria-label", say("Close"));
        close.addEventListener("click", () => note.remove());
        note.append(close);
        if (!note.classList.contains("error")) setTimeout(() => note.remove(), 4000 + 60 * note.textContent.length);
    }
    function toast(text, level = "success") {
        const region = document.getElementById("toasts");
        const note = document.createElement("p");
        note.className = "toast " + level;
        const words = document.createElement("span");
        words.textContent = text;
        note.append(words);
        region.append(note);
        arm(note);
        raise();
    }
    // A modal dialog covers all that is outside of it, so the notes move into the open one.
    function raise() {
        const region = document.getElementById("toasts");
        const open = [...document.querySelectorAll("dialog:modal")].pop() || document.body;
        if (region.childElementCount && region.parentElement !== open) open.append(region);
    }

    // --- dialogs: native ones, which hold the focus and give it back
    function open(dialog) {
        if (!dialog.open) dialog.showModal();
        const first = dialog.querySelector("[autofocus]");
        if (first) first.focus();
    }
    const close = (dialog) => dialog && dialog.open && dialog.close();
    document.addEventListener("click", (event) => {
        const opener = event.target.closest("[data-open]");
        if (opener) open(document.querySelector(opener.dataset.open));
        const closer = event.target.closest("[data-close]");
        if (closer) close(closer.closest("dialog"));
    });
    document.addEventListener("close", (event) => {
        if (!event.target.contains(document.getElementById("toasts"))) return;
        document.body.append(document.getElementById("toasts"));
    }, true);

    // --- what is on its way is not sent again, however often one clicks or presses
    const sending = new WeakSet();
    const isAct = ({ verb, elt, triggeringEvent }) => verb !== "get" && !elt.matches("[role=search]") && ["click", "submit"].includes(triggeringEvent?.type);
    document.addEventListener("htmx:confirm", (event) => {
        if (isAct(event.detail) && sending.has(event.detail.elt)) event.preventDefault();
    });
    document.addEventListener("htmx:beforeSend", ({ detail: { elt, xhr, requestConfig } }) => {
        if (!isAct(requestConfig)) return;
        sending.add(elt);
        xhr.addEventListener("loadend", () => sending.delete(elt));
    });
    let leaving = new WeakSet();
    window.addEventListener("submit", (event) => {
        const form = event.target;
        if (event.defaultPrevented || form.method !== "post" || "downloads" in form.dataset || event.submitter?.hasAttribute("formaction")) return;
        if (leaving.has(form)) return event.preventDefault();
        leaving.add(form);
        setTimeout(() => leaving.delete(form), 10000); // who stopped the page from loading may try again
    });
    window.addEventListener("pageshow", () => { leaving = new WeakSet(); }); // come back to, as it was left

    // --- keys: `data-key="Alt+KeyN"` clicks its element, or goes to it; by place on the keyboard, whatever the layout
    function combo(event) {
        const parts = [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift"].filter(Boolean);
        return [...parts, event.code.replace(/^Numpad(?=Enter)/, "")].join("+");
    }
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.repeat || event.isComposing || event.metaKey || !event.code) return;
        const pressed = combo(event);
        const bare = !event.ctrlKey && !event.altKey && !/^F\d/.test(event.code);
        if (bare && isTyping(event.target)) return;
        const layer = [...document.querySelectorAll("dialog:modal")].pop() || document;
        const element = [...layer.querySelectorAll("[data-key]")]
            .find((each) => each.dataset.key.split(" ").includes(pressed) && !each.disabled && each.checkVisibility());
        if (!element) return;
        event.preventDefault();
        if (isTyping(element)) { element.focus(); if (element.select) element.select(); } else { element.focus(); element.click(); }
    });
    // A key that is held down acts once: its repeats would go on to whatever the focus has come to meanwhile.
    window.addEventListener("keydown", (event) => {
        if (!event.repeat || !/Enter$/.test(event.code) || (event.target.matches("textarea") && !event.ctrlKey)) return;
        event.preventDefault();
        event.stopPropagation();
    }, true);

    const readable = (key) => key.replace(/Key|Digit/g, "").replace("Arrow", "").replace("Slash", "/").replace("Backquote", "`");
    document.addEventListener("click", (event) => {
        if (!event.target.closest("[data-open='#keys']")) return;
        const list = document.getElementById("keys-list");
        list.replaceChildren(...[...document.querySelectorAll("[data-key]")].filter((each) => each.checkVisibility()).flatMap((each) => {
            const term = document.createElement("dt");
            const key = document.createElement("kbd");
            key.textContent = readable(each.dataset.key.split(" ")[0]);
            term.append(key);
            const meaning = document.createElement("dd");
            meaning.textContent = each.dataset.keyLabel || each.getAttribute("aria-label") || each.textContent.trim();
            return [term, meaning];
        }));
    }, true);
    // Arrow keys walk through the `[data-step]` elements inside a `[data-steps]`: lists, rows of buttons.
    document.addEventListener("keydown", (event) => {
        const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
        const move = steps[event.code];
        const holder = event.target.closest && event.target.closest("[data-steps]");
        if (!move || !holder || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
        const line = [...holder.querySelectorAll("[data-step]")].filter((each) => !each.disabled && each.checkVisibility());
        const place = line.indexOf(event.target.closest("[data-step]"));
        if (place < 0) return;
        event.preventDefault();
        line[Math.max(0, Math.min(line.length - 1, place + move))].focus();
    });

    // --- htmx: what went wrong is said, what has the focus keeps it, a part in #dialog-body opens the dialog
    let focused = null;
    // The token in the page grows old when somebody unlocks the screen with a new session; the cookie does not.
    document.addEventListener("htmx:configRequest", (event) => {
        const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
        if (token) event.detail.headers["X-CSRFToken"] = token;
    });
    document.addEventListener("htmx:beforeSwap", (event) => {
        const { xhr } = event.detail;
        focused = document.activeElement && document.activeElement.id;
        if (xhr.status < 400 || !/^\s*<!doctype/i.test(xhr.responseText)) return;
        event.detail.shouldSwap = false; // a whole page of error has no place inside this one
        const texts = { 403: say("Forbidden"), 404: say("Gone") };
        if (xhr.status !== 423) toast(texts[xhr.status] || say("Failed"), "error");
    });
    document.addEventListener("htmx:afterSettle", (event) => {
        if (event.target.id === "dialog-body" && event.target.childElementCount) open(event.target.closest("dialog"));
        const wanted = event.target.querySelector("[data-focus]");
        if (wanted) wanted.focus();
        else if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
    });
    document.addEventListener("htmx:responseError", (event) => {
        if (event.detail.xhr.status >= 500) toast(say("Failed"), "error");
    });
    for (const lost of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(lost, (event) => {
        // A poll that fails is not worth a word: the next one comes anyway.
        if (event.detail.elt?.matches("[hx-trigger*='every ']")) return;
        toast(say(event.detail.requestConfig?.verb === "get" ? "Unreached" : "Unsaved"), "error");
    });
    document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
    document.addEventListener("submit", (event) => {
        if (event.target.closest("#printing")) document.getElementById("printing").close();
    });
    document.addEventListener("close-dialog", () => document.querySelectorAll("dialog:modal").forEach(close));
    document.addEventListener("print", (event) => print(event.detail.url));

    // --- printing: a page of ours in a hidden frame, so that the screen stays as it is
    function print(url) {
        document.getElementById("print-frame")?.remove();
        const frame = document.createElement("iframe");
        frame.id = "print-frame";
        frame.className = "hidden-text";
        frame.setAttribute("aria-hidden", "true");
        frame.tabIndex = -1;
        frame.addEventListener("load", () => {
            const page = frame.contentDocument;
            // Not a print but a page that says why there is none, or one of the browser's own.
            if (!page?.body.hasAttribute("data-printable")) {
                return toast(page?.getElementById("said")?.textContent || say("Failed"), "error");
            }
            const before = document.activeElement;
            frame.contentWindow.addEventListener("afterprint", () => before?.focus());
            frame.contentWindow.print(); // without taking the focus: the next patient's name is being typed already
            frame.dataset.printed = ""; // until here the browser drops what is clicked
            before?.focus(); // a browser that prints without asking tells of no end
        });
        frame.src = url;
        document.body.append(frame);
    }
    document.addEventListener("click", (event) => {
        const link = event.target.closest("[data-print]");
        if (link) { event.preventDefault(); print(link.dataset.print); }
    });

    // What sticks to the top of a page stands below the bar, which has two lines where the screens are many.
    const bar = document.querySelector(".bar");
    new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
    document.querySelectorAll("#toasts .toast").forEach(arm);
    window.lmis = { toast, open, close, isTyping };
    window.lmisPrint = print;
})();
