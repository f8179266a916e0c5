// The signal looks after itself; nothing is pulled from under what she types. Without this file: the button "look again".
(function () {
  "use strict";
  var d = document, state = d.getElementById("state"), poll = d.getElementById("poll"), tell = d.getElementById("tell");
  if (!poll) return;
  var offline = d.getElementById("offline"), last = 0, EVERY = 3000, AGAIN = 60000;
  d.querySelector("[data-nojs]").hidden = true;
  function send(fields) {
    var q = new URLSearchParams(fields);
    q.set("alert", poll.elements.alert.value);
    return fetch(poll.action, { method: "POST", body: q, cache: "no-store" }).then(function (r) {
      if (r.status === 404) { location.replace(poll.action); throw r; }
      if (!r.ok) throw r;
      return r.text();
    }).then(function (t) {
      var page = new DOMParser().parseFromString(t, "text/html"), fresh = page.getElementById("state");
      offline.hidden = true;
      if (!fresh) return;
      // another state brings other forms: load them, unless she is writing
      var moved = fresh.dataset.state !== state.dataset.state;
      state.className = fresh.className; state.dataset.state = fresh.dataset.state;
      if (fresh.innerHTML !== state.innerHTML) state.innerHTML = fresh.innerHTML;
      if (!page.getElementById("poll")) { poll.remove(); tell.remove(); poll = null; }
      else if (moved && !d.getElementById("text") && page.getElementById("text")) poll.after(page.getElementById("text").form);
    });
  }
  function position(done, failed) {
    if (navigator.geolocation) navigator.geolocation.getCurrentPosition(done, failed, { enableHighAccuracy: true, timeout: 15000 });
    else failed();
  }
  function look() {
    if (!poll) return;
    var follow = tell.elements.follow.checked && Date.now() - last > AGAIN;
    if (follow) {
      last = Date.now();
      position(function (p) { if (poll) send({ act: "add", lat: p.coords.latitude.toFixed(4), lng: p.coords.longitude.toFixed(4) }).catch(function () {}); }, function () {});
    }
    send({ act: "state" }).catch(function () { offline.hidden = false; }).then(function () { setTimeout(look, EVERY); });
  }
  // The seconds run on between two looks.
  setInterval(function () {
    var h = state.dataset.state === "counting" && state.querySelector("h1"), n = h && /\d+/.exec(h.textContent);
    if (n && +n[0] > 0) h.textContent = h.textContent.replace(n[0], n[0] - 1);
  }, 1000);
  var where = d.querySelector("[data-where]");
  where.addEventListener("click", function () {
    position(function (p) {
      tell.elements.lat.value = p.coords.latitude.toFixed(4); tell.elements.lng.value = p.coords.longitude.toFixed(4);
      tell.requestSubmit();
    }, function () { where.textContent = where.dataset.where; });
  });
  setTimeout(look, EVERY);
})();
