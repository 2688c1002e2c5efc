"""The app under test: its credentials, tokens and scopes, and the token endpoint.

``POST /admin/oauth/access_token`` (JSON or form) knows client_credentials, refresh_token and
token exchange. The token of the configuration never expires unless ``expire_tokens`` says so;
issued ones live as long as Shopify's. A refresh gives a new pair; the refresh token used stays
good until its successor has been used once (a lost answer can be repeated).

Not modelled: the authorization code grant (needs a person), sessions of staff, app proxies.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from peakproof.simkit import Bucket, Kit, Request, Response

from .access import Granted, all_scopes
from .cost import bucket_for
from .subscriptions import Subscriptions

__all__ = ["Client", "Token", "token_hash"]

LIFE_SECONDS = {"client_credentials": 86_399, "refresh_token": 3_600, "exchange": 3_600}
REFRESH_LIFE_SECONDS = 90 * 86_400
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"


def token_hash(token: str) -> str:
    """Return a short hash that stands for a token in the history."""
    return hashlib.sha256(token.encode()).hexdigest()[:12]


class Token:
    """An access token; ``expires_at`` is run time, None means never."""

    def __init__(self, text: str, expires_at: float | None) -> None:
        self.text, self.expires_at = text, expires_at
        self.hash = token_hash(text)


class Client:
    """The app. ``id`` is its client id."""

    def __init__(self, kit: Kit) -> None:
        options = kit.config.options
        self._kit = kit
        self._random = kit.seed.stream("shopify|tokens")
        self.id: str = options.get("client_id") or self._word(32)
        self.secret: str = options.get("client_secret") or "shpss_" + self._word(32)
        scopes = options.get("scopes") or all_scopes()
        self.granted = Granted(tuple(scopes))
        self.title = "App under test"
        self.installed = True
        self.tokens: dict[str, Token] = {}
        self._refresh: dict[str, float] = {}
        self._predecessor: dict[str, str] = {}
        self.bucket: Bucket = bucket_for("standard", kit.clock.now)
        self.on_uninstall: list[Callable[[], None]] = []
        self.shop_domain: str = options.get("shop_domain", "peak-demo.myshopify.com")
        self.subscriptions = Subscriptions(kit, self.secret, self.shop_domain)
        first = options.get("access_token") or "shpat_" + self._word(32)
        self.tokens[first] = Token(first, None)

    def __repr__(self) -> str:
        return f"Client(id={self.id[:6]}..., tokens={len(self.tokens)})"

    def _word(self, length: int) -> str:
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def new_secret(self) -> str:
        """Return a secret that was not used before."""
        return "shpss_" + self._word(32)

    def token(self, text: str) -> Token | None:
        """Return a token that is good now."""
        found = self.tokens.get(text)
        if found is None:
            return None
        if found.expires_at is not None and self._kit.clock.now() >= found.expires_at:
            return None
        return found

    def expire_tokens(self) -> int:
        """Make every access token invalid at once; returns how many there were."""
        count = len(self.tokens)
        self.tokens.clear()
        return count

    def end_renewable_tokens(self) -> None:
        """Let every access token expire that its holder can replace by another."""
        now = self._kit.clock.now()
        for token in self.tokens.values():
            if token.expires_at is not None:
                token.expires_at = now

    def uninstall(self) -> None:
        """Take the app out of the shop: tokens die, subscriptions go."""
        self.expire_tokens()
        self._refresh.clear()
        self.installed = False
        for call in self.on_uninstall:
            call()

    def answer(self, request: Request) -> Response:
        """Answer the token endpoint."""
        given = _fields(request)
        request.record.arguments = {
            name: value
            for name, value in given.items()
            if name in ("grant_type", "requested_token_type", "expiring")
        }
        if given.get("client_id") != self.id or given.get("client_secret") != self.secret:
            return _refusal("invalid_client", "The client credentials are wrong.", 401)
        grant = given.get("grant_type") or ""
        if grant == "client_credentials":
            return Response.json(self._issue("client_credentials", renewable=False))
        if grant == "refresh_token":
            return self._renew(given.get("refresh_token") or "")
        if grant == _EXCHANGE:
            return self._exchange(given)
        if given.get("code"):
            return _refusal(
                "peakproof_not_modelled",
                "peakproof's Shopify simulator does not model the authorization code grant.",
                400,
            )
        return _refusal("unsupported_grant_type", f"Unknown grant_type {grant!r}.", 400)

    def _exchange(self, given: dict[str, Any]) -> Response:
        if not given.get("subject_token"):
            return _refusal("invalid_subject_token", "The subject token is missing.", 400)
        renewable = str(given.get("expiring") or "0") == "1"
        answer = self._issue("exchange" if renewable else "", renewable)
        if given.get("requested_token_type") == _ONLINE:
            answer |= {"expires_in": 86_399, "associated_user_scope": answer["scope"]}
            answer["associated_user"] = {
                "id": 1, "first_name": "Peak", "last_name": "Owner", "email": "owner@example.com",
                "email_verified": True, "account_owner": True, "locale": "en",
                "collaborator": False,
            }  # fmt: skip
        return Response.json(answer)

    def _renew(self, refresh: str) -> Response:
        expires = self._refresh.get(refresh)
        if expires is None or self._kit.clock.now() >= expires:
            return _refusal("invalid_grant", "The refresh token is not valid.", 401)
        spent = self._predecessor.pop(refresh, None)
        if spent is not None:
            self._refresh.pop(spent, None)
        answer = self._issue("refresh_token", renewable=True)
        self._predecessor[answer["refresh_token"]] = refresh
        return Response.json(answer)

    def _issue(self, kind: str, renewable: bool) -> dict[str, Any]:
        now = self._kit.clock.now()
        life = LIFE_SECONDS.get(kind)
        text = "shpat_" + self._word(32)
        expires = None if life is None else now + self._kit.real_seconds(life)
        self.tokens[text] = Token(text, expires)
        self._kit.handed_out.append(text)
        answer: dict[str, Any] = {
            "access_token": text,
            "scope": ",".join(self.granted.handles),
        }
        if life is not None:
            answer["expires_in"] = max(1, int(self._kit.real_seconds(life)))
        if renewable:
            refresh = "shprt_" + self._word(32)
            self._refresh[refresh] = now + self._kit.real_seconds(REFRESH_LIFE_SECONDS)
            self._kit.handed_out.append(refresh)
            answer |= {
                "refresh_token": refresh,
                "refresh_token_expires_in": int(self._kit.real_seconds(REFRESH_LIFE_SECONDS)),
            }
        return answer


def _fields(request: Request) -> dict[str, Any]:
    if "json" in request.header("content-type"):
        value = request.json()
        return value if isinstance(value, dict) else {}
    return dict(request.form())


def _refusal(code: str, message: str, status: int) -> Response:
    return Response.json({"error": code, "error_description": message}, status)
