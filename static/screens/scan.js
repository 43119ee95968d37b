// A ticket's code, typed by a scanner on any page: thirteen digits within moments of each other, then Enter.
"use strict";
(() => {
    const SCAN = document.currentScript.dataset.url;
    const PAUSE = 80; // milliseconds between two keys; nobody types as fast
    let digits = "", last = 0;
    // GS1: weights 1 and 3 in turn, the last digit makes it a multiple of ten.
    const isCode = (text) => /^2\d{12}$/.test(text) && [...text].reduce((sum, digit, place) => sum + digit * (place % 2 ? 3 : 1), 0) % 10 === 0;
    const isField = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");
    const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value;

    async function open(code) {
        let answer;
        try {
            answer = await fetch(SCAN, { method: "POST", headers: { "X-CSRFToken": token(), "HX-Request": "true" }, body: new URLSearchParams({ code }) });
        } catch { return window.lmis?.toast(document.body.dataset.textFailed, "error"); }
        const address = answer.headers.get("HX-Redirect");
        if (address) return location.assign(address);
        const { toast } = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}");
        if (toast && window.lmis) window.lmis.toast(toast.text, toast.level);
    }
    document.addEventListener("keydown", (event) => {
        if (!event.code || event.ctrlKey || event.altKey || event.metaKey) return;
        const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
        if (event.timeStamp - last > PAUSE) digits = "";
        last = event.timeStamp;
        if (digit) digits += digit;
        else if (!/^(Numpad)?Enter$/.test(event.code)) { if (!/^Shift/.test(event.code)) digits = ""; } else {
            const code = digits;
            digits = "";
            // In a field it is what the field makes of it: the desk's box searches. A dialog keeps what is in it.
            if (!isCode(code) || isField(event.target) || document.querySelector("dialog:modal")) return;
            event.preventDefault();
            event.stopPropagation();
            open(code);
        }
    }, true);
})();
