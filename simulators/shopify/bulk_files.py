"""Where bulk results are fetched and staged uploads are put, on the simulator's own address.

Not modelled: signed addresses that expire, uploads of anything but bulk mutation variables.
"""

import re
from collections.abc import Callable

from peakproof.simkit import Request, Response, Route

from .shop import Shop

__all__ = ["routes"]

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


def routes(shop: Callable[[], Shop | None]) -> list[Route]:
    """Return the routes of results and uploads; they carry no token, as at Shopify's store."""

    def result(request: Request) -> Response:
        found = shop()
        number = request.params["number"]
        entry = found.bulk.by_number.get(int(number)) if found and number.isdecimal() else None
        if entry is None or not entry.url:
            return Response.text("NoSuchKey", 404)
        return Response(200, entry.lines, content_type="application/jsonl")

    def upload(request: Request) -> Response:
        found = shop()
        if found is None:
            return Response.text("NoSuchBucket", 404)
        key, content = _parts(request)
        found.bulk.uploads[key or request.params["key"]] = content
        return Response(201, b"")

    return [
        Route("GET", "/_bulk/{number}.jsonl", result, "bulk result"),
        Route("POST", "/_uploads", upload, "staged upload"),
        Route("PUT", "/_uploads/{key:path}", upload, "staged upload"),
    ]


def _parts(request: Request) -> tuple[str, bytes]:
    """Return the key and the file of a multipart form, or of a plain body."""
    found = _BOUNDARY.search(request.header("content-type"))
    if found is None:
        return "", request.body
    key, content = "", b""
    for part in request.body.split(b"--" + found[1].encode()):
        head, split, body = part.partition(b"\r\n\r\n")
        if not split:
            continue
        body = body.removesuffix(b"\r\n")
        if b'name="key"' in head:
            key = body.decode()
        elif b'name="file"' in head:
            content = body
    return key, content
