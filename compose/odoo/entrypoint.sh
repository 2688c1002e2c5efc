#!/bin/bash
# The interface of the official odoo image's entrypoint.
set -eu
: "${HOST:=db}" "${PORT:=5432}" "${USER:=${POSTGRES_USER:-odoo}}"
if [ -n "${PASSWORD_FILE:-}" ]; then PASSWORD=$(cat "$PASSWORD_FILE"); fi
: "${PASSWORD:=${POSTGRES_PASSWORD:-odoo}}"

database=()
add() {  # option, value: given on the command line unless the configuration file has it
  if ! grep -Eq "^[[:space:]]*$1[[:space:]]*=" "$ODOO_RC"; then database+=("--$1" "$2"); fi
}
add db_host "$HOST"
add db_port "$PORT"
add db_user "$USER"
add db_password "$PASSWORD"

case "${1:-}" in
  -- | odoo)
    shift
    if [ "${1:-}" = scaffold ]; then exec odoo "$@"; fi
    ;;
  -*) ;;
  *) exec "$@" ;;
esac
wait-for-psql.py "${database[@]}" --timeout=30
exec odoo "$@" "${database[@]}"
