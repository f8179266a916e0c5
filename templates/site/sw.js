// Holds the help numbers for when there is no connection, as she saw them last; another page only where she tapped "keep".
"use strict";
var NAME = "k-{{ assets[0][-10:] }}", PAGES = {{ pages | tojson }}, FILES = {{ assets | tojson }};
addEventListener("install", function (e) { e.waitUntil(caches.open(NAME).then(function (c) { return c.addAll(PAGES.concat(FILES)); })); self.skipWaiting(); });
addEventListener("activate", function (e) {
  e.waitUntil(caches.keys().then(function (names) { return Promise.all(names.filter(function (n) { return n !== NAME && n.indexOf("kept"); }).map(function (n) { return caches.delete(n); })); }));
});
addEventListener("fetch", function (e) {
  var url = new URL(e.request.url), path = url.pathname + url.search;
  if (e.request.method !== "GET" || url.origin !== location.origin) return;
  if (FILES.indexOf(path) > -1) { e.respondWith(caches.match(path).then(function (r) { return r || fetch(e.request); })); return; }
  if (/^\/static\//.test(path)) { e.respondWith(fetch(e.request).catch(function () { return caches.match(path); })); return; }
  if (e.request.mode !== "navigate") return;
  e.respondWith(fetch(e.request).then(function (r) { if (r.ok) renew(url.pathname, r.clone()); return r; }, function () {
    var lang = (/^\/(kk|ru|en)\//.exec(url.pathname) || [0, "ru"])[1];
    var page = /\/(p\/1|now)$/.test(url.pathname) ? "/p/1" : "/offline";
    return caches.match(url.pathname).then(function (kept) { return kept || caches.match("/" + lang + page); }).then(cut);
  }));
});
// Without a connection nothing is offered that needs one, and the page says so: in it <!--line-->…<!--/line--> goes,
// and what stands in <!--cut…cut--> comes forward.
function cut(kept) {
  return kept && kept.text().then(function (text) {
    var headers = new Headers(kept.headers);
    ["Content-Encoding", "Content-Length"].forEach(function (name) { headers.delete(name); });
    return new Response(text.replace(/<!--line-->[^]*?<!--\/line-->/g, "").replace(/<!--cut([^]*?)cut-->/g, "$1"), { headers: headers });
  });
}
// A page that is kept and was opened with a connection is kept as it is now: numbers and laws change.
// The address without a language shows one of the three: then all are fetched again.
function renew(path, response) {
  if (path === "/p/1") caches.open(NAME).then(function (c) { return c.addAll(PAGES); }).catch(function () {});
  caches.keys().then(function (names) {
    names.forEach(function (n) {
      caches.open(n).then(function (c) { return c.match(path).then(function (old) { return old && c.put(path, response.clone()); }); });
    });
  });
}
