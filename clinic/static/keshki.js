// Niceties only: every page works when this file never arrives.
(function () {
  "use strict";
  var d = document, $ = function (s) { return d.querySelector(s); }, all = function (s) { return [].slice.call(d.querySelectorAll(s)); };

  // Quick exit: blank at once, then straight to the other site, with no way back to here by the Back button;
  // Esc three times does the same. /out is told on the side, so that the cookie goes too.
  var exit = $(".exit"), esc = 0;
  function leave(e) {
    if (e) e.preventDefault();
    d.title = " "; d.body.textContent = "";
    try { sessionStorage.clear(); } catch (x) { /* refused: then nothing is in it */ }
    try { fetch(exit.href, { method: "HEAD", keepalive: true, redirect: "manual" }).catch(function () {}); } catch (x) { /* an old browser */ }
    location.replace(exit.dataset.to);
  }
  if (exit) {
    exit.addEventListener("click", leave);
    d.addEventListener("keydown", function (e) { esc = e.key === "Escape" ? esc + 1 : 0; if (esc === 3) leave(); });
  }
  // What was secret on a page she left must not come back out of the back-forward cache.
  addEventListener("pageshow", function (e) { if (e.persisted && $("[data-secret]")) location.replace("/"); });

  // Errors are read first.
  var summary = $("[data-errors]"); if (summary) summary.focus();

  // Total minutes of the chosen services; a new choice fetches its times.
  var total = $("[data-total]"), form = total && total.closest("form"), asked = 0;
  function sum() {
    var m = all("[data-min]:checked").reduce(function (n, x) { return n + Number(x.dataset.min); }, 0);
    total.textContent = total.dataset.total.replace("%", m);
  }
  function times() {
    var q = new URLSearchParams(new FormData(form)), n = ++asked, post = form.method === "post", url = form.dataset.times;
    q.delete("start");
    fetch(post ? url : url + "?" + q, post ? { method: "POST", body: q } : {}).then(function (r) { return r.ok ? r.text() : ""; }).then(function (t) {
      var part = t && new DOMParser().parseFromString(t, "text/html").getElementById("pick-time");
      if (part && n === asked) { $("#pick-time").replaceWith(part); say(); }
    }).catch(function () {});
  }
  if (total) { form.addEventListener("change", function (e) { if (e.target.dataset.min) { sum(); times(); } }); sum(); }

  // The button says what she has chosen.
  function say() { var b = $("[data-next]"), x = $("[name=start]:checked"); if (b && x) b.textContent = b.dataset.next + x.dataset.hour; }
  if ($("[data-next]")) { d.addEventListener("change", say); say(); }

  // What only makes sense with the script.
  all("[data-js]").forEach(function (x) { x.hidden = false; });
  var pr = $("[data-print]"); if (pr) pr.addEventListener("click", function () { print(); });

  // Her position: asked for only on this tap, rounded to about 1 km before it leaves the phone.
  all("[data-me]").forEach(function (me) { me.addEventListener("click", function () {
    navigator.geolocation.getCurrentPosition(function (p) {
      $("#here [name=lat]").value = p.coords.latitude.toFixed(2); $("#here [name=lng]").value = p.coords.longitude.toFixed(2);
      $("#here").requestSubmit();
    }, function () { me.textContent = me.dataset.me; $("#near").focus(); });
  }); });

  // The help numbers stay readable without a connection once they were opened.
  if ($("[data-offline]") && navigator.serviceWorker) navigator.serviceWorker.register("/sw.js");
})();
