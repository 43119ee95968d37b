// The arrow down goes from the patient's field into the list of those found; what was refused is said first.
"use strict";
(() => {
    document.addEventListener("keydown", (event) => {
        if (event.code !== "ArrowDown" || event.target.id !== "patient-text") return;
        const first = document.querySelector("#patients [data-step]");
        if (!first) return;
        event.preventDefault();
        first.focus();
    });
    document.getElementById("refused")?.focus();
})();
