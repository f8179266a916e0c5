// Seals a note before it leaves the phone (clinic/safety/reports/boxes.py says how a box is made) and opens
// the answers here. note.js fetches this file, and nacl.js for it, once she sends.
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
        try { return { kind: found, bytes: barePhoto(found, u) }; } catch (e) { throw ["photo", w.sayKind]; }
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

// A photo without what its camera wrote beside the picture, before it is sealed: place, time, device, thumbnail.
// The file is cut along its own segments; the picture is copied byte for byte (clinic/safety/reports/bare.py is the same).
(function () {
  "use strict";
  var PNG = /^(IHDR|PLTE|IDAT|IEND|tRNS|cHRM|gAMA|iCCP|sBIT|sRGB|cICP|mDCV|cLLI|bKGD|pHYs|acTL|fcTL|fdAT)$/;
  var WEBP = /^(VP8X|VP8 |VP8L|ALPH|ANIM|ANMF|ICCP)$/, EXIF = "Exif\0\0";
  function broken() { throw new Error("broken"); }
  function text(u, a, b) { return String.fromCharCode.apply(null, u.subarray(a, b)); }
  function big(u, at, n) { for (var v = 0, i = 0; i < n; i++) v = v * 256 + (u[at + i] || 0); return v; }
  function little(u, at, n) { for (var v = 0, i = n - 1; i >= 0; i--) v = v * 256 + (u[at + i] || 0); return v; }
  function raw(s) { return Uint8Array.from(s, function (x) { return x.charCodeAt(0); }); }
  function join(parts) {
    var n = 0, out = new Uint8Array(parts.reduce(function (m, p) { return m + p.length; }, 0));
    parts.forEach(function (p) { out.set(p, n); n += p.length; });
    return out;
  }
  function number(v, size, end) {
    var u = new Uint8Array(size);
    for (var i = 0; i < size; i++) { u[end === "big" ? size - 1 - i : i] = v % 256; v = Math.floor(v / 256); }
    return u;
  }
  function cut(u, a, n) { if (a + n > u.length) broken(); return u.subarray(a, a + n); }

  // which side is up, and the least that says so
  function side(tiff) {
    var head = text(tiff, 0, 4), read = head === "II*\0" ? little : big;
    if (head !== "II*\0" && head !== "MM\0*") return 1;
    var first = read(tiff, 4, 4), many = Math.min(read(tiff, first, 2), 1000);
    for (var at = first + 2, i = 0; i < many; i++, at += 12) {
      if (read(tiff, at, 2) === 0x112 && read(tiff, at + 2, 2) === 3) {
        var up = read(tiff, at + 8, 2);
        return up >= 1 && up <= 8 ? up : 1;
      }
    }
    return 1;
  }
  function only(up) { return raw("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + String.fromCharCode(up) + "\0\0\0\0\0\0\0"); }

  function segment(marker, body) { return join([[255, marker], number(body.length + 2, 2, "big"), body]); }
  function kept(marker, body) {
    if (marker === 0xe0) return text(body, 0, 5) === "JFIF\0" && body.length >= 14 ? segment(marker, join([body.subarray(0, 12), [0, 0]])) : [];
    if ((marker === 0xe2 && text(body, 0, 12) === "ICC_PROFILE\0") || (marker === 0xee && text(body, 0, 5) === "Adobe")) return segment(marker, body);
    return marker >= 0xe0 ? [] : segment(marker, body);
  }
  function scanEnd(u, at) {
    for (;;) {
      at = u.indexOf(255, at);
      if (at < 0 || at + 1 >= u.length) return u.length;
      var next = u[at + 1];
      if (next === 0 || (next >= 0xd0 && next <= 0xd7)) at += 2; else if (next === 255) at += 1; else return at;
    }
  }
  function jpeg(u) {
    var out = [], up = 1, at = 2, seen = false;
    while (at < u.length) {
      if (u[at] !== 255) broken();
      while (u[at] === 255) at++;
      if (at >= u.length) broken();
      var marker = u[at++];
      if (marker === 0xd9) { out.push([255, 0xd9]); break; }
      if (marker < 2 || (marker >= 0xd0 && marker <= 0xd8)) broken();
      var length = big(u, at, 2);
      if (length < 2) broken();
      var body = cut(u, at + 2, length - 2);
      at += length;
      if (marker === 0xe1 && text(body, 0, 6) === EXIF && up === 1) up = side(body.subarray(6));
      out.push(kept(marker, body));
      if (marker === 0xda) {
        var end = scanEnd(u, at);
        out.push(u.subarray(at, end));
        at = end;
        seen = true;
      }
    }
    if (!seen) broken();
    var first = out[0][1] === 0xe0 ? [out.shift()] : [];
    return join([[255, 0xd8]].concat(first, up === 1 ? [] : [segment(0xe1, join([raw(EXIF), only(up)]))], out));
  }

  function sum(u) {
    for (var c = -1, i = 0; i < u.length; i++) {
      c ^= u[i];
      for (var k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    }
    return ~c >>> 0;
  }
  function png(u) {
    var out = [u.subarray(0, 8)], up = 1, at = 8, seen = false, name = "";
    while (name !== "IEND") {
      var chunk = cut(u, at, 12 + big(u, at, 4));
      name = text(chunk, 4, 8);
      at += chunk.length;
      if (name === "eXIf") up = side(chunk.subarray(8, -4));
      seen = seen || name === "IDAT";
      if (PNG.test(name)) out.push(chunk);
    }
    if (!seen) broken();
    if (up !== 1) {
      var body = join([raw("eXIf"), only(up)]);
      out.splice(2, 0, join([number(body.length - 4, 4, "big"), body, number(sum(body), 4, "big")]));
    }
    return join(out);
  }

  function webp(u) {
    var out = [], up = 1, at = 12, end = 8 + little(u, 4, 4);
    if (end > u.length + 1) broken();
    while (at + 8 <= end) {
      var n = little(u, at + 4, 4), name = text(u, at, at + 4), body = cut(u, at + 8, n);
      if (name === "EXIF") up = side(text(body, 0, 6) === EXIF ? body.subarray(6) : body);
      if (WEBP.test(name)) out.push([name, body]);
      at += 8 + n + n % 2;
    }
    if (!out.some(function (x) { return /^(VP8 |VP8L|ANMF)$/.test(x[0]); })) broken();
    if (out[0][0] === "VP8X") {
      if (!out[0][1].length) broken();
      if (up !== 1) out.push(["EXIF", only(up)]);
      out[0][1] = join([[(out[0][1][0] & ~12) | (up === 1 ? 0 : 8)], out[0][1].subarray(1)]);
    }
    var chunks = join(out.map(function (x) {
      return join([raw(x[0]), number(x[1].length, 4), x[1], x[1].length % 2 ? [0] : []]);
    }));
    return join([raw("RIFF"), number(chunks.length + 4, 4), raw("WEBP"), chunks]);
  }

  // The picture alone; throws where the file can not be followed along its segments.
  window.barePhoto = function (kind, u) { return { jpeg: jpeg, png: png, webp: webp }[kind](u); };
})();
