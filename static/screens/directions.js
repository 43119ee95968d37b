// A diagnosis chosen from the list goes into both fields; the arrow down goes into the list.
"use strict";
(() => {
    const fields = () => ["code", "name"].map((part) => document.querySelector(`[data-diagnosis] [name=diagnosis_${part}]`));
    document.addEventListener("click", (event) => {
        const offer = event.target.closest("[data-code][data-name]");
        if (!offer) return;
        const [code, name] = fields();
        code.value = offer.dataset.code;
        name.value = offer.dataset.name;
        document.getElementById("diagnoses").replaceChildren();
        name.focus();
    });
    document.addEventListener("keydown", (event) => {
        if (event.code !== "ArrowDown" || !event.target.closest) return;
        const list = event.target.closest("[data-diagnosis]") ? "#diagnoses" : event.target.id === "patient-text" ? "#patients" : "";
        const first = list && document.querySelector(`${list} [data-step]`);
        if (!first) return;
        event.preventDefault();
        first.focus();
    });
    document.getElementById("refused")?.focus();
})();
