// A diagnosis chosen from the list goes into the fields that ask for it; the arrow down goes into the list.
// `data-diagnosis` names the list, `data-then` where the cursor goes afterwards; `data-part` is code or name.
"use strict";
(() => {
    const listOf = (holder) => document.querySelector(holder.dataset.diagnosis);
    const holderOf = (list) => [...document.querySelectorAll("[data-diagnosis]")].find((each) => listOf(each) === list);
    document.addEventListener("click", (event) => {
        const offer = event.target.closest("[data-code][data-name]");
        const list = offer?.closest("[data-diagnoses]");
        const holder = list && holderOf(list);
        if (!holder) return;
        for (const field of holder.querySelectorAll("[data-part]")) field.value = offer.dataset[field.dataset.part];
        list.replaceChildren();
        document.querySelector(holder.dataset.then)?.focus();
    });
    document.addEventListener("keydown", (event) => {
        if (event.code !== "ArrowDown" && event.code !== "Escape") return;
        const holder = event.target.closest?.("[data-diagnosis]");
        const list = holder ? listOf(holder) : event.target.closest?.("[data-diagnoses]");
        const first = list?.querySelector("[data-step]");
        if (!first || (event.code === "ArrowDown" && !holder)) return;
        event.preventDefault();
        event.stopPropagation(); // Escape puts the list away and nothing else
        if (event.code === "ArrowDown") { first.focus(); return; }
        holderOf(list)?.querySelector("[data-part=code]")?.focus();
        list.replaceChildren();
    }, true);
})();
