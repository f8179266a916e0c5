"""What came with a form of /note: a box that her phone has sealed, or the photos themselves."""

from dataclasses import dataclass
from hashlib import blake2b

from flask import abort, request
from werkzeug.datastructures import FileStorage

from clinic.safety.reports import boxes, photos, upload
from clinic.safety.reports.bare import Broken, bare
from clinic.safety.reports.content import Photo
from clinic.safety.reports.forms import NoteForm
from clinic.wording import gettext as _


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is to be kept: the box, the token that finds it, and the code to be shown ("" where she has it)."""

    box: bytes
    lookup: bytes
    code: str
    body: bytes  # what was asked, for the once-only act


def sealed_by_phone(form: NoteForm) -> Sealed | None:
    """The box that her browser has sealed; None where it sent the form itself. Answers 400 to what is no box."""
    file = request.files.get("box")
    if file is None:
        return None
    box = file.read()
    try:
        boxes.size_class(box)
    except boxes.NotABox:
        abort(400)
    if form.lookup.data is None:
        abort(400)
    return Sealed(box, form.lookup.data, "", blake2b(box).digest() + form.lookup.data)


def pictures(form: NoteForm) -> tuple[Photo, ...]:
    """The photos of this form, bare unless she keeps what is in them; what is wrong becomes an error of the field."""
    files = [file for file in request.files.getlist("photo") if file.filename or file.stream.seek(0, 2)]
    wrong = _wrong_with(files)
    if wrong:
        form.photo.errors = [wrong]
        return ()
    found = []
    for file in files:
        file.stream.seek(0)
        content = file.read()
        kind = photos.kind(content)
        if kind is None:
            form.photo.errors = [_("One of the files is no photo, or damaged. We take JPEG, PNG and WebP.")]
            return ()
        if photos.is_two_things(content):
            form.photo.errors = [_("One of the photos has another file hidden in it. Send a screenshot of it instead.")]
            return ()
        try:
            found.append(Photo(kind, content if form.keep.data else bare(kind, content)))
        except Broken:
            form.photo.errors = [_("One of the files is no photo, or damaged. We take JPEG, PNG and WebP.")]
            return ()
    return tuple(found)


def _wrong_with(files: list[FileStorage]) -> str:
    if len(files) > photos.MOST:
        return _("At most %(most)s photos at once. Send the rest afterwards, under the code.", most=photos.MOST)
    if any(upload.is_cut(file) for file in files) or sum(_size(f) for f in files) > photos.MOST_BYTES:
        return _("The photos are too large: at most %(most)s MB together.", most=photos.MOST_BYTES // boxes.MIB)
    return ""


def _size(file: FileStorage) -> int:
    return file.stream.seek(0, 2)
