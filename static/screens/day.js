// The doctor's day: rows that come and go with the poll.
"use strict";
(() => {
    const day = document.getElementById("day");
    const list = document.getElementById("visits");
    if (!day) return;
    day.addEventListener("live:new", (event) => {
        if (event.detail.matches("li")) list.append(document.importNode(event.detail, true));
    });
    day.addEventListener("live:changed", (event) => {
        const order = (event.detail.keep || "").trim().split(/\s+/);
        for (const row of [...list.children]) if (!order.includes(row.id)) row.remove();
        order.forEach((id, place) => {
            const row = document.getElementById(id);
            if (row && list.children[place] !== row) list.insertBefore(row, list.children[place]);
        });
        if (window.htmx) window.htmx.process(list);
    });
})();
