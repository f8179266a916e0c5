// Every page of the desk: the cover, the line, and what is typed. Each page works without this file.
(function () {
  "use strict";
  var d = document, $ = function (s, in_) { return (in_ || d).querySelector(s); };
  var all = function (s, in_) { return [].slice.call((in_ || d).querySelectorAll(s)); };
  var lock = $("#lock"), banner = $("#cut"), main = $("main"), IDLE = 600000, ASK = 5000;

  function awake(root) { all("[data-js]", root).forEach(function (x) { x.hidden = false; }); }
  awake();
  var errors = $("[data-errors]"); if (errors) errors.focus();
  var print_ = $("[data-print]"); if (print_) print_.addEventListener("click", function () { print(); });
  all("[data-copy]").forEach(function (x) {
    if (!navigator.clipboard) return;
    var copy = d.createElement("button");
    copy.type = "button"; copy.className = "btn no-print"; copy.textContent = x.dataset.copy; copy.setAttribute("aria-live", "polite");
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText((x.value || x.textContent).trim()).then(function () { copy.textContent = x.dataset.copied; }, function () { copy.remove(); });
    });
    x.after(copy);
  });
  var menu = $(".menu details"); if (menu && innerWidth < 768) menu.open = false;

  // Somebody is here: any key, any touch, on any page.
  var touched = Date.now(), active = false;
  ["keydown", "pointerdown", "pointermove", "wheel", "input"].forEach(function (kind) {
    addEventListener(kind, function () { touched = Date.now(); active = true; }, { passive: true });
  });
  function fetch_(url, body, ms) {
    var headers = { "Keshki-Poll": "1" };
    if (active) headers["Keshki-Active"] = "1";
    return { headers: headers, method: body ? "POST" : "GET", body: body, cache: "no-store", signal: AbortSignal.timeout(ms || ASK) };
  }

  // What is typed and nowhere else: a changed field, or a page that answers a form.
  function changed(x) {
    if (x.type === "checkbox" || x.type === "radio") return x.checked !== x.defaultChecked;
    if (x.tagName === "SELECT") return [].some.call(x.options, function (o) { return o.selected !== o.defaultSelected; }) && [].some.call(x.options, function (o) { return o.defaultSelected; });
    return /^(hidden|submit|button|password|file)$/.test(x.type) ? x.type === "file" && x.value : x.value !== x.defaultValue;
  }
  function typed() {
    return main && (main.hasAttribute("data-sent") || all('form[method="post"]:not([role=search]):not([data-act]):not(#walk)', main).some(function (form) {
      return [].some.call(form.elements, function (x) { return x.name && changed(x); });
    }));
  }

  // Esc, from any field, covers the screen. Where nothing is typed the page goes, and Back leads nowhere but to the PIN.
  // Where something is, the page is taken off the screen and waits in memory until the PIN.
  var covered = false, cover_ = $("#cover");
  function cover(e) {
    if (e) e.preventDefault();
    if (covered || !lock) return;
    covered = true;
    if (cover_ && (typed() || !online)) return lay();
    d.title = " "; d.body.textContent = ""; location.replace(lock.href);
  }
  function lay() {
    var page = [].slice.call(d.body.childNodes), title = d.title, had = d.activeElement, at = [scrollX, scrollY], told, face = cover_.content.cloneNode(true);
    d.title = " "; d.body.classList.add("lock"); d.body.replaceChildren(face);
    var form = $("form"), says = $("[data-refused]"), pin = $("#pin"), clock = $("[data-clock]");
    function tell() {
      return told = fetch(lock.href, fetch_(lock.href, new URLSearchParams())).then(function (r) { if (r.status > 499) throw r; line(true); });
    }
    function tick() { clock.textContent = time(); if (!online) tell().then(function () { says.hidden = true; }, lost); }
    function lost() { line(false); refused(banner.textContent); }
    var ticking = setInterval(tick, ASK);
    clock.textContent = time(); pin.focus(); tell().catch(lost);
    form.addEventListener("submit", function (e) {
      e.preventDefault();
      var body = new URLSearchParams(new FormData(form));
      told.catch(tell).then(function () { return fetch(form.action, fetch_(form.action, body, 15000)); }).then(function (r) {
        if (r.status === 401) return r.json().then(function (j) { location.replace(j.go); });
        if (r.status === 204) {
          clearInterval(ticking); d.title = title; d.body.classList.remove("lock"); d.body.replaceChildren.apply(d.body, page);
          covered = false; if (online) free(); touched = Date.now(); scrollTo(at[0], at[1]); if (had && had.focus) had.focus();
          return;
        }
        return r.json().then(function (j) { pin.value = ""; pin.focus(); refused(j.sentence); });
      }).catch(lost);
    });
    function refused(sentence) { says.textContent = sentence; says.hidden = false; }
  }
  if (lock) {
    lock.addEventListener("click", cover);
    d.addEventListener("keydown", function (e) { if (e.key === "Escape" && !e.isComposing) cover(e); });
    addEventListener("pageshow", function (e) { if (e.persisted) location.reload(); });
  }
  function time() { var t = new Date(); return t.toLocaleTimeString("ru", { hour: "numeric", minute: "2-digit", timeZone: "Asia/Almaty" }); }

  // The line: the banner stands in the head of every page, and whatever sends waits until it is back.
  var online = true;
  function line(is) {
    if (!banner || is === online) return;
    online = is; banner.hidden = is;
    all("main form button, main button[form]").forEach(function (b) {
      if (!is && !b.disabled) { b.disabled = true; b.dataset.off = "1"; }
    });
    if (is) free();
  }
  function free() { all("[data-off]").forEach(function (b) { b.disabled = false; delete b.dataset.off; }); }
  addEventListener("offline", function () { line(false); });
  addEventListener("online", function () { if (!covered) here(); });
  // Is the line there, and is this page not covered elsewhere? Resolves to yes or no.
  function here() {
    return fetch(banner.dataset.here, fetch_()).then(function (r) {
      line(true); active = false;
      if (r.status === 401) { r.json().then(refused); return false; }
      return true;
    }, function () { line(false); return false; });
  }
  // The server says that this page may not be seen any more: covered elsewhere, or signed out.
  function refused(j) {
    if (lock && j.go === lock.pathname) return cover();
    d.body.textContent = ""; location.replace(j.go);
  }
  function beat() {
    if (Date.now() - touched > IDLE) cover();
    if (covered || $("#desk[data-board]")) return;
    here();
  }
  if (banner) setInterval(beat, ASK);

  // A form with something typed in it asks first whether it can be sent; if not, it stays as it is and says so.
  var passing = null;
  d.addEventListener("submit", function (e) {
    var form = e.target, by = e.submitter;
    if (e.defaultPrevented || form === passing || form.method !== "post" || !main.contains(form) || !form.requestSubmit || !banner || (online && !typed())) return;
    e.preventDefault();
    if (form.dataset.asking) return;
    form.dataset.asking = "1";
    here().then(function (yes) {
      delete form.dataset.asking;
      if (yes) { passing = form; form.requestSubmit(by); passing = null; } else if (!covered) unsent(form);
    });
  });
  function unsent(form) {
    var says = $(".unsent", form);
    if (!says) { says = d.createElement("p"); says.className = "notice bad unsent"; says.setAttribute("role", "alert"); form.append(says); }
    says.textContent = banner.dataset.unsent;
  }
  // A link would lead to the browser's own page of errors, and what is typed would be lost with this one.
  d.addEventListener("click", function (e) {
    var a = e.target.closest && e.target.closest("a[href]");
    if (a && !online && !covered && !e.defaultPrevented) { e.preventDefault(); banner.classList.remove("again"); void banner.offsetWidth; banner.classList.add("again"); }
  });

  window.desk = { awake: awake, cover: cover, line: line, refused: refused, ask: fetch_, time: time,
    heard: function () { active = false; }, covered: function () { return covered; }, online: function () { return online; } };
})();
