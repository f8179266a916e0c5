// Pages kept for when there is no internet: only on a tap, and taken off by the next one.
(function () {
  "use strict";
  [].forEach.call(document.querySelectorAll("[data-keep]"), function (keep) {
    var name = keep.dataset.cache, first = keep.textContent;
    function say(kept) { keep.textContent = kept ? keep.dataset.keep : first; keep.setAttribute("aria-pressed", String(kept)); }
    if (!window.caches || !navigator.serviceWorker) { keep.parentNode.remove(); return; }
    caches.has(name).then(say, function () { keep.parentNode.remove(); }); // an app that shows pages may refuse
    keep.addEventListener("click", function () {
      if (keep.getAttribute("aria-pressed") === "true") { caches.delete(name).then(function () { say(false); }); return; }
      navigator.serviceWorker.register("/sw.js").catch(function () {});
      caches.open(name).then(function (c) { return c.addAll(JSON.parse(keep.dataset.pages)); }).then(function () { say(true); }, function () { caches.delete(name); });
    });
  });
})();
