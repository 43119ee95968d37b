// The operators' page: says when it could not be renewed; copies a letter.
"use strict";
(() => {
    const state = document.getElementById("exchange-state");
    document.addEventListener("htmx:afterRequest", (event) => {
        if (event.detail.elt?.id !== "exchange-poll" || !state) return;
        const lost = !(event.detail.xhr && event.detail.xhr.status >= 200 && event.detail.xhr.status < 300);
        const text = lost ? state.dataset.textLost : "";
        if (state.textContent !== text) state.textContent = text;
    });
    document.addEventListener("click", async (event) => {
        const button = event.target.closest("[data-copy]");
        if (!button) return;
        const text = document.querySelector(button.dataset.copy);
        text.select();
        try { await navigator.clipboard.writeText(text.value); } catch { document.execCommand("copy"); } // plain http has no clipboard
        document.dispatchEvent(new CustomEvent("toast", { detail: { text: button.dataset.textCopied, level: "success" } }));
    });
})();
