// The one script of the portal: it lets the browser ask a security key, and sends the answer
// with the form. Without it the other second factors work.
"use strict";
(() => {
  const form = document.querySelector("form[data-llave]");
  const button = form && form.querySelector("button[data-pedir]");
  if (!button || !window.PublicKeyCredential) return;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const asked = JSON.parse(form.dataset.llave).publicKey;
  asked.challenge = bytes(asked.challenge);
  if (asked.user) asked.user.id = bytes(asked.user.id);
  for (const key of [...(asked.allowCredentials || []), ...(asked.excludeCredentials || [])]) key.id = bytes(key.id);
  const alone = form.querySelector("[data-sin-guion]");
  if (alone) alone.hidden = true;
  button.hidden = false;
  button.addEventListener("click", async event => {
    event.preventDefault();
    for (const field of form.querySelectorAll("[data-antes]")) if (!field.reportValidity()) return;
    const said = form.querySelector("[data-aviso]");
    said.textContent = button.dataset.pedir;
    button.disabled = true;
    try {
      const got = asked.user ? await navigator.credentials.create({publicKey: asked}) : await navigator.credentials.get({publicKey: asked});
      const answer = {id: got.id, rawId: text(got.rawId), type: got.type, clientExtensionResults: got.getClientExtensionResults(), response: {}};
      for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
        if (got.response[name]) answer.response[name] = text(got.response[name]);
      form.elements.llave.value = JSON.stringify(answer);
      form.submit();
    } catch {
      said.textContent = button.dataset.falla;
      button.disabled = false;
    }
  });
})();
