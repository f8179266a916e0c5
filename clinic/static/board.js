// The boards: other desks' changes come by themselves, and one key or click is one step. Loaded after desk.js.
(function () {
  "use strict";
  var d = document, $ = function (s, in_) { return (in_ || d).querySelector(s); };
  var all = function (s, in_) { return [].slice.call((in_ || d).querySelectorAll(s)); };
  var desk = $("#desk"), K = window.desk, EVERY = 800;
  if (!desk || !K) return;

  // A press that has begun must end on the button it began on.
  var held = false;
  addEventListener("pointerdown", function () { held = true; });
  ["pointerup", "pointercancel", "blur"].forEach(function (kind) { addEventListener(kind, function () { setTimeout(function () { held = false; }); }); });

  // Asking the server: one header says that only the moving parts are wanted, one that somebody is here.
  var tag = desk.dataset.tag ? 'W/"' + desk.dataset.tag + '"' : "", acts = 0;
  function ask(url, body) {
    var request = K.ask(url, body, body ? 8000 : 5000);
    if (!body && tag) request.headers["If-None-Match"] = tag;
    return fetch(url, request).then(function (r) {
      K.line(true); K.heard();
      if (r.status === 401) return r.json().then(function (j) { K.refused(j); throw 401; });
      if (r.status === 400 || r.status === 404 || r.status === 422) { location.reload(); return new Promise(function () {}); }
      return r;
    });
  }

  // Swap each moving part that differs; focus, scroll and what is typed stay where they are.
  function swap(html, keepSaid) {
    var fresh = new DOMParser().parseFromString(html, "text/html"), had = d.activeElement;
    var key = had && had.dataset.key, card = had && had.closest(".ap"), ticket = card && card.dataset.ticket;
    var stays = anchor();
    all("[data-part]", fresh).forEach(function (part) {
      var old = d.getElementById(part.id);
      if (!old || (keepSaid && part.id === "said") || old.outerHTML === part.outerHTML) return;
      old.replaceWith(part); K.awake(part);
      if (part.id === "said") fade(part);
    });
    stays();
    if (had && !had.isConnected) {
      var next = key && $('[data-key="' + key + '"]');
      // The button she stood on means something else by now: stand beside it, so that Enter does nothing unmeant.
      if (!next && ticket) next = $('.ap[data-ticket="' + ticket + '"]');
      if (next) { if (!next.matches("button,a")) next.tabIndex = -1; next.focus({ preventScroll: true }); }
    }
  }
  // What lies under the pointer (or has the focus, or is the first to be seen) stays where it is, whatever comes above it.
  var at = null;
  addEventListener("pointermove", function (e) { at = [e.clientX, e.clientY]; }, { passive: true });
  function anchor() {
    var grid = $("#grid"), box = $(".scroll"), under = at && d.elementFromPoint(at[0], at[1]), NAMED = "[data-ticket],[data-key]";
    if (!grid || !box) return function () {};
    var kept = [under, d.activeElement].map(function (x) { return x && grid.contains(x) && x.closest(NAMED); }).filter(Boolean)[0] ||
      all(NAMED, grid).filter(function (x) { return x.getBoundingClientRect().top >= Math.max(0, box.getBoundingClientRect().top); })[0];
    if (!kept) return function () {};
    var name = kept.dataset.key ? '[data-key="' + kept.dataset.key + '"]' : '[data-ticket="' + kept.dataset.ticket + '"]', top = kept.getBoundingClientRect().top;
    return function () {
      var now = $("#grid " + name), by = now && now.getBoundingClientRect().top - top;
      if (!by) return;
      if (getComputedStyle(box).overflowY === "auto" && box.scrollHeight > box.clientHeight) box.scrollTop += by; else scrollBy(0, by);
    };
  }
  // What was said does not cover the table for ever; each card keeps its own way back.
  function fade(said) { var what = said.firstChild; setTimeout(function () { if (said.firstChild !== what) return; if (said.contains(d.activeElement)) fade(said); else said.textContent = ""; }, 20000); }
  function taken(r, mine, keepSaid) {
    if (r.status === 304) return;
    return r.text().then(function (html) {
      if (mine !== acts) return; // an answer from before her last click would show what is no longer true
      tag = r.headers.get("ETag") || tag;
      swap(html, keepSaid);
    });
  }
  var timer;
  function later(ms) { clearTimeout(timer); timer = setTimeout(poll, ms); }
  function poll() {
    if (held || K.covered()) return later(EVERY / 4);
    var mine = acts;
    ask(desk.dataset.board).then(function (r) { if (r.status > 499) throw r; return taken(r, mine, true); })
      .catch(function (why) { if (why !== 401) K.line(false); })
      .then(function () { later(d.hidden ? 5 * EVERY : EVERY); });
  }
  d.addEventListener("visibilitychange", function () { if (!d.hidden) later(0); });
  later(EVERY);

  // One step. A second press on the same ticket within half a second is a slip of the finger.
  var last = "", lastAt = 0;
  function act(form, submitter) {
    var body = new FormData(form);
    if (submitter && submitter.name) body.append(submitter.name, submitter.value);
    return new URLSearchParams(body);
  }
  all("form[data-act]").forEach(function (form) {
    form.addEventListener("submit", function (e) {
      e.preventDefault();
      var by = e.submitter, ticket = by && by.value ? by.value.split(":")[0] : form.id, beside = by && by.closest("#got");
      if (ticket === last && Date.now() - lastAt < 500 && by.id !== "undo") return;
      var mine = ++acts; last = ticket; lastAt = Date.now();
      ask(form.action, act(form, by)).then(function (r) {
        if (r.status > 499) throw r;
        return taken(r, mine, false);
      }).then(function () {
        if (beside) { got(""); var find = $("#find"); if (find) { find.value = ""; find.focus(); } }
      }).catch(function (why) { unsent(by, why); });
    });
  });

  // What was pressed and not sent: said in words that stay, and marked where it was pressed.
  function unsent(by, why) {
    if (why !== 401) K.line(false);
    var said = $("#said", desk), p = d.createElement("p"), word = $("#said-unsent", desk).textContent;
    p.className = "notice bad said"; p.setAttribute("role", "alert");
    p.textContent = word + " " + (by ? by.textContent.replace(/\s+/g, " ").trim() : "");
    said.replaceChildren(p);
    if (by) by.classList.add("unsent");
  }

  // The card beside: found by number and letter, or a walk-in whose word is said once.
  var gone;
  function got(html) {
    clearTimeout(gone);
    var box = $("#got");
    if (!box) return;
    box.textContent = "";
    if (!html) return;
    var answer = new DOMParser().parseFromString(html, "text/html"), fresh = $("#got", answer), says = $("#said p", answer), token = $("#walk-token");
    if (token && fresh.dataset.token) token.value = fresh.dataset.token;
    box.replaceWith(fresh); K.awake(fresh);
    var word = $("[data-gone]", fresh), first = $("[data-focus],.btn", fresh);
    if (word) gone = setTimeout(function () { got(""); }, word.dataset.gone * 1000);
    if (says) { $("#said").replaceChildren(says); fade($("#said")); }
    if (first) first.focus();
    else if ($("#find")) { $("#find").focus(); $("#find").select(); } // what was typed wrong is typed over
  }
  // Somebody was taken in, whatever becomes of this look at the board; the next one comes by itself.
  function look(mine) { ask(desk.dataset.board).then(function (r) { return taken(r, mine, true); }).catch(function () {}); }
  ["#find-form", "#walk"].forEach(function (name) {
    var form = $(name), busy = false;
    if (form) form.addEventListener("submit", function (e) {
      e.preventDefault();
      if (busy) return;
      busy = true;
      var mine = ++acts;
      ask(form.action, act(form, e.submitter)).then(function (r) { if (r.status > 499) throw r; return r.text(); }).then(got)
        .then(function () { busy = false; if (name === "#walk") look(mine); }, function (why) { busy = false; unsent(e.submitter, why); });
    });
  });
  d.addEventListener("click", function (e) {
    if (e.target.closest("[data-said]")) { e.preventDefault(); got(""); var b = $("#find"); if (b) b.focus(); }
  });

  // Keys: "/" find, N walk-in, L to the line, B book a time, Z undo, O open the visit, arrows from card to card. Letters by place, so that any layout works.
  var now = $(".now"), keys = $("[data-keys]");
  var box = $(".fit .scroll");
  if (now && box && box.scrollHeight > box.clientHeight) box.scrollTop = now.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  d.addEventListener("keydown", function (e) {
    // After find, Enter, Enter she stands in the empty field: Z is still the way back, not a letter.
    if (e.code === "KeyZ" && e.target.id === "find" && !e.target.value && $("#undo") && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); $("#undo").click(); return; }
    if (keys && !keys.checked || e.ctrlKey || e.metaKey || e.altKey || /^(input|select|textarea)$/i.test(e.target.tagName)) return;
    var hit = e.key === "/" || e.code === "Slash" && !e.shiftKey ? $("#find") : null;
    if (hit) { e.preventDefault(); hit.focus(); hit.select(); return; }
    hit = e.repeat ? null : e.code === "KeyN" ? $("#walk-button") : e.code === "KeyL" ? $("#line-button") : e.code === "KeyZ" ? $("#undo") : e.code === "KeyB" ? $("#book-link") : e.code === "KeyO" ? opened(e) : null;
    if (hit) { e.preventDefault(); hit.click(); return; }
    if (/^Arrow/.test(e.key)) arrow(e);
  });
  function opened(e) { var card = e.target.closest && e.target.closest(".ap[data-ticket]"); return card && $("a.nm", card); }
  function stop(card) { return $("button", card); }
  function arrow(e) {
    var cards = all(".ap[data-ticket]").filter(stop), here = e.target.closest && e.target.closest(".ap[data-ticket]"), next;
    if (!here) {
      if (e.target !== d.body || e.key !== "ArrowDown") return;
      next = cards.filter(function (c) { return /came|exp/.test(c.className); })[0] || cards[0];
    } else if (/Up|Down/.test(e.key)) {
      var column = cards.filter(function (c) { return c.dataset.column === here.dataset.column; }), i = column.indexOf(here);
      next = column[i + (e.key === "ArrowDown" ? 1 : -1)];
    } else {
      var want = Number(here.dataset.column) + (e.key === "ArrowRight" ? 1 : -1), top = here.getBoundingClientRect().top;
      next = cards.filter(function (c) { return Number(c.dataset.column) === want; }).sort(function (a, b) {
        return Math.abs(a.getBoundingClientRect().top - top) - Math.abs(b.getBoundingClientRect().top - top);
      })[0];
    }
    if (next) { e.preventDefault(); stop(next).focus(); }
  }
})();
