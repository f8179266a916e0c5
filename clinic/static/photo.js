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
