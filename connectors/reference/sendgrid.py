"""The client of the e-mail gateway (SendGrid's shape), with a no told from a silence.

There are no idempotency keys and nothing can be looked up: after a lost answer nobody knows.
"""

import ssl

import httpx
import msgspec

from .errors import Refused, Unavailable, Unsure
from .settings import Settings

__all__ = ["SendGrid"]

TIMEOUT = httpx.Timeout(10.0, connect=3.0)


class SendGrid:
    """A client of one account."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        self.sender = settings.email_from
        self.http = httpx.AsyncClient(
            base_url=settings.email.url,
            headers={"Authorization": f"Bearer {settings.email.key}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
            verify=ssl.create_default_context(cafile=settings.ca_bundle or None),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def send(self, to: str, subject: str, text: str) -> None:
        """Send a message; raises Unavailable (not sent), Unsure, or Refused."""
        message = {
            "personalizations": [{"to": [{"email": to}]}],
            "from": {"email": self.sender},
            "subject": subject,
            "content": [{"type": "text/plain", "value": text}],
        }
        try:
            answer = await self.http.post("/v3/mail/send", json=message)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"e-mail: unreachable ({type(error).__name__})") from error
        except httpx.TransportError as error:
            raise Unsure(f"e-mail: no answer ({type(error).__name__})") from error
        if answer.status_code in (401, 403, 429, 503):
            raise Unavailable(f"e-mail: answered {answer.status_code}", 0.5)
        if answer.status_code >= 500:
            raise Unsure(f"e-mail: answered {answer.status_code}")
        if not answer.is_success:
            raise Refused("email", f"answered {answer.status_code}: {_reason(answer)}")


def _reason(answer: httpx.Response) -> str:
    try:
        return str(msgspec.json.decode(answer.content)["errors"][0]["field"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return "no reason given"
