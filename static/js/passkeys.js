/* Passkeys: asks the browser for one and sends the form with it. Without JavaScript the forms stay hidden. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;

  const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const decodeIds = (list) => (list ?? []).map((each) => ({ ...each, id: decode(each.id) }));

  const create = ({ publicKey }) =>
    navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: decode(publicKey.challenge),
        user: { ...publicKey.user, id: decode(publicKey.user.id) },
        excludeCredentials: decodeIds(publicKey.excludeCredentials),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      },
    });

  const get = ({ publicKey }) =>
    navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: decode(publicKey.challenge),
        allowCredentials: decodeIds(publicKey.allowCredentials),
      },
    });

  const toJson = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = encode(credential.response[name]);
    }
    return {
      type: credential.type,
      id: credential.id,
      rawId: encode(credential.rawId),
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  };

  const readOptions = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
    return (await answer.json()).request_options;
  };

  const showFailure = (form) => {
    let notice = form.querySelector(".error");
    if (!notice) {
      notice = document.createElement("p");
      notice.className = "error";
      notice.setAttribute("role", "alert");
      form.append(notice);
    }
    notice.textContent = form.dataset.failed;
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const ask = form.dataset.passkey === "create" ? create : get;
        form.elements.credential.value = JSON.stringify(toJson(await ask(await readOptions(form))));
      } catch {
        showFailure(form);
        return;
      }
      form.submit();
    });
  });
})();
