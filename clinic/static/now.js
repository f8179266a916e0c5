// The signal looks after itself; nothing is pulled from under what she types. Without this file the page renews itself.
(function () {
  "use strict";
  var d = document, $ = function (id) { return d.getElementById(id); }, state = $("state"), poll = $("poll"), tell = $("tell");
  if (!poll) return;
  var offline = $("offline"), last = 0, EVERY = 3000, AGAIN = 60000;
  [].forEach.call(d.querySelectorAll("[data-nojs]"), function (x) { x.hidden = true; });
  function send(fields) {
    var q = new URLSearchParams(fields);
    q.set("alert", poll.elements.alert.value);
    return fetch(poll.action, { method: "POST", body: q, cache: "no-store" }).then(function (r) {
      if (r.status === 404) { location.replace(poll.action); throw r; }
      if (!r.ok) throw r;
      return r.text();
    }).then(function (t) {
      var page = new DOMParser().parseFromString(t, "text/html"), fresh = page.getElementById("state"), text = $("text");
      offline.hidden = true;
      if (!fresh || !poll) return;
      var moved = fresh.dataset.state !== state.dataset.state, reply = page.getElementById("reply");
      state.className = fresh.className; state.dataset.state = fresh.dataset.state;
      if (fresh.innerHTML !== state.innerHTML) state.innerHTML = fresh.innerHTML;
      if (!page.getElementById("poll")) { location.replace(poll.action); poll = null; return; }
      // another state brings other forms; what she has begun to write stays, and is sent in the new one
      if (moved || !text && reply.children.length) {
        var typed = text ? text.value : "", here = text && d.activeElement === text;
        $("reply").innerHTML = reply.innerHTML;
        if ((text = $("text"))) { text.value = typed; if (here) text.focus(); }
      }
      if (moved) { poll.innerHTML = page.getElementById("poll").innerHTML; poll.querySelector("[data-nojs]").hidden = true; }
      if (tell) tell.hidden = fresh.dataset.state === "closed";
    });
  }
  function position(done, failed) {
    if (navigator.geolocation) navigator.geolocation.getCurrentPosition(done, failed, { enableHighAccuracy: true, timeout: 15000 });
    else failed();
  }
  function look() {
    if (!poll) return;
    if (tell && tell.elements.follow.checked && Date.now() - last > AGAIN) {
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
  if (where) where.addEventListener("click", function () {
    position(function (p) {
      tell.elements.lat.value = p.coords.latitude.toFixed(4); tell.elements.lng.value = p.coords.longitude.toFixed(4);
      tell.requestSubmit();
    }, function () { where.textContent = where.dataset.where; });
  });
  // Whether this browser keeps the signal is seen by asking once.
  var kept = d.querySelector("[data-kept]");
  if (kept && !kept.hidden) fetch(kept.dataset.kept, { cache: "no-store" }).then(function (r) { kept.hidden = r.status === 200; }).catch(function () {});
  setTimeout(look, EVERY);
})();
