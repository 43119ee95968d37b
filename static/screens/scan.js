// A ticket's code, typed by a scanner on any page: thirteen digits within moments of each other, then Enter.
"use strict";
(() => {
    const SCAN = document.currentScript.dataset.url;
    // Milliseconds between two keys: nobody types a number as fast. In a field it must be certain, so less is allowed.
    const PAUSE = 80, IN_FIELD = 30;
    const ROLLED = 3; // digits that fingers may press within that time; more are a machine's
    const ours = new WeakSet();
    let burst = null, timer = 0;
    // GS1: weights 1 and 3 in turn, the last digit makes it a multiple of ten.
    const isCode = (text) => /^2\d{12}$/.test(text) && [...text].reduce((sum, digit, place) => sum + digit * (place % 2 ? 3 : 1), 0) % 10 === 0;
    const isField = (element) => element.matches("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select");
    // The desk's box searches by itself; a secret and the lock are nobody's business.
    const isLeftAlone = (element) => element.closest("#box, [type=password], [contenteditable], select[multiple]") || document.querySelector("#lock[open]");
    const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value;

    async function open(code) {
        let answer;
        try {
            answer = await fetch(SCAN, { method: "POST", headers: { "X-CSRFToken": token(), "HX-Request": "true" }, body: new URLSearchParams({ code }) });
        } catch { return window.lmis?.toast(document.body.dataset.textFailed, "error"); }
        const address = answer.headers.get("HX-Redirect");
        if (address) return location.assign(address);
        if (answer.status === 401 || answer.status === 423) return window.lmisLock();
        const { toast } = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}");
        if (toast && window.lmis) window.lmis.toast(toast.text, toast.level);
        else if (toast) window.alert(toast.text); // the lists have no place for a note that comes by itself
    }

    // --- what came so far: where, and what the field held before
    function begin({ target }) {
        const field = isField(target) ? target : null;
        return { target, field, digits: "", slowest: 0, last: 0, held: [], value: field?.value, range: [field?.selectionStart, field?.selectionEnd] };
    }
    function restore({ field, value, range }) {
        if (!field) return;
        field.value = value;
        if (Number.isInteger(range[0])) field.setSelectionRange(...range);
        for (const kind of field.matches("select") ? ["input", "change"] : ["input"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    // Outside of a field a digit may be a key of the page, which books a place: it waits until it is known to be alone.
    function hold(event) {
        event.preventDefault();
        event.stopImmediatePropagation();
        burst.held.push(event);
        clearTimeout(timer);
        timer = setTimeout(give, PAUSE);
    }
    function give() {
        clearTimeout(timer);
        const held = burst?.held ?? [];
        burst = null;
        if (held.length > ROLLED) return;
        for (const { target, code, key, shiftKey } of held) {
            const again = new KeyboardEvent("keydown", { code, key, shiftKey, bubbles: true, cancelable: true });
            ours.add(again);
            target.dispatchEvent(again);
        }
    }
    document.addEventListener("keydown", (event) => {
        if (ours.has(event) || !event.code || /^Shift/.test(event.code)) return;
        if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing || isLeftAlone(event.target)) return give();
        if (burst && (burst.target !== event.target || event.timeStamp - burst.last > PAUSE)) give();
        const digit = event.key?.length === 1 && /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1]; // without NumLock they move
        if (burst?.digits) burst.slowest = Math.max(burst.slowest, event.timeStamp - burst.last);
        if (digit) {
            burst ??= begin(event);
            burst.digits += digit;
            burst.last = event.timeStamp;
            if (!burst.field) hold(event);
            return;
        }
        const whole = burst;
        const isScan = whole && /^(Numpad)?Enter$/.test(event.code) && isCode(whole.digits) && whole.slowest <= (whole.field ? IN_FIELD : PAUSE);
        if (!isScan) return give();
        clearTimeout(timer);
        burst = null;
        event.preventDefault();
        event.stopImmediatePropagation(); // the field's own Enter, too
        restore(whole);
        open(whole.digits);
    }, true);
})();
