// The clock of a test: counts down to the minutes in which the answer may be read, then to their end.
// The start is kept in this tab alone (sessionStorage): it survives a reload and is gone with the tab.
(function () {
  "use strict";
  var box = document.getElementById("timer"), data = box.dataset, minute = 60000, began = 0, shown = "";
  var form = box.querySelector("form"), left = box.querySelector("[data-left]"), said = box.querySelector("[data-said]");
  var words = { waiting: data.waiting, now: data.now, late: data.late };
  function hour(at) { return new Date(at).toTimeString().slice(0, 5).replace(/^0/, ""); }
  function show() {
    if (!began) return;
    var gone = Date.now() - began, from = data.from * minute, to = data.to * minute;
    var stage = gone < from ? "waiting" : gone <= to ? "now" : "late", rest = Math.ceil(((stage === "waiting" ? from : to) - gone) / 1000);
    left.hidden = stage === "late";
    left.textContent = Math.floor(rest / 60) + ":" + ("0" + rest % 60).slice(-2);
    if (stage + began === shown) return; // a screen reader hears a new stage, not every second
    shown = stage + began;
    said.hidden = false;
    said.textContent = words[stage].replace("{a}", hour(began + from)).replace("{b}", hour(began + to));
    form.querySelector("button").textContent = data.anew;
    [].forEach.call(box.querySelectorAll("[data-plain]"), function (x) { x.hidden = true; });
  }
  try { began = Number(sessionStorage.getItem(data.key)) || 0; } catch (e) { /* storage is refused: this page counts all the same */ }
  form.addEventListener("submit", function (e) {
    e.preventDefault();
    began = Date.now();
    try { sessionStorage.setItem(data.key, began); } catch (e) { /* the same */ }
    show();
  });
  show();
  setInterval(show, 1000);
  document.addEventListener("visibilitychange", show);
})();
