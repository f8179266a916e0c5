// A note is sealed here before it is sent, where the browser can; else the server seals it in memory.
(function () {
  "use strict";
  var d = document, c = window.crypto, busy = false, files;
  if (!c || !c.subtle || !window.TextEncoder || !window.fetch || !Blob.prototype.arrayBuffer) return;
  function words() { return d.querySelector("[data-note]").dataset; }
  function load(address) {
    return new Promise(function (ok, no) {
      var s = d.createElement("script");
      s.src = address; s.onload = ok; s.onerror = no;
      d.head.appendChild(s);
    });
  }
  var how = d.querySelector("[data-js-how]");
  if (how) how.textContent = how.dataset.jsHow;
  d.addEventListener("submit", function (e) {
    var form = e.target, button = form.querySelector("[name=act]"), text = button && button.textContent;
    if (!button || !("note" in form.dataset || "noteOpen" in form.dataset)) return;
    e.preventDefault();
    if (busy) return;
    busy = true;
    button.textContent = words().sayWait;
    files = files || Promise.all([load(words().nacl), load(words().seal)]);
    files.then(function () { return sealNote(form, button); }, function () {
      files = null;
      var said = form.querySelector("[role=status]") || d.createElement("p");
      said.setAttribute("role", "status"); said.textContent = words().sayLine;
      button.parentNode.insertBefore(said, button);
    }).then(function () { busy = false; button.textContent = text; });
  });
})();
