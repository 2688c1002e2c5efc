"""Labels and reports as documents: PDF, ZPL and EPL, plain but well-formed.

A label shows who gets the parcel, its codes and the word SPECIMEN. The vendor's real layout
and bar codes are not modelled.
"""

from collections.abc import Sequence

__all__ = ["FORMATS", "label", "pdf"]

FORMATS = ("PDF", "ZPL", "EPL")
_WIDTH, _HEIGHT, _STEP = 283, 425, 22  # points: 100 by 150 millimetres


def label(form: str, parcels: Sequence[Sequence[str]]) -> bytes:
    """Return a document with a label a parcel, each given as its lines of text."""
    if form == "PDF":
        return pdf(parcels)
    return "".join(_zpl(lines) if form == "ZPL" else _epl(lines) for lines in parcels).encode()


def pdf(pages: Sequence[Sequence[str]]) -> bytes:
    """Return a PDF with a page of text lines a page."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        stream = _text(lines)
        length = f"<< /Length {len(stream)} >>\nstream\n".encode()
        objects += [page.encode(), length + stream + b"\nendstream"]
    return _file(objects)


def _text(lines: Sequence[str]) -> bytes:
    shown = [f"BT /F1 12 Tf {_STEP} TL 20 {_HEIGHT - 40} Td".encode()]
    for line in lines:
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown.append(b"(" + escaped.encode("cp1252", "replace") + b") Tj T*")
    return b"\n".join([*shown, b"ET"])


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)


def _zpl(lines: Sequence[str]) -> str:
    fields = [
        f"^FO40,{40 + 50 * number}^A0N,36,36^FH_^FD{_hexed(line)}^FS"
        for number, line in enumerate(lines)
    ]
    return "\n".join(["^XA", "^CI28", *fields, "^XZ", ""])


def _hexed(line: str) -> str:
    """Return a line with ZPL's own signs written as hexadecimal (``^FH_``)."""
    return "".join(f"_{ord(sign):02X}" if sign in "^~_" else sign for sign in line)


def _epl(lines: Sequence[str]) -> str:
    fields = [
        f'A40,{40 + 50 * number},0,4,1,1,N,"{escaped}"'
        for number, line in enumerate(lines)
        if (escaped := line.replace("\\", "\\\\").replace('"', '\\"'))
    ]
    return "\n".join(["N", *fields, "P1", ""])
