// Signals come by themselves: every few seconds the list is asked for. It does not count as being here.
(function () {
  "use strict";
  var d = document, live = d.getElementById("live"), EVERY = 4000;
  function look() {
    fetch(location.href, { headers: { "Keshki-Poll": "1" }, cache: "no-store" }).then(function (r) {
      if (r.status === 401) return r.json().then(window.desk.refused);
      if (r.redirected || !r.ok) { location.reload(); return; }
      return r.text().then(function (t) {
        var fresh = new DOMParser().parseFromString(t, "text/html").getElementById("live");
        if (fresh && fresh.innerHTML !== live.innerHTML && !live.contains(d.activeElement)) live.innerHTML = fresh.innerHTML;
      });
    }).catch(function () {}).then(function () { setTimeout(look, EVERY); });
  }
  if (live) { setTimeout(look, EVERY); }
})();
