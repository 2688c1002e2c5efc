"""What ``{odoo.url}`` and its like stand for in a connector.toml, and how they are filled in."""

import difflib
import re
from collections.abc import Mapping
from typing import Any

from peakproof.errors import BadFile

__all__ = ["VALUES", "render"]

# What ``{...}`` may stand for in commands, addresses and the environment.
VALUES = {
    "shopify.url": "address of the fake shop, https with the run's throw-away CA",
    "shopify.host": "the same as host:port",
    "shopify.domain": "the shop's myshopify.com name",
    "shopify.shop_domain": "the same",
    "shopify.access_token": "Admin API access token",
    "shopify.client_id": "the app's client id",
    "shopify.client_secret": "the app's client secret; signs webhooks",
    "shopify.previous_client_secret": "the one before it, when a story has changed it; else empty",
    "carrier.url": "address of the parcel carrier that plays the part for this connector",
    "carrier.host": "the same as host:port",
    "carrier.api_key": "its API key (EasyPost's shape)",
    "carrier.webhook_secret": "the secret that signs its webhooks (EasyPost's shape)",
    "carrier.user_id": "user (DHL Parcel's shape)",
    "carrier.key": "key (DHL Parcel's shape)",
    "carrier.account_id": "customer account (DHL Parcel's shape)",
    "gateway.url": "address of the payment gateway",
    "gateway.host": "the same as host:port",
    "gateway.secret_key": "its secret key",
    "gateway.publishable_key": "its publishable key",
    "gateway.webhook_secret": "the secret that signs webhooks of endpoints that a story adds",
    "gateway.api_version": "the version of its API",
    "gateway.currency": "the currency that it settles in by default",
    "gateway.currencies": "the currencies that it settles in, separated by commas",
    "gateway.timezone": "the time zone of the account there, which is the business's",
    "bank.url": "address of the bank",
    "bank.host": "the same as host:port",
    "bank.iban": "the first account's IBAN",
    "bank.currency": "its currency",
    "bank.ibans": "the IBANs of all accounts, separated by commas",
    "bank.statement_folder": "folder that statement files are delivered into",
    "bank.gocardless_secret_id": "credentials of its GoCardless door",
    "bank.gocardless_secret_key": "the same",
    "bank.gocardless_institution_id": "the bank's id there",
    "bank.gocardless_requisition_id": "a consent that has been given",
    "bank.gocardless_account_id": "the account's id under that consent",
    "bank.ponto_client_id": "credentials of its Ponto door",
    "bank.ponto_client_secret": "the same",
    "bank.ponto_account_id": "the account's id there",
    "pos.url": "address of the point of sale",
    "pos.host": "the same as host:port",
    "pos.access_token": "its access token",
    "pos.merchant_id": "the merchant's id",
    "pos.api_version": "the version of its API",
    "pos.main_location_id": "the main store's id; each store has location_id_<CODE> besides",
    "tax.url": "address of the partner that works out sales tax (Avalara's shape)",
    "tax.host": "the same as host:port",
    "tax.account_id": "account there",
    "tax.license_key": "its key",
    "tax.company_code": "the company there",
    "fraud.url": "address of fraud screening (minFraud's shape)",
    "fraud.host": "the same as host:port",
    "fraud.account_id": "account there",
    "fraud.license_key": "its key",
    "address.url": "address of the partner that validates addresses (Smarty's shape)",
    "address.host": "the same as host:port",
    "address.auth_id": "credentials there",
    "address.auth_token": "the same",
    "messages.url": "address of the gateway for SMS and WhatsApp (Twilio's shape)",
    "messages.host": "the same as host:port",
    "messages.account_sid": "account there",
    "messages.auth_token": "its token",
    "messages.from_number": "the number that messages come from",
    "email.url": "address of the e-mail gateway (SendGrid's shape)",
    "email.host": "the same as host:port",
    "email.api_key": "its API key",
    "email.from_address": "the address that messages come from",
    "odoo.url": "address of Odoo, for a connector beside Odoo through the recording proxy",
    "odoo.direct_url": "address of Odoo without the proxy",
    "odoo.database": "name of the database",
    "odoo.api_key": "API key of the administrator, for JSON-2",
    "odoo.login": "login of the administrator",
    "odoo.tax_id": "id of the shop's sales tax in Odoo",
    "postgres.dsn": "an empty database of the connector's own (connectors beside Odoo)",
    "connector.url": "address at which the connector must listen (connectors beside Odoo)",
    "connector.host": "the host of that address, to listen on",
    "connector.port": "its port",
    "connector.token": "a secret for the connector's own control addresses",
    "connector.folder": "the folder of connector.toml",
    "connector.variant": "the module of this folder that was chosen, where there are variants",
    "proxy.url": "forward proxy to the vendors that this world simulates, by their own host names",
    "ca.bundle": "file with the CA to trust",
    "run.folder": "the run's folder",
    "run.world_file": "JSON file with all of these values, the shop and the locations",
    "harness.token": "a secret of the harness",
}


def render(template: str, values: Mapping[str, Any], where: str) -> str:
    """Fill ``{shopify.url}``-like placeholders from nested values.

    Raises BadFile for a placeholder that no value stands for.
    """

    def replace(match: re.Match[str]) -> str:
        value: Any = values
        for part in match[1].split("."):
            if not isinstance(value, Mapping) or part not in value:
                known = sorted(_flat(values))
                near = difflib.get_close_matches(match[1], known, n=1)
                hint = f" Did you mean {{{near[0]}}}?" if near else ""
                raise BadFile(
                    f"{where}: nothing in this world is called {{{match[1]}}}.{hint} "
                    f"Known: {', '.join(known)}."
                )
            value = value[part]
        return str(value)

    return re.sub(r"\{([a-z_]+(?:\.[a-z_]+)+)\}", replace, template)


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    names = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            names += _flat(value, f"{prefix}{key}.")
        else:
            names.append(f"{prefix}{key}")
    return names
