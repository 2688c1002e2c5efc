#!/bin/bash
# The interface of the official postgres image's entrypoint, as far as a test world uses it.
set -Eeuo pipefail
if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then  # the server refuses to run as root
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
fi
if [ -s "$PGDATA/PG_VERSION" ]; then exec "$@"; fi

POSTGRES_USER=${POSTGRES_USER:-postgres}
POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
  echo "Expected POSTGRES_PASSWORD (or POSTGRES_HOST_AUTH_METHOD=trust)." >&2
  exit 1
fi
eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "${POSTGRES_PASSWORD:-}")' \
  "${POSTGRES_INITDB_ARGS:-}"
method=${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}
printf 'host all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

# While it is being set up, the server has no TCP port: nobody takes it for ready.
pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432 ${*:2}" -w start
export PGPASSWORD="${POSTGRES_PASSWORD:-}"
query=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER")
if [ "$POSTGRES_DB" != postgres ]; then
  "${query[@]}" --dbname postgres -c "CREATE DATABASE \"$POSTGRES_DB\""
fi
for file in /docker-entrypoint-initdb.d/*; do
  case "$file" in
    *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
    *.sql) "${query[@]}" --dbname "$POSTGRES_DB" -f "$file" ;;
    *.sql.gz) gunzip -c "$file" | "${query[@]}" --dbname "$POSTGRES_DB" ;;
  esac
done
pg_ctl -D "$PGDATA" -m fast -w stop
unset PGPASSWORD
exec "$@"
