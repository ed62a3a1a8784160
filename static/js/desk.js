/* What the pages do beyond links and forms. Everything here is a convenience: without it each page still works. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const secure = location.protocol === "https:" ? ";secure" : "";
  const remember = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${secure}`; };
  const say = (text) => { const said = $("#said"); if (said) said.textContent = text; };

  /* The reader's time zone, for the server to write local times with. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== root.dataset.zone) remember("tz", zone);

  const closeMenus = (keep) => all("details.menu[open]").forEach((menu) => { if (menu !== keep) menu.open = false; });

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      getSelection().selectAllChildren(button.parentElement);
      return;
    }
    button.classList.add("copied");
    say(button.dataset.said);
    setTimeout(() => button.classList.remove("copied"), 1600);
  };

  const wear = (button) => {
    const theme = button.value;
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    remember("theme", theme);
    all("button[name=theme]").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : root;
    closeMenus(target.closest(".menu-body a") ? null : target.closest("details.menu"));
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    if (button.name === "theme") { event.preventDefault(); wear(button); }
    if (button.dataset.opens) $(`#${CSS.escape(button.dataset.opens)}`)?.showModal();
    if (button.dataset.closes !== undefined) button.closest("dialog")?.close();
  });

  /* A filter's menu shows that it is in use. */
  document.addEventListener("change", (event) => {
    const menu = event.target.closest?.(".filters details.menu");
    if (menu) menu.classList.toggle("on", all("input", menu).some((input) => (input.type === "date" ? input.value : input.checked)));
  });

  document.addEventListener("keydown", (event) => {
    const find = $("#find-text");
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (find && ((event.key === "k" && (event.metaKey || event.ctrlKey)) || (event.key === "/" && !typing))) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "Escape") {
      const menu = event.target.closest?.("details.menu[open]");
      if (menu) { menu.open = false; $("summary", menu).focus(); } else closeMenus();
      if (event.target.closest?.(".top-find")) document.activeElement.blur();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest?.("[role=search]")) {
      const stops = all("[name=q], .hits a", event.target.closest("[role=search]"));
      const next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); }
    }
  });

  /* Looking again: never while nobody looks, never under somebody's hands. */
  const busy = (target) => Boolean($("details[open], :focus:is(input, select, textarea)", target)) || (!getSelection().isCollapsed && target.contains(getSelection().anchorNode));
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (elt.matches("[data-poll]") && (document.hidden || busy(target))) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) all("[data-poll]").forEach((part) => window.htmx?.trigger(part, "look"));
  });

  /* After looking again the page stands where it stood, and rows that changed are tinted. */
  let before = null;
  const rows = () => new Map(all("[data-row]").map((row) => [row.id, row]));
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status >= 400 && xhr.status !== 422 && !xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = false;
      complain();
    }
    before = null;
    if (!requestConfig.elt.matches("[data-poll]")) return;
    const texts = new Map();
    let anchor = null;
    for (const [id, row] of rows()) {
      texts.set(id, row.textContent);
      const top = row.getBoundingClientRect().top;
      if (!anchor && top >= 0) anchor = { id, top };
    }
    before = { texts, anchor, scrolled: scrollY > 0 };
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!before) return;
    const { texts, anchor, scrolled } = before;
    before = null;
    const now = rows();
    const stood = anchor && now.get(anchor.id);
    if (scrolled && stood) scrollBy({ top: stood.getBoundingClientRect().top - anchor.top, behavior: "instant" });
    for (const [id, row] of now) {
      if (texts.get(id) === row.textContent) continue;
      row.classList.add("changed");
      setTimeout(() => row.classList.remove("changed"), 2000);
    }
  });

  const complain = () => {
    const words = $("#no-answer");
    if (words) $("#notices").replaceChildren(words.content.cloneNode(true));
  };
  document.addEventListener("htmx:sendError", (event) => { if (!event.detail.elt.matches("[data-poll]")) complain(); });
})();
