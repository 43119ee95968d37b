// Asks every few seconds what changed, and puts it in place without moving the focus or closing what is open.
"use strict";
(() => {
    const holder = document.querySelector("[data-live]");
    if (!holder) return;
    const state = document.getElementById(holder.dataset.state || "grid-state");
    let since = holder.dataset.since;
    let asking = false;
    let timer = 0;

    const tell = (text) => { if (state && state.textContent !== text) state.textContent = text; };
    const shape = (element) => { const copy = element.cloneNode(true); for (const name of ["tabindex", "aria-selected"]) copy.removeAttribute(name); copy.classList.remove("fresh"); return copy.outerHTML; };
    const event = (name, detail) => holder.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));

    // The element stays and only its inside changes: whoever stands on it stays there.
    function renew(old, fresh) {
        if (shape(old) === shape(fresh)) return false;
        const within = old !== document.activeElement && old.contains(document.activeElement) ? document.activeElement.id : "";
        for (const { name, value } of fresh.attributes) if (name !== "tabindex") old.setAttribute(name, value);
        for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== "tabindex") old.removeAttribute(name);
        old.replaceChildren(...fresh.childNodes);
        if (window.htmx) window.htmx.process(old);
        if (within) (document.getElementById(within) || old.querySelector("[tabindex], button, a"))?.focus({ preventScroll: true });
        old.classList.remove("fresh");
        void old.offsetWidth; // so that the animation begins anew
        old.classList.add("fresh");
        return true;
    }
    function take(html) {
        const answer = new DOMParser().parseFromString(html, "text/html").querySelector("[data-since]");
        if (!answer) return;
        since = answer.dataset.since;
        const changed = [];
        for (const fresh of [...answer.children]) {
            const old = document.getElementById(fresh.id);
            if (old ? renew(old, fresh) : event("live:new", fresh)) changed.push(fresh.id);
        }
        event("live:changed", { ids: changed, keep: answer.dataset.keep });
    }
    async function ask() {
        clearTimeout(timer);
        timer = setTimeout(ask, holder.dataset.every * 1000);
        if (asking || document.hidden) return;
        asking = true;
        try {
            const answer = await fetch(holder.dataset.live + "&since=" + since, { headers: { "HX-Request": "true", "X-Poll": "1" }, cache: "no-store" });
            if (answer.status === 401 || answer.status === 423) return window.lmisLock(); // the page stays, covered
            if (answer.status === 200) take(await answer.text());
            tell(answer.ok ? "" : holder.dataset.textLost);
        } catch {
            tell(holder.dataset.textLost);
        } finally {
            asking = false;
        }
    }
    document.addEventListener("grid-changed", ask);
    document.addEventListener("visibilitychange", () => document.hidden || ask());
    timer = setTimeout(ask, holder.dataset.every * 1000);
})();
