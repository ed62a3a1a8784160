/* Sends the form of a hand-off. A token in the fragment is put into it, and removed from the browser's history. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-hand-off]");
  const send = () => {
    const field = form.elements.token;
    if (field) {
      field.value = new URLSearchParams(location.hash.slice(1)).get("token") || field.value;
      history.replaceState(null, "", location.pathname);
    }
    if (!field || field.value) form.requestSubmit();
  };
  if (!form) return;
  send();
  addEventListener("hashchange", send);
})();
