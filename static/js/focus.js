"use strict";

/* Where the keyboard is after a part of the page was replaced. htmx gives the focus back by id alone. Here it goes to what
   says the same in the same row, or in the part, else to the part itself: never to the top of the page. */
(() => {
  const FOCUSABLE = "a[href], button, summary";
  let lost = null;

  const read = (target) => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const { textContent, href } = element;
    return { element, text: textContent.trim(), href, row: element.closest("[data-row]")?.id, part: target.id };
  };

  const findSame = ({ text, href }, place) => {
    const same = [...place.querySelectorAll(FOCUSABLE)].filter((each) => text && each.textContent.trim() === text);
    return same.find((each) => each.href === href) ?? same[0];
  };
  const findInRow = (focus, row) => findSame(focus, row)
    ?? [...row.querySelectorAll("a[href]")].find((each) => each.href === focus.href)
    ?? row.querySelector(".row-actions") ?? row.querySelector(FOCUSABLE);

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, requestConfig: { elt } } = event.detail;
    lost = elt.matches("[data-poll]") || elt.contains(document.activeElement) ? read(target) : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const focus = lost;
    lost = null;
    if (!focus || focus.element.isConnected || document.activeElement !== document.body) return;
    const row = focus.row && document.getElementById(focus.row);
    const part = document.getElementById(focus.part);
    const found = row ? findInRow(focus, row) : part && findSame(focus, part);
    if (!found && part && part.tabIndex < 0) part.tabIndex = -1;
    (found ?? part)?.focus({ preventScroll: true });
  });
})();
