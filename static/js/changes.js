/* Forms that change something open in the one dialog of the page. Without this they are pages of their own. */
(() => {
  "use strict";
  const dialog = document.getElementById("dialog");
  if (!dialog) return;
  const body = document.getElementById("dialog-body");
  const notices = document.getElementById("dialog-notices");
  const within = (element) => element instanceof Element && dialog.contains(element);
  let opener = null;

  document.addEventListener("htmx:configRequest", (event) => {
    if (within(event.detail.target)) event.detail.headers["X-Dialog"] = "1";
  });

  /* What goes wrong is told inside the dialog: what lies below it can't be read or reached. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, elt } = event.detail;
    if (dialog.open && target?.id === "notices" && (within(elt) || within(event.detail.requestConfig.elt))) event.detail.target = notices;
    else if (within(target)) notices.replaceChildren();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== body || dialog.open) return;
    const link = event.detail.requestConfig.elt;
    opener = { id: link.id, href: link.getAttribute("href"), row: link.closest("[data-row]")?.id, link };
    dialog.showModal();
    dialog.scrollTop = 0;
  });

  const leave = (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-closes]");
    if (!link || !within(link)) return;
    event.preventDefault();
    dialog.close();
  };
  document.addEventListener("click", leave, true);

  /* Focus goes back to where it was, also if that was drawn anew meanwhile; and what lies below looks again. */
  dialog.addEventListener("close", () => {
    body.replaceChildren();
    notices.replaceChildren();
    const { id, href, row, link } = opener ?? {};
    const back = link?.isConnected ? link : (id && document.getElementById(id)) || (href && document.querySelector(`a[href="${CSS.escape(href)}"]`)) || (row && document.querySelector(`#${CSS.escape(row)} .dots`));
    (back?.closest("details:not([open])")?.querySelector("summary") || back || document.getElementById("main"))?.focus();
    opener = null;
    document.querySelectorAll("[data-poll]").forEach((part) => window.htmx?.trigger(part, "look"));
  });

  /* Enter in a field is no deed. Without this the form is drawn again, and nothing is done either. */
  document.addEventListener("keydown", (event) => {
    const field = event.key === "Enter" && event.target instanceof Element && event.target.closest(".change input");
    if (field) event.preventDefault();
  });

  /* A change on its way is told to those who listen. */
  const tell = (part) => {
    const said = document.getElementById(within(part) ? "dialog-said" : "said");
    if (said && said.textContent !== part.dataset.says) said.textContent = part.dataset.says;
  };
  document.addEventListener("htmx:load", (event) => {
    const part = event.target instanceof Element && (event.target.matches("[data-says]") ? event.target : event.target.querySelector("[data-says]"));
    if (part) tell(part);
  });

  /* Elapsed time goes on between two looks. */
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
