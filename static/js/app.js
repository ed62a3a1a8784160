/* Conveniences beyond links and forms: every page works without them. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const secure = location.protocol === "https:" ? ";secure" : "";
  const setCookie = (name, value) => { document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${secure}`; };
  const announce = (text) => { const live = $("#announcement"); if (live) live.textContent = text; };

  /* The reader's time zone, for the server to write local times with. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && zone !== root.dataset.zone) setCookie("tz", zone);

  const closeMenus = (keep) => all("details.menu[open]").forEach((menu) => { if (menu !== keep) menu.open = false; });

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      getSelection().selectAllChildren(button.parentElement);
      return;
    }
    button.classList.add("copied");
    announce(button.dataset.copied);
    setTimeout(() => button.classList.remove("copied"), 1600);
  };

  const chooseTheme = (button) => {
    const theme = button.value;
    root.dataset.theme = theme;
    setCookie("theme", theme);
    /* For this person's other browsers. */
    fetch(button.form.action, { method: "POST", body: new URLSearchParams(new FormData(button.form, button)), redirect: "manual" });
    all("button[name=theme]").forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : root;
    closeMenus(target.closest(".menu-body a") ? null : target.closest("details.menu"));
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.copy !== undefined) copy(button);
    if (button.name === "theme") { event.preventDefault(); chooseTheme(button); }
    if (button.dataset.open) $(`#${CSS.escape(button.dataset.open)}`)?.showModal();
    if (button.dataset.close !== undefined) button.closest("dialog")?.close();
    if (button.matches(".toast-close")) button.closest(".notice").remove();
  });

  /* A filter's menu shows that it is in use. */
  document.addEventListener("change", (event) => {
    const menu = event.target.closest?.(".filters details.menu");
    const isUsed = (input) => Boolean(input.value) && (input.checked || !["checkbox", "radio"].includes(input.type));
    if (menu) menu.classList.toggle("on", all("input", menu).some(isUsed));
  });

  /* Escape closes a menu; the arrow keys walk through it. */
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (event.key === "Escape") {
      if (menu) { menu.open = false; $("summary", menu).focus(); } else closeMenus();
    } else if (menu && ["ArrowDown", "ArrowUp"].includes(event.key) && !event.target.matches("input[type=date], input[type=radio]")) {
      const stops = all("summary, input, a[href], button, [tabindex]", menu).filter((each) => each.checkVisibility());
      const next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
      event.preventDefault();
      next?.focus();
    }
  });

  /* A menu that would end below the window opens upwards. */
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu")) return;
    menu.classList.remove("up");
    const list = $(".menu-body", menu);
    if (!menu.open || !list) return;
    const { height, bottom } = list.getBoundingClientRect();
    if (bottom > innerHeight && menu.getBoundingClientRect().top > height) menu.classList.add("up");
    $("input[type=search]", menu)?.focus();
  }, true);

  /* Where tabs scroll sideways, the current one is in sight. */
  all(".tabs [aria-current], .top nav [aria-current]").forEach((tab) => {
    const box = tab.parentElement;
    box.scrollLeft = tab.offsetLeft - box.offsetLeft - (box.clientWidth - tab.offsetWidth) / 2;
  });

  /* Results go away by themselves, but not while somebody reads them. */
  const TOAST_MS = 8000;
  const isRead = (toast) => toast.matches(":hover, :focus-within");
  const expire = (toast) => setTimeout(() => { if (isRead(toast)) expire(toast); else toast.remove(); }, TOAST_MS);
  const startToasts = () => all("#toasts > :not([data-shown])").map((toast) => {
    toast.dataset.shown = "";
    expire(toast);
    return toast.textContent.trim();
  });
  document.addEventListener("htmx:oobAfterSwap", startToasts);
  /* What a page begins with is read out by no screen reader. */
  const texts_at_load = startToasts();
  if (texts_at_load.length) setTimeout(() => announce(texts_at_load.join(" ")), 500);

  /* Polling stops while the page is hidden, and while somebody types, selects text, reads further up in a log that is
     followed, or has a menu open: one outside the part that polls may be replaced with it. */
  const isBusy = (target) => {
    const selection = getSelection();
    const isSelecting = !selection.isCollapsed && target.contains(selection.anchorNode);
    const isReadingBack = ($(".log.follows", target)?.scrollTop ?? 0) < -20;
    const isOpen = $("details[open], :focus:is(input, select, textarea)", target) || $("details.menu[open]");
    return isSelecting || isReadingBack || Boolean(isOpen);
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, target } = event.detail;
    if (elt.matches("[data-poll]") && (document.hidden || isBusy(target))) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) all("[data-poll]").forEach((part) => window.htmx?.trigger(part, "poll"));
  });

  /* After polling, the scroll position is kept, and rows that changed are tinted. */
  let before = null;
  const rows = () => new Map(all("[data-row]").map((row) => [row.id, row]));
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status >= 400 && xhr.status !== 422 && !xhr.getResponseHeader("HX-Retarget")) {
      event.detail.shouldSwap = false;
      showNoAnswer();
    }
    before = null;
    if (!requestConfig.elt.matches("[data-poll]")) return;
    /* The answer to a form that was sent meanwhile would go to a part that is gone. */
    if ($("form.htmx-request", event.detail.target) || isBusy(event.detail.target)) {
      event.detail.shouldSwap = false;
      return;
    }
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
    const kept = anchor && now.get(anchor.id);
    if (scrolled && kept) scrollBy({ top: kept.getBoundingClientRect().top - anchor.top, behavior: "instant" });
    for (const [id, row] of now) {
      if (texts.get(id) === row.textContent) continue;
      row.classList.add("changed");
      setTimeout(() => row.classList.remove("changed"), 2000);
    }
  });

  const showNoAnswer = () => {
    const notice = $("#no-answer");
    if (notice) $("#notices").replaceChildren(notice.content.cloneNode(true));
  };
  document.addEventListener("htmx:sendError", (event) => { if (!event.detail.elt.matches("[data-poll]")) showNoAnswer(); });
})();
