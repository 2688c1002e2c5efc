"""API keys of Odoo's administrator: made, and taken away again, in its database.

Odoo keeps a key's first eight characters and a hash (``res.users.apikeys``); its own way to make
one wants a person at the keyboard. Each call is looked up anew, so what is taken away is refused
from the next call on.
"""

import base64
import hashlib
import secrets
from typing import Any

import psycopg

from peakproof.seed import Seed

__all__ = ["LOGIN", "grant_access", "hash_of", "own_key", "revoke_access"]

LOGIN = "admin"
API_KEY_ROUNDS = 6000
_SHOWN = 8  # characters by which Odoo finds a key


def grant_access(
    connection: psycopg.Connection[Any], api_key: str, name: str = "peakproof"
) -> None:
    """Give the administrator an API key of that name."""
    connection.execute(
        "insert into res_users_apikeys (name, user_id, scope, expiration_date, key, index) "
        "select %s, id, null, null, %s, %s from res_users where login = %s",
        [name, hash_of(api_key), api_key[:_SHOWN], LOGIN],
    )


def own_key(connection: psycopg.Connection[Any], seed: Seed, previous: str = "") -> str:
    """Give the administrator a key for the connector alone, another one than the previous."""
    api_key = seed.token(f"key of Odoo after {previous}", 40)
    grant_access(connection, api_key, "connector")
    return api_key


def revoke_access(connection: psycopg.Connection[Any], api_key: str) -> int:
    """Take a key away; return how many there were."""
    query = "delete from res_users_apikeys where index = %s"
    return connection.execute(query, [api_key[:_SHOWN]]).rowcount


def hash_of(api_key: str) -> str:
    """Return what Odoo stores of an API key: passlib's pbkdf2_sha512, with a fresh salt."""
    salt = secrets.token_bytes(16)
    digest = hashlib.pbkdf2_hmac("sha512", api_key.encode(), salt, API_KEY_ROUNDS)

    def adapted(blob: bytes) -> str:
        return base64.b64encode(blob).decode().rstrip("=").replace("+", ".")

    return f"$pbkdf2-sha512${API_KEY_ROUNDS}${adapted(salt)}${adapted(digest)}"
