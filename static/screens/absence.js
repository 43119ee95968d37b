// One absence: a decision for all lines at once, those apart whose time has come; choosing a place means moving there.
"use strict";
document.addEventListener("click", (event) => {
    const all = event.target.closest("[data-all]");
    if (!all) return;
    all.closest("form").querySelectorAll("tr:not([data-come]) select[name^='choice-']").forEach((each) => {
        if ([...each.options].some((option) => option.value === all.dataset.all)) each.value = all.dataset.all;
    });
});
document.addEventListener("change", (event) => {
    if (!event.target.matches("select[name^='target-']")) return;
    event.target.closest("tr").querySelector("select[name^='choice-']").value = "move";
});
