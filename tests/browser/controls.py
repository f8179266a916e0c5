"""What a hand can't press: controls that lie over each other, are cut off, or are covered by something that sticks."""

from typing import Any

from playwright.sync_api import Page

LOOK = """() => {
  const wrong = [], seen = [];
  const words = e => (e.innerText || e.value || e.name || e.tagName).trim().replace(/\\s+/g, ' ').slice(0, 40) + ' <' + e.tagName.toLowerCase() + '>';
  const scrolls = (e, axis) => /auto|scroll/.test(getComputedStyle(e)['overflow' + axis]);
  const scroller = e => { for (let p = e.parentElement; p; p = p.parentElement) if (scrolls(p, 'Y') || scrolls(p, 'X')) return p; return document.documentElement; };
  const stuck = e => { for (let p = e; p; p = p.parentElement) if (/sticky|fixed/.test(getComputedStyle(p).position)) return p; return null; };
  for (const e of document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('.vh,.skip,.times,.langs') && !e.matches('.langs a')) continue;
    const r = e.getBoundingClientRect();
    if (r.width < 4 || r.height < 4) continue;
    const box = scroller(e), root = box === document.documentElement, b = root ? { left: 0, right: innerWidth, top: 0, bottom: innerHeight } : box.getBoundingClientRect();
    if (/^(A|BUTTON|SUMMARY)$/.test(e.tagName) && e.scrollWidth > e.clientWidth + 2 && e.clientWidth && getComputedStyle(e).display !== 'inline') wrong.push('its words run out: ' + words(e));
    if (root && (r.right > innerWidth + 1 || r.left < -1)) wrong.push('out of the page: ' + words(e));
    for (let p = e.parentElement; p && p !== box; p = p.parentElement) {
      const s = getComputedStyle(p), q = p.getBoundingClientRect();
      if (s.overflow !== 'visible' && !p.matches('.brand *') && (r.right > q.right + 2 || r.bottom > q.bottom + 2 || r.left < q.left - 2)) { wrong.push('cut off: ' + words(e)); break; }
    }
    const card = e.closest('.ap,.card,.said'), k = card && card.getBoundingClientRect();
    if (k && !scrolls(card, 'X') && (box === card || !card.contains(box)) && (r.right > k.right + 1 || r.left < k.left - 1 || r.bottom > k.bottom + 1)) wrong.push('hangs out of its card: ' + words(e));
    const rects = getComputedStyle(e).display === 'inline' ? [...e.getClientRects()] : [r];
    seen.push({ e, rects, box, b, held: stuck(e) });
  }
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  const shown = (one, r) => r.bottom > one.b.top && r.top < one.b.bottom && r.right > one.b.left && r.left < one.b.right;
  for (let i = 0; i < seen.length; i++) for (let j = 0; j < i; j++) {
    const a = seen[i], c = seen[j];
    if (a.e.contains(c.e) || c.e.contains(a.e) || a.held !== c.held) continue;
    if (a.rects.some(x => shown(a, x) && c.rects.some(y => shown(c, y) && meet(x, y)))) wrong.push('over each other: ' + words(c.e) + ' / ' + words(a.e));
  }
  for (const one of seen) {
    const r = one.rects[0], x = r.left + r.width / 2, y = r.top + r.height / 2;
    if (x < Math.max(0, one.b.left) || y < Math.max(0, one.b.top) || x > Math.min(innerWidth, one.b.right) || y > Math.min(innerHeight, one.b.bottom)) continue;
    const top = document.elementFromPoint(x, y);
    if (!top || one.e.contains(top) || top.contains(one.e) || top.closest('label') && top.closest('label').contains(one.e)) continue;
    const over = stuck(top);
    // what is scrolled goes under the head of its own box: that is what scrolling is
    const page = over && scroller(over), q = over && over.getBoundingClientRect(), root = document.documentElement;
    if (over && (over === one.held || page.contains(one.e) && page.scrollTop > 0)) continue;
    // a bar at the foot of the screen: below the last control there is as much empty page as it is high
    if (over && q.bottom >= innerHeight - 1 && r.bottom + scrollY + q.height <= root.scrollHeight) continue;
    wrong.push('covered: ' + words(one.e) + ' by ' + words(top));
  }
  return wrong;
}"""  # noqa: E501


def out_of_reach(page: Page) -> list[str]:
    """What is wrong on the page as it stands, in words; empty where every control can be pressed."""
    found: Any = page.evaluate(LOOK)
    return [str(one) for one in found]
