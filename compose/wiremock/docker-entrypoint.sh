#!/bin/bash
# The interface of the official wiremock image's entrypoint.
set -e
case "${1:-}" in
  '' | -*) set -- java ${JAVA_OPTS:-} -cp '/var/wiremock/lib/*:/var/wiremock/extensions/*' wiremock.Run "$@" ;;
esac
exec "$@" ${WIREMOCK_OPTIONS:-}
