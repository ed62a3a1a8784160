/* Forms that change something open in the dialog of the page. Without JavaScript they are pages of their own. */
(() => {
  "use strict";
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  const body = document.getElementById("dialog-body");
  const notices = document.getElementById("dialog-notices");
  const within = (element) => element instanceof Element && dialog.contains(element);
  let opener = null;

  /* What was typed, but no secrets, is there again when the same form is opened again. Sending it ends that. */
  const drafts = new Map();
  const typedIn = () => [...body.querySelectorAll("form:not([autocomplete=off]) :is(textarea, input[type=text])")];
  const keepDraft = (href) => {
    const typed = typedIn().filter((field) => field.matches("textarea") || field.value !== field.defaultValue);
    drafts.set(href, new Map(typed.map((field) => [field.name, field.value])));
  };
  const fillDraft = (href) => {
    for (const field of typedIn()) field.value = drafts.get(href)?.get(field.name) ?? field.value;
  };

  document.addEventListener("htmx:configRequest", (event) => {
    if (within(event.detail.target)) event.detail.headers["X-Dialog"] = "1";
  });

  /* Errors are shown inside the dialog: the page below it can't be read or reached. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, elt } = event.detail;
    const fromDialog = within(elt) || within(event.detail.requestConfig.elt);
    if (dialog.open && target?.id === "notices" && fromDialog) event.detail.target = notices;
    else if (within(target)) notices.replaceChildren();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body || dialog.open) return;
    const { elt } = event.detail.requestConfig;
    const link = (elt.matches("form") && elt.querySelector("button")) || elt;
    opener = { id: link.id, href: link.getAttribute("href"), row: link.closest("[data-row]")?.id, link };
    fillDraft(opener.href);
    dialog.showModal();
    dialog.scrollTop = 0;
  });

  const leave = (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-close]");
    if (!link || !within(link)) return;
    event.preventDefault();
    dialog.close();
  };
  document.addEventListener("click", leave, true);

  /* Focus goes back to the button that opened the dialog, also if it was replaced meanwhile; the page polls at once. */
  dialog.addEventListener("close", () => {
    keepDraft(opener?.href);
    body.replaceChildren();
    notices.replaceChildren();
    const { id, href, row, link } = opener ?? {};
    const inRow = (selector) => row && document.querySelector(`#${CSS.escape(row)} :is(${selector})`);
    const back = link?.isConnected
      ? link
      : (id && document.getElementById(id)) ||
        (href && document.querySelector(`a[href="${CSS.escape(href)}"]`)) ||
        inRow(".row-actions") ||
        inRow("a[href], button") ||
        (link?.role === "option" ? document.getElementById("search") : null);
    (back?.closest("details:not([open])")?.querySelector("summary") || back || document.getElementById("main"))?.focus();
    opener = null;
    document.querySelectorAll("[data-poll]").forEach((part) => window.htmx?.trigger(part, "poll"));
  });

  /* The progress of a change, for screen readers. */
  const announce = (part) => {
    const live = document.getElementById(within(part) ? "dialog-announcement" : "announcement");
    if (live && live.textContent !== part.dataset.announce) live.textContent = part.dataset.announce;
  };
  document.addEventListener("htmx:load", (event) => {
    if (!(event.target instanceof Element)) return;
    const part = event.target.matches("[data-announce]") ? event.target : event.target.querySelector("[data-announce]");
    if (part) announce(part);
  });

  /* Elapsed time goes on between two polls. */
  const clock = (seconds) => {
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] ? parts : parts.slice(1);
    return shown.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
  };
  setInterval(() => {
    document.querySelectorAll("[data-elapsed]").forEach((element) => {
      element.textContent = clock(Math.max(0, Math.round((Date.now() - Date.parse(element.dataset.elapsed)) / 1000)));
    });
  }, 1000);
})();
