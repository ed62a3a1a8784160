/* Shortcuts of a single key. They can be switched off in this browser. */
(() => {
  "use strict";
  const SETTING = "single-keys";
  const isOn = () => localStorage.getItem(SETTING) !== "off";
  const press = (id) => document.getElementById(id)?.click();
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const linkOf = (row) => row?.querySelector("a[href], button");

  const walk = (step) => {
    const all = rows();
    const at = all.indexOf(document.activeElement?.closest("[data-row]"));
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    linkOf(next)?.focus({ focusVisible: true });
    next?.scrollIntoView({ block: "nearest" });
  };
  const openRow = () => {
    const row = document.activeElement?.closest("[data-row]");
    if (row) linkOf(row)?.click();
  };

  const KEYS = {
    "/": () => press("search"),
    "?": () => press("show-shortcuts"),
    j: () => walk(1),
    k: () => walk(-1),
    o: openRow,
    r: () => press("refresh"),
    "g h": () => location.assign("/"),
    "g c": () => location.assign("/customers/"),
  };
  const FIRST_OF_TWO = "g";
  const BOTH_WITHIN_MS = 1000;
  let first = { key: "", at: 0 };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !isOn()) return;
    if (document.querySelector("dialog[open]")) return;
    const isSecond = first.key && event.timeStamp - first.at < BOTH_WITHIN_MS;
    const act = KEYS[isSecond ? `${first.key} ${event.key}` : event.key];
    first = { key: event.key === FIRST_OF_TWO ? event.key : "", at: event.timeStamp };
    if (!act) return;
    event.preventDefault();
    act();
  });

  const showSetting = () => {
    const box = document.getElementById(SETTING);
    if (box) box.checked = isOn();
  };
  showSetting();
  document.addEventListener("htmx:load", showSetting);
  document.addEventListener("change", (event) => {
    if (event.target.id === SETTING) localStorage.setItem(SETTING, event.target.checked ? "on" : "off");
  });
})();
