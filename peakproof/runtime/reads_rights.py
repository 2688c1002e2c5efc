"""Reads who may do what in Odoo: users, their groups, and the rights that groups give."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

__all__ = ["read_rights"]

_GROUPS = """
select g.id, coalesce(d.module || '.' || d.name, 'group ' || g.id) as name
from res_groups g
left join ir_model_data d on d.model = 'res.groups' and d.res_id = g.id
"""
_RIGHTS = """
select m.model, a.group_id,
       concat(case when a.perm_read then 'r' end, case when a.perm_write then 'w' end,
              case when a.perm_create then 'c' end, case when a.perm_unlink then 'u' end) as may
from ir_model_access a join ir_model m on m.id = a.model_id
where a.active order by m.model, a.group_id
"""
_RULES = """
select m.model, g.group_id,
       concat(case when r.perm_read then 'r' end, case when r.perm_write then 'w' end,
              case when r.perm_create then 'c' end, case when r.perm_unlink then 'u' end) as may
from ir_rule r join ir_model m on m.id = r.model_id
join rule_group_rel g on g.rule_group_id = r.id
where r.active and m.model = any(%s) order by m.model, g.group_id
"""
_LINES = """
select model, name, relation from ir_model_fields
where ttype = 'one2many' and model = any(%s) order by model, name
"""


def read_rights(dsn: str, users: list[int], models: list[str]) -> dict[str, Any]:
    """Return ``users`` (id -> login, groups), ``implied`` groups, ``rights``, ``rules``, ``lines``.

    ``rights`` are rows of model, group ("" is everybody) and letters of "rwcu", as are, of these
    models, the ``rules`` by which a group sees more of their records than others; ``lines`` name
    for these models' one-to-many fields what they hold.
    """
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        names = {row["id"]: row["name"] for row in connection.execute(_GROUPS)}
        implied: dict[str, list[str]] = {}
        for row in connection.execute("select gid, hid from res_groups_implied_rel order by 1, 2"):
            implied.setdefault(names[row["gid"]], []).append(names[row["hid"]])
        known: dict[str, Any] = {}
        for row in connection.execute(
            "select u.id, u.login, array(select r.gid from res_groups_users_rel r "
            "where r.uid = u.id order by 1) as groups from res_users u where u.id = any(%s)",
            [users],
        ):
            groups = [names[group] for group in row["groups"]]
            known[str(row["id"])] = {"login": row["login"], "groups": groups}
        rights = [
            [row["model"], names.get(row["group_id"], ""), row["may"]]
            for row in connection.execute(_RIGHTS)
        ]
        rules = [
            [row["model"], names.get(row["group_id"], ""), row["may"]]
            for row in connection.execute(_RULES, [models])
        ]
        lines = {
            f"{row['model']}.{row['name']}": row["relation"]
            for row in connection.execute(_LINES, [models])
        }
    return {"users": known, "implied": implied, "rights": rights, "rules": rules, "lines": lines}
