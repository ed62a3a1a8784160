/* Forms are sent once at a time and say so, and an error leads to its field. */
(() => {
  "use strict";
  const buttonsOf = (form) => [...form.elements].filter((element) => element.dataset?.busy !== undefined);

  const setBusy = (form, button) => {
    form.dataset.busy = "";
    if (!button?.matches(".button")) return;
    button.dataset.busy = button.textContent;
    if (button.dataset.sending) button.textContent = button.dataset.sending;
  };
  const release = (form) => {
    delete form.dataset.busy;
    for (const button of buttonsOf(form)) {
      if (button.dataset.sending) button.textContent = button.dataset.busy;
      delete button.dataset.busy;
    }
  };

  /* The button keeps the focus: one that is disabled would lose it. A form that a script sends says its own state. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post" || form.dataset.passkey) return;
    if (form.dataset.busy !== undefined) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else setBusy(form, event.submitter);
  }, true);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest?.("form[data-busy]");
    if (form) release(form);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-busy]").forEach(release));

  /* In a form that changes what is live, or deletes something, Enter in a field does not send it. */
  document.addEventListener("keydown", (event) => {
    const isField = event.key === "Enter" && event.target instanceof Element && event.target.matches("input");
    if (isField && event.target.form?.elements.namedItem("enter")) event.preventDefault();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.xhr?.status === 422) event.detail.elt.querySelector?.('[aria-invalid="true"]')?.focus();
  });

  /* One's own words instead of a ready reason. */
  document.addEventListener("change", (event) => {
    const { name, value, form } = event.target;
    if (name === "choice" && value === "") form?.elements.namedItem("reason")?.focus();
  });
})();
