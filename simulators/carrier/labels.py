"""Label files: small, valid, and with the tracking code in them. Served under /files/.

A PNG shows stripes drawn from the code, not a scannable barcode; ZPL and EPL2 print a real one.
"""

import hashlib
import struct
import zlib

__all__ = ["CONTENT_TYPES", "label_file"]

CONTENT_TYPES = {
    "PNG": "image/png",
    "PDF": "application/pdf",
    "ZPL": "application/zpl",
    "EPL2": "application/epl2",
}
_WIDTH, _HEIGHT = 192, 288  # 4x6 inches at 48 dots an inch


def label_file(tracking_code: str, title: str, kind: str) -> bytes:
    """Return the file of a label; ``kind`` is PNG, PDF, ZPL or EPL2."""
    if kind == "PNG":
        return _png(tracking_code)
    if kind == "PDF":
        return _pdf(f"{title} {tracking_code}")
    if kind == "ZPL":
        text = f"^XA^FO40,40^A0N,40,40^FD{title}^FS^FO40,120^BCN,160,Y,N,N^FD{tracking_code}^FS^XZ"
        return text.encode()
    text = f'N\nA40,20,0,4,1,1,N,"{title}"\nB40,80,0,1,2,2,160,B,"{tracking_code}"\nP1\n'
    return text.encode()


def _png(tracking_code: str) -> bytes:
    digest = hashlib.sha256(tracking_code.encode()).digest()
    bars = bytes(255 if byte & 1 else 0 for byte in digest[: _WIDTH // 8])
    blank = b"\0" + b"\xff" * (_WIDTH // 8)
    rows = b"".join(blank if y < 80 or y > 200 else b"\0" + bars for y in range(_HEIGHT))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 1, 0, 0, 0, 0)
    text = b"Comment\0" + tracking_code.encode("latin-1", "replace")
    parts = [(b"IHDR", header), (b"tEXt", text), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pdf(text: str) -> bytes:
    safe = text.replace("\\", "").replace("(", "").replace(")", "")
    stream = f"BT /F1 12 Tf 20 380 Td ({safe}) Tj ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
    return out + end % (size, table, size) + b"startxref\n%d\n%%%%EOF\n" % len(out)
