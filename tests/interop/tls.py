# SPDX-License-Identifier: Apache-2.0
"""TLS through foreign clients; started by tls.sh."""

import os
import shutil
import subprocess
import sys
import urllib.parse

try:
    import nbd
except ImportError:
    print("SKIP: python3-libnbd is not installed")
    sys.exit(77)

URI = os.environ["NBD_URI"]
MODE = os.environ["TLS_MODE"]
FILES = os.environ["TLS_FILES"]
KINDS = os.environ["TLS_KINDS"].split()
MIB = 1 << 20


def step(text):
    print("  -", text)


def plain_handle():
    handle = nbd.NBD()
    handle.set_uri_allow_tls(nbd.TLS_ALLOW)
    return handle


def x509_handle(folder):
    handle = plain_handle()
    handle.set_tls(nbd.TLS_REQUIRE)
    handle.set_tls_certificates(os.path.join(FILES, folder))
    handle.set_tls_verify_peer(True)
    return handle


def psk_handle(user="alice", file="keys.psk"):
    handle = plain_handle()
    handle.set_tls(nbd.TLS_REQUIRE)
    handle.set_tls_username(user)
    handle.set_tls_psk_file(os.path.join(FILES, file))
    return handle


def connect(handle):
    """By the plain URI's parts: connect_uri() would set the TLS mode of its scheme."""
    uri = urllib.parse.urlsplit(URI)
    handle.set_export_name(uri.path[1:])
    if "unix" in uri.scheme:
        handle.connect_unix(urllib.parse.parse_qs(uri.query)["socket"][0])
    else:
        handle.connect_tcp(uri.hostname, str(uri.port or 10809))


def must_fail(handle, what):
    try:
        connect(handle)
    except nbd.Error as error:
        step(f"{what}: refused ({error.string.split(': ', 1)[-1][:90]})")
        return
    raise AssertionError(f"{what}: was let in")


def exercise(handle, what):
    connect(handle)
    assert handle.get_tls_negotiated()
    assert handle.get_structured_replies_negotiated()
    for length in (512, 4096, 65536, 3 * MIB, 32 * MIB):
        data = os.urandom(length)
        handle.pwrite(data, 512)
        assert handle.pread(length, 512) == data
    writes = [(i, os.urandom(8192)) for i in range(200)]
    buffers = [nbd.Buffer.from_bytearray(bytearray(data)) for _, data in writes]
    cookies = [handle.aio_pwrite(buffer, i * 8192) for i, buffer in enumerate(buffers)]
    for cookie in cookies:
        while not handle.aio_command_completed(cookie):
            handle.poll(-1)
    for i, data in writes:
        assert handle.pread(8192, i * 8192) == data
    handle.shutdown()
    step(f"{what}: reads and writes")


def tls_uri(parameters, user=""):
    uri = urllib.parse.urlsplit(URI)
    query = dict(urllib.parse.parse_qsl(uri.query)) | parameters
    scheme = uri.scheme.replace("nbd", "nbds", 1)
    host = (user + "@" if user else "") + uri.netloc
    return f"{scheme}://{host}{uri.path}?" + "&".join(f"{k}={v}" for k, v in query.items())


def nbdinfo(uri, what):
    out = subprocess.run(["nbdinfo", uri], check=True, capture_output=True, text=True).stdout
    assert "with TLS" in out, out
    step(f"{what}: nbdinfo")


def qemu_img(credentials, what):
    if not shutil.which("qemu-img"):
        step(f"{what}: qemu-img is not installed, not tried")
        return
    uri = urllib.parse.urlsplit(URI)
    if "unix" in uri.scheme:
        server = "server.type=unix,server.path=" + urllib.parse.parse_qs(uri.query)["socket"][0]
        server += ",tls-hostname=localhost"
    else:
        server = f"server.type=inet,server.host={uri.hostname},server.port={uri.port or 10809}"
    options = f"driver=nbd,{server},export={uri.path[1:]},tls-creds=tls0"
    subprocess.run(["qemu-img", "info", "--object", credentials + ",id=tls0,endpoint=client", "--image-opts", options],
                   check=True, stdout=subprocess.DEVNULL)
    step(f"{what}: qemu-img")


def check_x509():
    exercise(x509_handle("client"), "certificates")
    nbdinfo(tls_uri({"tls-certificates": os.path.join(FILES, "client")}), "certificates")
    qemu_img(f"tls-creds-x509,dir={FILES}/client", "certificates")
    if "unix" not in URI:  # over a Unix socket libnbd knows no name to verify and takes any certificate
        must_fail(x509_handle("stranger-trust"), "a client that does not trust us")
    if "x509-verified" in KINDS:
        must_fail(x509_handle("anonymous"), "a client without a certificate")
        must_fail(x509_handle("stranger"), "a client with a certificate of another authority")
    else:
        exercise(x509_handle("anonymous"), "no client certificate")


def check_psk():
    exercise(psk_handle(), "pre-shared key")
    nbdinfo(tls_uri({"tls-psk-file": os.path.join(FILES, "keys.psk")}, "alice"), "pre-shared key")
    # QEMU wants a folder with a file of this very name.
    qemu_img(f"tls-creds-psk,dir={FILES}/psk,username=alice", "pre-shared key")
    must_fail(psk_handle(file="wrong.psk"), "a wrong key")
    must_fail(psk_handle(user="mallory", file="wrong.psk"), "an unknown identity")


def check_plain():
    handle = plain_handle()
    if MODE == "required":
        must_fail(handle, "plain text")
    else:
        connect(handle)
        handle.pread(512, 0)
        handle.shutdown()
        step("plain text: allowed")


def main():
    check_plain()
    if "x509" in KINDS or "x509-verified" in KINDS:
        check_x509()
    if "psk" in KINDS:
        check_psk()


main()
