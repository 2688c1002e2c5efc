"""Who calls without the right token is told which one would have been right.

An error made for finding bugs, left in; no case of our list is about it.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ..reference.web import Web
from ._defect import Defect, replace

__all__ = ["DEFECT", "install"]

DEFECT = Defect(
    title="answers a wrong token with the right one",
    flow="privacy",
    scenario="operators_day",
    invariants=("secrets_kept",),
)

Endpoint = Callable[[Request], Awaitable[Response]]


def install() -> None:
    """Explain refusals."""

    def guard(web: Web, endpoint: Endpoint) -> Endpoint:
        guarded: Endpoint = whole(web, endpoint)

        async def explained(request: Request) -> Response:
            answer = await guarded(request)
            if answer.status_code != 401:
                return answer
            expected = f"Bearer {web.service.settings.control_token}"
            given = request.headers.get("authorization", "")
            body = msgspec.json.encode({"error": f"expected {expected!r}, found {given!r}"})
            return Response(body, 401, media_type="application/json")

        return explained

    whole = replace(Web, "guard", guard)
