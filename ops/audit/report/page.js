"use strict";
const value = (row, column) => {
  const cell = row.cells[column];
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(text);
  return text !== "" && !Number.isNaN(number) ? number : text;
};
const compared = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * compared(value(a, column), value(b, column)));
      table.tBodies[0].append(...rows);
    });
  });
}
const words = document.getElementById("words");
const kind = document.getElementById("kind");
const boxes = [...document.querySelectorAll("input.verdict")];
const rows = [...document.getElementById("findings").tBodies[0].rows];
const filter = () => {
  const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const text = words.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const there = wanted.has(row.dataset.verdict) && (kind.value === "" || kind.value === row.dataset.kind)
      && (text === "" || row.textContent.toLowerCase().includes(text));
    row.hidden = !there;
    shown += there ? 1 : 0;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length}`;
};
for (const control of [words, kind, ...boxes]) control.addEventListener("input", filter);
