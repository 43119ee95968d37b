// What unfold leaves out on the staff's lists and forms: the search's key in any layout, names for those who cannot see.
"use strict";
(() => {
    const isTyping = (element) => element?.matches("input, textarea, select, [contenteditable]");

    // `/` by its place on the keyboard: under a Russian layout the same key is a full stop.
    document.addEventListener("keydown", (event) => {
        const search = document.getElementById("searchbar");
        if (!search || event.code !== "Slash" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || isTyping(document.activeElement)) return;
        event.preventDefault();
        search.focus();
    });

    // What select2 draws is called by what is chosen in it, or by nothing: it shall be called by the field's label.
    const nameOf = (select) => select.labels?.[0]?.textContent.trim().replace(/\s*\*$/, "") || select.getAttribute("aria-label");
    function nameChooser(select) {
        const drawn = select.nextElementSibling?.querySelector("[role=combobox]"), name = nameOf(select);
        if (!drawn || !name) return;
        const chosen = drawn.querySelector(".select2-selection__rendered");
        drawn.removeAttribute("aria-labelledby");
        if (chosen?.id) drawn.setAttribute("aria-describedby", chosen.id);
        for (const part of [drawn, ...drawn.querySelectorAll("[role=textbox], [role=searchbox]")]) part.setAttribute("aria-label", name);
    }
    function nameAll() {
        document.querySelectorAll("select.select2-hidden-accessible").forEach(nameChooser);
        // The signs beside Django's filters have a name, which nothing but an image may have.
        document.querySelectorAll(".selector .help-tooltip[aria-label]").forEach((sign) => sign.setAttribute("role", "img"));
    }
    // What scrolls inside a page is a region, which unfold's script would call by an English name when it draws it.
    document.addEventListener("DOMContentLoaded", () => {
        const name = document.querySelector("meta[name=scrollable]")?.content;
        if (name && window.SimpleBar) SimpleBar.defaultOptions.ariaLabel = name;
    });
    // Both after the listeners that draw these.
    addEventListener("load", () => setTimeout(nameAll));
    document.addEventListener("formset:added", () => setTimeout(nameAll));
    // The box in a list that was let down is drawn with it.
    document.addEventListener("focusin", ({ target }) => {
        if (!target.matches(".select2-search__field:not([aria-label])")) return;
        const name = document.querySelector(".select2-container--open [role=combobox]")?.getAttribute("aria-label");
        if (name) target.setAttribute("aria-label", name);
    });
})();
