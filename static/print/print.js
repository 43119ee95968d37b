// The button of a print that was opened as a page of its own; in a frame the page around it prints.
"use strict";
document.getElementById("print")?.addEventListener("click", () => window.print());
