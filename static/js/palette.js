/* The command palette: the results of the search page in a list box. */
(() => {
  "use strict";
  const palette = document.getElementById("palette");
  const RECENT = "recent";
  if (!palette) { sessionStorage.removeItem(RECENT); return; }
  const input = document.getElementById("palette-input");
  const list = () => document.getElementById("palette-results");
  const options = () => [...palette.querySelectorAll("[role=option]")];
  const selected = () => palette.querySelector('[aria-selected="true"]');
  let isEnterWaiting = false;

  /* What this person opened last in this tab; nothing is left of it after signing out. */
  const person = document.body.dataset.person;
  const readRecent = () => {
    const stored = JSON.parse(sessionStorage.getItem(RECENT) ?? "{}");
    return stored.person === person ? stored.pages : [];
  };
  const title = document.querySelector("#main h1");
  if (title && /^\/c\/[^/]+\/(deployments\/[^/]+\/)?$/.test(location.pathname)) {
    const above = [...document.querySelectorAll(".crumb")].slice(1).pop();
    const page = { url: location.pathname, name: title.textContent.trim(), detail: above?.textContent.trim() ?? "" };
    const pages = [page, ...readRecent().filter((each) => each.url !== page.url)].slice(0, 6);
    sessionStorage.setItem(RECENT, JSON.stringify({ person, pages }));
  }
  const showRecent = () => {
    const pages = readRecent().filter((each) => each.url !== location.pathname);
    if (!pages.length) return;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", palette.dataset.recent);
    const add = (parent, tag, css, text) => {
      const element = parent.appendChild(document.createElement(tag));
      element.className = css;
      element.textContent = text;
      return element;
    };
    add(group, "p", "options-title", palette.dataset.recent).setAttribute("role", "presentation");
    pages.forEach(({ url, name, detail }, index) => {
      const option = add(group, "a", "result", "");
      Object.assign(option, { href: url, id: `recent-${index}`, tabIndex: -1 });
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      add(option, "span", "name", name);
      add(option, "span", "quiet name", detail);
    });
    list().prepend(group);
  };

  const select = (option) => {
    selected()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  };
  const move = (step) => {
    const all = options();
    select(all[(all.indexOf(selected()) + step + all.length) % all.length]);
  };

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    input.value = "";
    palette.showModal();
    window.htmx.trigger(input, "open");
  };
  palette.addEventListener("close", () => { isEnterWaiting = false; list().replaceChildren(); });

  /* Each result of an action has a button on every page, or none: what this page doesn't have is left out. */
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "palette-results") return;
    for (const option of options()) {
      if (option.dataset.presses && !document.getElementById(option.dataset.presses)) option.remove();
    }
    for (const group of list().querySelectorAll("[role=group]:not(:has([role=option]))")) group.remove();
    if (!input.value.trim()) showRecent();
    list().querySelector("[data-nothing]")?.toggleAttribute("hidden", options().length > 0);
    select(options().find((option) => !option.matches("[aria-disabled]")));
    if (isEnterWaiting && isShown()) selected()?.click();
    isEnterWaiting = isEnterWaiting && !isShown();
  });
  /* Whether the results are those of what is typed. */
  const isShown = () => list().dataset.text === input.value.trim();

  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(event.key === "ArrowDown" ? 1 : -1);
    else if (event.key !== "Enter" || event.isComposing) return;
    else if (isShown()) selected()?.click();
    else isEnterWaiting = true;
    event.preventDefault();
  });
  palette.addEventListener("submit", (event) => event.preventDefault());

  palette.addEventListener("click", (event) => {
    if (event.target === palette) palette.close();
    const option = event.target.closest("[role=option]");
    if (!option) return;
    if (option.matches("[aria-disabled]")) { event.stopPropagation(); return; }
    if (event.ctrlKey || event.metaKey) return;
    const button = document.getElementById(option.dataset.presses);
    if (button) event.preventDefault();
    palette.close();
    button?.click();
  });

  const search = document.getElementById("search");
  search?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  search?.setAttribute("aria-haspopup", "dialog");
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const showKey = () => {
    for (const key of document.querySelectorAll("kbd")) if (key.textContent === "Ctrl K") key.textContent = "⌘ K";
  };
  if (isMac) {
    showKey();
    document.addEventListener("htmx:load", showKey);
  }

  /* On a Mac, Ctrl K in a field deletes to the end of the line. */
  const isChord = (event) => event.metaKey || (event.ctrlKey && !(isMac && event.target.matches?.("input, textarea")));
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !isChord(event) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (palette.open) palette.close(); else open();
  });
})();
