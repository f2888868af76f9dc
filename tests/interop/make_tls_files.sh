#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make_tls_files.sh FOLDER: certificates and keys for trying TLS. For the server: server.pem, server.key, ca.pem,
# keys.psk. For libnbd and QEMU: client/ (trusted, with a certificate), anonymous/ (trusts us, has none), stranger/
# (trusts us, certificate of another authority), stranger-trust/ (trusts another authority), psk/, wrong.psk.
set -euo pipefail
PATH=/usr/sbin:/usr/bin:/sbin:/bin
folder=${1:?folder}
for tool in openssl psktool; do
  command -v "$tool" > /dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
mkdir -p "$folder"
cd "$folder"

authority() { # FILE COMMON_NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$2" -keyout "$1.key" \
    -out "$1.pem" -addext basicConstraints=critical,CA:TRUE 2> /dev/null
}
issue() { # AUTHORITY FILE COMMON_NAME EXTENSIONS
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$2.key" -out "$2.csr" 2> /dev/null
  openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 30 -out "$2.pem" \
    -extfile <(echo "$4") 2> /dev/null
  rm "$2.csr"
}

authority ca "our authority"
authority other-ca "another authority"
issue ca server localhost "subjectAltName=DNS:localhost,IP:127.0.0.1"
issue ca host "host1" "extendedKeyUsage=clientAuth"
issue other-ca stranger-host "host1" "extendedKeyUsage=clientAuth"

client_folder() { # FOLDER TRUSTED [CERTIFICATE]
  mkdir -p "$1"
  cp "$2.pem" "$1/ca-cert.pem"
  if [ $# -gt 2 ]; then
    cp "$3.pem" "$1/client-cert.pem"
    cp "$3.key" "$1/client-key.pem"
  fi
}
client_folder client ca host
client_folder anonymous ca
client_folder stranger ca stranger-host
client_folder stranger-trust other-ca host

psktool -u alice -p keys.psk > /dev/null
psktool -u bob -p keys.psk > /dev/null
psktool -u alice -p wrong.psk > /dev/null
psktool -u mallory -p wrong.psk > /dev/null
mkdir -p psk
cp keys.psk psk/keys.psk
