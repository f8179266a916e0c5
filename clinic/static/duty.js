// Somebody is on duty: a signal that nobody has taken is seen in title, head and menu, and heard, on a covered screen too.
(function () {
  "use strict";
  var d = document, url = d.currentScript.dataset.bell, EVERY = 4000, AGAIN = 20000, shown, sound, last = 0, before = 0;
  try { last = +sessionStorage.getItem("rang") || 0; before = +sessionStorage.getItem("waiting") || 0; } catch (x) { /* refused */ }
  function context() { return sound || (window.AudioContext && (sound = new AudioContext())); }
  // Three rising notes, made here: there is no file to fetch.
  function ring() {
    var c = context();
    last = Date.now();
    try { sessionStorage.setItem("rang", last); } catch (x) { /* refused */ }
    if (navigator.vibrate) navigator.vibrate([300, 100, 300]);
    if (!c) return;
    c.resume().catch(function () {});
    [660, 880, 1100].forEach(function (hz, n) {
      var o = c.createOscillator(), g = c.createGain(), at = c.currentTime + n * 0.3;
      o.frequency.value = hz; g.gain.setValueAtTime(0.4, at); g.gain.exponentialRampToValueAtTime(0.001, at + 0.28);
      o.connect(g); g.connect(c.destination); o.start(at); o.stop(at + 0.3);
    });
  }
  function name(n) { d.title = (n ? "(" + n + ") " : "") + d.title.replace(/^\(\d+\) /, ""); }
  function show(j) {
    var head = d.querySelector("header.top") || d.body, c = context();
    if (!shown) { shown = d.createElement("p"); shown.id = "bell"; shown.className = "notice bad bell"; shown.setAttribute("role", "alert"); }
    if (shown.parentNode !== head) head.insertBefore(shown, head.firstChild);
    if (shown.dataset.words !== j.words || shown.dataset.link !== j.link) {
      shown.dataset.words = j.words; shown.dataset.link = j.link; shown.textContent = "";
      var what = d.createElement(j.link ? "a" : "b");
      what.textContent = j.words; if (j.link) what.href = j.link;
      shown.append(what);
    }
    var silent = c && c.state === "suspended", button = shown.querySelector("button");
    if (silent && !button) {
      button = d.createElement("button"); button.type = "button"; button.className = "btn"; button.textContent = j.sound;
      button.addEventListener("click", function () { ring(); button.remove(); });
      shown.append(" ", button);
    } else if (!silent && button) button.remove();
  }
  function look() {
    fetch(url, { headers: { "Keshki-Poll": "1" }, cache: "no-store" }).then(function (r) {
      if (r.status !== 200) { if (shown) shown.remove(); name(0); return; }
      return r.json().then(function (j) {
        name(j.count);
        if (!j.count) { if (shown) shown.remove(); } else {
          if (j.count > before || Date.now() - last > AGAIN) ring();
          show(j);
        }
        before = j.count;
        try { sessionStorage.setItem("waiting", before); } catch (x) { /* refused */ }
      });
    }).catch(function () {}).then(function () { setTimeout(look, EVERY); });
  }
  look();
})();
