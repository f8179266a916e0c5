// Seals a note before it leaves the phone (clinic/safety/reports/boxes.py says how a box is made) and opens
// the answers here. note.js fetches this file, and nacl.js and photo.js for it, once she sends.
(function () {
  "use strict";
  var d = document, c = window.crypto, waiting = null, code = "";
  var SIGNS = "ABCEHKMPTXY23456789", ALIKE = "АВСЕНКМРТХУ", K = 1024;
  var SIZES = [4 * K, 16 * K, 64 * K, 256 * K, K * K, 2 * K * K, 4 * K * K, 8 * K * K, 13 * K * K];
  var OTHER = /%PDF-|<script|<html|<!doctype|<\?php|<svg[ \n]/i;
  function $(s, in_) { return (in_ || d).querySelector(s); }
  function all(s) { return [].slice.call(d.querySelectorAll(s)); }
  function bytes(text) { return new TextEncoder().encode(text); }
  function hex(u) { return [].map.call(u, function (b) { return ("0" + b.toString(16)).slice(-2); }).join(""); }
  function unhex(text) { return new Uint8Array((text.match(/../g) || []).map(function (x) { return parseInt(x, 16); })); }
  function join(parts) {
    var n = 0, out = new Uint8Array(parts.reduce(function (m, p) { return m + p.length; }, 0));
    parts.forEach(function (p) { out.set(p, n); n += p.length; });
    return out;
  }
  function words() { return $("[data-note]").dataset; }

  // the code, and what it yields
  function fresh() {
    var text = "";
    while (text.length < 15) {
      var b = c.getRandomValues(new Uint8Array(1))[0];
      if (b < 247) text += SIGNS[b % 19]; // 13 times 19: each sign is as likely
    }
    return text;
  }
  function normal(typed) {
    var text = typed.toUpperCase().replace(/[\s._\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069-]/g, "")
      .replace(/[А-Я]/g, function (x) { return "ABCEHKMPTXY"[ALIKE.indexOf(x)] || x; });
    return /^[ABCEHKMPTXY2-9]{15}$/.test(text) ? text : "";
  }
  function keys(text) {
    return c.subtle.importKey("raw", bytes(text), "PBKDF2", false, ["deriveBits"]).then(function (key) {
      return c.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: bytes("keshki note 1"), iterations: 100000 }, key, 512);
    }).then(function (raw) {
      var u = new Uint8Array(raw), pair = nacl.box.keyPair.fromSecretKey(u.slice(0, 32));
      return { secret: pair.secretKey, open: pair.publicKey, lookup: hex(u.slice(32)) };
    });
  }

  // boxes
  function padded(plain) {
    var size = SIZES.filter(function (s) { return plain.length < s; })[0];
    return join([plain, [128], new Uint8Array(size - plain.length - 1)]);
  }
  function seal(to, plain) {
    return c.subtle.digest("SHA-256", to).then(function (name) {
      var once = nacl.box.keyPair(), nonce = nacl.randomBytes(24);
      return join([[1], new Uint8Array(name, 0, 4), once.publicKey, nonce, nacl.box(padded(plain), nonce, to, once.secretKey)]);
    });
  }
  function read(box, from, secret) {
    var plain = nacl.box.open(box.slice(29), box.slice(5, 29), from, secret);
    if (box[0] !== 2 || !plain) return "";
    var n = (plain[0] << 24) + (plain[1] << 16) + (plain[2] << 8) + plain[3];
    return JSON.parse(new TextDecoder().decode(plain.slice(4, 4 + n))).said.text || "";
  }
  function content(form, kind, reply, photos) {
    var said = { language: form.dataset.lang };
    new FormData(form).forEach(function (value, name) {
      if (typeof value !== "string" || /^(token|act|code|photo|keep)$/.test(name) || !value.trim()) return;
      if (/^(what|who|evidence)$/.test(name)) (said[name] = said[name] || []).push(value); else said[name] = value.trim().replace(/\r\n/g, "\n");
    });
    var head = bytes(JSON.stringify({ kind: kind, said: said, reply_to: hex(reply), photos: photos.map(function (p) { return [p.kind, p.bytes.length]; }) }));
    var length = new Uint8Array([head.length >>> 24, head.length >>> 16, head.length >>> 8, head.length]);
    return join([length, head].concat(photos.map(function (p) { return p.bytes; })));
  }

  // what is wrong with the form; the photos of one in which nothing is
  function kind(u) {
    var text = function (a, b) { return String.fromCharCode.apply(null, u.slice(a, b)); };
    if (text(0, 3) === "\xff\xd8\xff") return "jpeg";
    if (text(0, 8) === "\x89PNG\r\n\x1a\n" && text(12, 16) === "IHDR") return "png";
    return text(0, 4) === "RIFF" && text(8, 12) === "WEBP" ? "webp" : "";
  }
  function check(form) {
    var w = form.dataset, files = [].slice.call($("[type=file]", form).files), text = $("[name=text]", form).value.trim();
    if (text.length > Number(w.text)) return Promise.reject(["text", w.sayLong]);
    if (!text && !files.length && !$("[name=what]:checked", form)) return Promise.reject([$("#what") ? "what" : "text", w.sayEmpty]);
    if (files.length > Number(w.photos)) return Promise.reject(["photo", w.sayMany]);
    if (files.reduce(function (n, f) { return n + f.size; }, 0) > Number(w.bytes)) return Promise.reject(["photo", w.sayLarge]);
    return Promise.all(files.map(function (f) {
      return f.arrayBuffer().then(function (raw) {
        var u = new Uint8Array(raw), found = kind(u);
        if (!found) throw ["photo", w.sayKind];
        var text = new TextDecoder("latin1").decode(u);
        if (OTHER.test(text) || text.slice(-65557).indexOf("PK\x05\x06") >= 0) throw ["photo", w.sayTwo];
        if ($("[name=keep]", form).checked) return { kind: found, bytes: u };
        try { return { kind: found, bytes: barePhoto(found, u) }; } catch (e) { throw ["photo", w.sayBroken]; }
      });
    }));
  }

  // saying what is wrong, beside the field and above everything
  function element(name, class_, text) {
    var e = d.createElement(name);
    if (class_) e.className = class_;
    if (text) e.textContent = text;
    return e;
  }
  function hush() {
    all("main [data-errors], .err[data-own]").forEach(function (e) { e.remove(); });
    all(".wrong").forEach(function (e) { e.classList.remove("wrong"); });
  }
  function say(field, text) {
    hush();
    var box = element("div", "notice bad"), place = field && ($("#" + field + "-field") || $("#" + field));
    box.setAttribute("role", "alert"); box.tabIndex = -1; box.dataset.errors = "";
    if (place) {
      var link = element("a", "", text), list = element("ul"), err = element("span", "err", text);
      link.href = "#" + field; list.appendChild(element("li")).appendChild(link);
      box.appendChild(element("h2", "", words().title)); box.appendChild(list);
      err.dataset.own = ""; place.classList.add("wrong");
      $("legend, label", place).insertAdjacentElement("afterend", err);
    } else box.appendChild(element("p", "", text));
    $("main h1").insertAdjacentElement("beforebegin", box);
    box.focus();
  }

  // sending, and what comes back
  function post(fields) {
    var body = new FormData();
    Object.keys(fields).forEach(function (name) { body.append(name, fields[name]); });
    return fetch(location.pathname, { method: "POST", body: body }).then(function (r) {
      return r.text().then(function (html) { return { ok: r.ok, page: new DOMParser().parseFromString(html, "text/html") }; });
    });
  }
  function send(fields, again) {
    return post(fields).then(function (answer) {
      var token = $("[name=token]", answer.page);
      if (answer.ok) {
        waiting = null;
        $("main").replaceWith($("main", answer.page));
        d.title = answer.page.title;
        scrollTo(0, 0);
        return ready();
      }
      if (token) all("[name=token]").forEach(function (e) { e.value = token.value; });
      if (token && fields.token && !again) { fields.token = token.value; return send(fields, true); } // the page was open for long
      var said = $("[data-errors]", answer.page) || $("main", answer.page);
      throw [$("#code") && answer.page.querySelector("#code-e") ? "code" : "", (said.querySelector("li") || said).textContent.trim()];
    });
  }
  function write(form, act) {
    return check(form).then(function (photos) {
      if (waiting) return send(waiting);
      if (act === "send") code = fresh();
      return keys(code).then(function (hers) {
        return seal(unhex(form.dataset.note), content(form, act === "send" ? "report" : "more", hers.open, photos)).then(function (box) {
          waiting = { token: $("[name=token]", form).value, act: act, lookup: hers.lookup, box: new Blob([box]) };
          return send(waiting);
        });
      });
    });
  }
  function open(form, act) {
    var field = $("[name=code]", form), typed = normal(field.value || code);
    if (!typed) return Promise.reject(["code", words().sayCode]);
    return keys(typed).then(function (hers) {
      code = typed;
      return send({ act: act, lookup: hers.lookup });
    });
  }
  function ready() {
    all("[data-js-how]").forEach(function (e) { e.textContent = e.dataset.jsHow; });
    var place = $("[data-note-code]"), boxes = all("[data-box]"), top = $("main [data-errors]");
    if (place && code && !place.textContent) place.textContent = code.replace(/(.{5})(?=.)/g, "$1 ");
    if (top) top.focus();
    if (!boxes.length) return null;
    return keys(code).then(function (hers) {
      boxes.forEach(function (e) { e.textContent = read(unhex(e.dataset.box), unhex(e.dataset.from), hers.secret) || words().sayShut; });
    });
  }

  d.addEventListener("input", function () { waiting = null; });
  d.addEventListener("change", function () { waiting = null; });

  // Does what a button of the page is for; says itself what is wrong.
  window.sealNote = function (form, button) {
    var held = $("[name=code]", form); // a page that the server opened holds the code
    if (held && held.value && button.value !== "open") code = normal(held.value);
    return (form.dataset.note !== undefined ? write : open)(form, button.value).catch(function (wrong) {
      say(wrong && wrong.length ? wrong[0] : "", wrong && wrong.length ? wrong[1] : words().sayLine);
    });
  };
})();
