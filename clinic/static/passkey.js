// Passkeys: asks the device what the page's question says, and sends its answer with the form. Without it, the password.
(function () {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  var d = document;
  function bytes(text) {
    var raw = atob(text.replace(/-/g, "+").replace(/_/g, "/")), out = new Uint8Array(raw.length);
    for (var i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  }
  function text(buffer) {
    return btoa(String.fromCharCode.apply(null, new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function question(form) {
    var q = JSON.parse(form.dataset.question);
    q.challenge = bytes(q.challenge);
    if (q.user) q.user.id = bytes(q.user.id);
    ["excludeCredentials", "allowCredentials"].forEach(function (list) {
      (q[list] || []).forEach(function (one) { one.id = bytes(one.id); });
    });
    return { publicKey: q };
  }
  function answer(made) {
    var r = made.response, out = { clientDataJSON: text(r.clientDataJSON) };
    ["attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (part) {
      if (r[part]) out[part] = text(r[part]);
    });
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response: out, clientExtensionResults: {} });
  }
  [].forEach.call(d.querySelectorAll("[data-passkey]"), function (form) {
    form.hidden = false;
    form.addEventListener("submit", function (e) {
      if (form.answer.value) return;
      e.preventDefault();
      var failed = form.querySelector("[data-failed]"); failed.hidden = true;
      navigator.credentials[form.dataset.passkey](question(form)).then(function (made) {
        form.answer.value = answer(made); form.submit();
      }).catch(function () { failed.hidden = false; });
    });
  });
  [].forEach.call(d.querySelectorAll("[data-passkey-only]"), function (x) { x.hidden = false; });
})();
