// Signals come by themselves: every few seconds the list is asked for. It does not count as being here.
(function () {
  "use strict";
  var d = document, live = d.getElementById("live"), title = d.title, EVERY = 4000;
  function waiting() { return live.querySelectorAll('[data-signal="calling"]').length; }
  function name() { var n = waiting(); d.title = n ? "(" + n + ") " + title : title; }
  function look() {
    fetch(location.href, { headers: { "Keshki-Poll": "1" }, cache: "no-store" }).then(function (r) {
      if (r.status === 401) return r.json().then(window.desk.refused);
      if (r.redirected || !r.ok) { location.reload(); return; }
      return r.text().then(function (t) {
        var fresh = new DOMParser().parseFromString(t, "text/html").getElementById("live"), before = waiting();
        if (fresh && fresh.innerHTML !== live.innerHTML && !live.contains(d.activeElement)) live.innerHTML = fresh.innerHTML;
        name();
        if (waiting() > before && navigator.vibrate) navigator.vibrate([300, 100, 300]);
      });
    }).catch(function () {}).then(function () { setTimeout(look, EVERY); });
  }
  if (live) { name(); setTimeout(look, EVERY); }
})();
