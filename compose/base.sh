#!/bin/sh
# base.sh TAG SUITE MIRROR KEYRING: a minimal Debian image without a registry, from the archive alone.
# The machine's own certificate authorities go into this local image, so that no Dockerfile knows
# of them. Needs mmdebstrap and docker; `make images` calls it with the mirror that apt uses here.
set -eu
tag=$1 suite=$2 mirror=$3 keyring=${4:-}
bundle=/etc/ssl/certs/ca-certificates.crt
archive=$(mktemp)
trap 'rm -f "$archive"' EXIT

# The machine's clock may be past the date until which the archive vouches for a suite.
mmdebstrap --quiet --variant=apt --include=ca-certificates ${keyring:+--keyring="$keyring"} \
  --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Check-Date "false"' \
  --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' \
  --customize-hook='cp /usr/local/share/ca-certificates/*.crt "$1"/usr/local/share/ca-certificates/ 2>/dev/null || true
    chroot "$1" update-ca-certificates' \
  "$suite" - "$mirror" > "$archive"

docker import \
  --change 'CMD ["bash"]' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change "ENV SSL_CERT_FILE=$bundle" --change "ENV REQUESTS_CA_BUNDLE=$bundle" \
  --change "ENV PIP_CERT=$bundle" --change "ENV NODE_EXTRA_CA_CERTS=$bundle" \
  --change "LABEL peakproof.content=${CONTENT:-}" \
  "$archive" "$tag"
