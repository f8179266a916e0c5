"""Markdown as pages use it, turned into HTML that can hold nothing but text, our own links and telephone numbers.

Beside CommonMark without raw HTML, images and code:
- a quotation is a sentence to show or read out; a paragraph in it that begins with `kk: ` is in that language;
- a link alone in its paragraph is a button; what it asks for (`/near?service=10`) is sent, and stands in no address;
- `{112} {103}` alone in a paragraph are help numbers, with their hours and their stamps;
- a list item that begins with `[ ] ` can be ticked, and the tick goes nowhere.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from urllib.parse import parse_qsl

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

MOST_SIGNS = 10_000

_SPOKEN = re.compile(r"(kk|ru|en|uz): ")
_NUMBERS = re.compile(r"\{[0-9-]{2,8}\}(\s+\{[0-9-]{2,8}\})*")
_TICK = "[ ] "
_OURS = re.compile(r"/(?!/)[a-z0-9/_.?&=:#-]*", re.IGNORECASE)
_TEL = re.compile(r"tel:\+?[0-9]{2,15}")
_HERE = re.compile(r"#[a-z0-9-]+")

Numbers = Callable[[Sequence[str]], str]


def allowed(address: str) -> bool:
    """Whether a link may lead there: our own paths, a number to call, a place on the page."""
    return any(kind.fullmatch(address) for kind in (_OURS, _TEL, _HERE))


_OFF = ["image", "code", "fence", "html_block", "html_inline", "reference", "backticks"]
_md = MarkdownIt("commonmark", {"html": False}).disable(_OFF)
_md.validateLink = lambda _address: True  # type: ignore[method-assign,assignment]  # `strange` names what is refused


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[Token, ...]:
    return tuple(_md.parse(text))


def strange(text: str) -> tuple[str, ...]:
    """Addresses of links that lead away; such a text is not saved."""
    found = []
    for token in _parsed(text):
        for child in token.children or ():
            if child.type == "link_open" and not allowed(str(child.attrGet("href"))):
                found.append(str(child.attrGet("href")))
    return tuple(found)


def large(text: str) -> tuple[str, ...]:
    """What stands large inside the text, and so is read over shoulders: its headings and buttons."""
    tokens = _parsed(text)
    return tuple(
        inline.content
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" or _is_one_link([child.type for child in inline.children or ()])
    )


def plain(text: str) -> str:
    """The words of a text without its marks, for the search."""
    parts = [child.content for token in _parsed(text) for child in token.children or () if child.type == "text"]
    return _SPOKEN.sub("", " ".join(part for part in parts if not _NUMBERS.fullmatch(part)))


def html(text: str, root: str, numbers: Numbers) -> str:
    """The text as HTML. `root` stands before our own paths (the language); `numbers` draws help numbers."""
    tokens = [token.copy() for token in _parsed(text)]
    out: list[Token] = []
    quoted, i = False, 0
    while i < len(tokens):
        token = tokens[i]
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
        elif token.type in ("blockquote_open", "blockquote_close"):
            quoted = token.type == "blockquote_open"
            if quoted:
                token.attrSet("class", "say")
        elif token.type == "paragraph_open":
            content = tokens[i + 1].content
            if _NUMBERS.fullmatch(content):
                drawn = Token("html_block", "", 0)
                drawn.content = numbers(re.findall(r"[0-9-]+", content))
                out.append(drawn)
                i += 3
                continue
            if asked := _asking(tokens[i + 1], root):
                out.append(asked)
                i += 3
                continue
            _paragraph(token, tokens[i + 1], quoted)
        if token.children:
            token.children = [_inline(child.copy(), root) for child in token.children]
        out.append(token)
        i += 1
    return str(_md.renderer.render(out, _md.options, {}))


def _paragraph(opening: Token, inline: Token, quoted: bool) -> None:
    """Say the language of a sentence, draw a button, draw a box to tick."""
    children = [child.copy() for child in inline.children or ()]
    spoken = _SPOKEN.match(inline.content)
    if quoted and spoken and children:
        opening.attrSet("lang", spoken[1])
        children[0].content = children[0].content.removeprefix(spoken[0])
    elif inline.content.startswith(_TICK) and children:
        children[0].content = children[0].content.removeprefix(_TICK)
        box, end = Token("html_inline", "", 0), Token("html_inline", "", 0)
        box.content, end.content = '<label class="pick"><input type="checkbox"><span>', "</span></label>"
        children = [box, *children, end]
    elif _is_one_link([child.type for child in children]):
        children[0].attrSet("class", "btn full")
    inline.children = children


def _asking(inline: Token, root: str) -> Token | None:
    """A button that sends what its link asks for: an address would stay in the history of her browser and say it."""
    children = inline.children or []
    if not _is_one_link([child.type for child in children]):
        return None
    path, _mark, query = str(children[0].attrGet("href")).partition("?")
    if not query or not allowed(path):
        return None
    words = "".join(child.content for child in children if child.type == "text")
    fields = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in parse_qsl(query))
    drawn = Token("html_block", "", 0)
    drawn.content = (
        f'<form action="{escape(root + path)}" method="post">{fields}'
        f'<button class="btn full">{escape(words)}</button></form>\n'
    )
    return drawn


def _is_one_link(types: Sequence[str]) -> bool:
    return types[:1] == ["link_open"] and types[-1:] == ["link_close"] and types.count("link_open") == 1


def _inline(child: Token, root: str) -> Token:
    if child.type == "link_open":
        address = str(child.attrGet("href"))
        if not allowed(address):  # it was never saved; a preview shows it going nowhere
            address = "#main"
        child.attrs = {**child.attrs, "href": f"{root}{address}" if address.startswith("/") else address}
    return child
