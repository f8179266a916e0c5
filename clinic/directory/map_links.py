"""The position in a link that somebody copied from a map: 2GIS, Google, Yandex, OpenStreetMap, or geo:."""

import re
from urllib.parse import unquote

_N = r"(-?\d{1,3}\.\d{1,15})"
_LINK = re.compile(r"(?:https?://|geo:)", re.IGNORECASE)
_LNG_FIRST = ("2gis.", "yandex.", "ya.ru/")
# What marks the place itself stands before what is only the middle of the map.
_PAIRS = {
    True: (
        rf"/(?:firm|geo|entrance)/\d+/{_N},{_N}",
        rf"(?:whatshere\[point\]|pt)={_N},{_N}",
        rf"(?:ll|m)={_N},{_N}",
        rf"/{_N},{_N}",
    ),
    False: (
        rf"!3d{_N}!4d{_N}",
        rf"mlat={_N}&mlon={_N}",
        rf"(?:q|query|destination|ll)=(?:loc:)?{_N},\s*{_N}",
        rf"geo:{_N},{_N}",
        rf"#map=\d+/{_N}/{_N}",
        rf"[@/]{_N},{_N}",
    ),
}


def is_link(text: str) -> bool:
    """Whether this is a link, rather than numbers or the name of a place."""
    return _LINK.match(text) is not None


def position(link: str) -> tuple[float, float] | None:
    """Latitude and longitude; None where none stands in it, as in the short links that an app shares."""
    whole = unquote(link)
    lng_first = any(name in whole.split("?")[0].casefold() for name in _LNG_FIRST)
    for pattern in _PAIRS[lng_first]:
        if found := re.search(pattern, whole):
            first, second = float(found[1]), float(found[2])
            return (second, first) if lng_first else (first, second)
    return None
