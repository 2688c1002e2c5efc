"""Reads Odoo's chatter: what was written on records, and to whom."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

__all__ = ["read_chatter"]

_MESSAGES = """
select m.id, coalesce(m.model, '') as model, coalesce(m.res_id, 0) as res_id,
       coalesce(m.subject, '') as subject, coalesce(m.body, '') as body,
       array(
           select lower(p.email) from res_partner p
           where p.email is not null and (
               p.id in (select r.res_partner_id from mail_message_res_partner_rel r
                        where r.mail_message_id = m.id)
               or p.id in (select n.res_partner_id from mail_notification n
                           where n.mail_message_id = m.id))
       ) as recipients
from mail_message m order by m.id
"""


def read_chatter(dsn: str) -> list[dict[str, Any]]:
    """Return every message with its text and the e-mail addresses of those it went to."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        found = connection.execute("select to_regclass('mail_message') as name").fetchone()
        if found is None or found["name"] is None:
            return []
        return list(connection.execute(_MESSAGES))
