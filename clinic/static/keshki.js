// Niceties only: every page works when this file never arrives.
(function () {
  "use strict";
  var d = document, root = d.documentElement, $ = function (s) { return d.querySelector(s); }, all = function (s) { return [].slice.call(d.querySelectorAll(s)); };

  // After a quick exit no page comes back by Back or Forward in this tab: where it went stands as a mark, which the
  // next page that she opens herself takes away. Seen before anything is drawn.
  function left() { try { return sessionStorage.getItem("left"); } catch (x) { return null; /* refused: no mark */ } }
  function hide() { root.style.visibility = "hidden"; }
  function away() { hide(); d.title = " "; location.replace(left()); }
  var nav = window.performance && performance.getEntriesByType && performance.getEntriesByType("navigation")[0];
  if (left()) { if (nav && nav.type === "back_forward") return away(); sessionStorage.removeItem("left"); }

  // Of an answer to a form the browser keeps the address alone: no body on its disk, and Back, Forward and a reload
  // ask for the page behind the address, which says what she has done.
  if ("posted" in root.dataset && history.replaceState) history.replaceState(null, "", location.href);
  addEventListener("pagehide", hide);
  addEventListener("pageshow", function (e) {
    if (e.persisted && left()) return away();
    // What was hers must not come back as it was out of the back-forward cache.
    if (e.persisted && ("posted" in root.dataset || $("[data-secret]"))) return location.reload();
    root.style.visibility = "";
  });

  d.addEventListener("DOMContentLoaded", function () {
  // Quick exit: blank at once, then straight to the other site; Esc three times does the same. /out is told on the
  // side, so that the cookie goes too.
  var exit = $(".exit"), esc = 0;
  function leave(e) {
    if (e) e.preventDefault();
    d.title = " "; d.body.textContent = "";
    try { sessionStorage.clear(); sessionStorage.setItem("left", exit.dataset.to); } catch (x) { /* refused */ }
    try { fetch(exit.href, { method: "HEAD", keepalive: true, redirect: "manual" }).catch(function () {}); } catch (x) { /* an old browser */ }
    location.replace(exit.dataset.to);
  }
  if (exit) {
    exit.addEventListener("click", leave);
    d.addEventListener("keydown", function (e) { esc = e.key === "Escape" ? esc + 1 : 0; if (esc === 3) leave(); });
  }
  // Errors are read first.
  var summary = $("[data-errors]"); if (summary) summary.focus();

  // Total minutes of the chosen services; a new choice fetches its times.
  var total = $("[data-total]"), form = total && total.closest("form"), asked = 0;
  function sum() {
    var m = all("[data-min]:checked").reduce(function (n, x) { return n + Number(x.dataset.min); }, 0);
    total.textContent = total.dataset.total.replace("%", m);
  }
  function times() {
    var q = new URLSearchParams(new FormData(form)), n = ++asked, url = form.dataset.times;
    q.delete("start");
    fetch(url, { method: "POST", body: q }).then(function (r) { return r.ok ? r.text() : ""; }).then(function (t) {
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

  // A code can be copied where the browser lets it: nobody types fifteen signs in the street.
  all("p.code").forEach(function (code) {
    if (!navigator.clipboard || !root.dataset.copy) return;
    var copy = d.createElement("button");
    copy.type = "button"; copy.className = "btn no-print"; copy.textContent = root.dataset.copy; copy.setAttribute("aria-live", "polite");
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent.trim()).then(function () { copy.textContent = root.dataset.copied; }, function () { copy.remove(); });
    });
    code.after(copy);
  });

  // Her position: asked for only on this tap, rounded to about 1 km before it leaves the phone.
  all("[data-me]").forEach(function (me) { me.addEventListener("click", function () {
    navigator.geolocation.getCurrentPosition(function (p) {
      $("#here [name=lat]").value = p.coords.latitude.toFixed(2); $("#here [name=lng]").value = p.coords.longitude.toFixed(2);
      $("#here").requestSubmit();
    }, function () { me.textContent = me.dataset.me; $("#near").focus(); });
  }); });

  // The help numbers stay readable without a connection once they were opened.
  if ($("[data-offline]") && navigator.serviceWorker) navigator.serviceWorker.register("/sw.js");
  });
})();
