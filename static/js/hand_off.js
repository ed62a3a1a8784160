/* Sends the form of a hand-off. A token in the fragment is put into it, and removed from the browser's history. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-hand-off]");
  if (!form) return;
  const field = form.elements.token;
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (field) {
    if (token) field.value = token;
    history.replaceState(null, "", location.pathname);
  }
  if (!field || field.value) form.requestSubmit();
})();
