#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""paths.py PROGRAMS: paths between two images with TLS, made by DS CLI. They survive kill -9 of either image and one
that stands still; strangers, garbage and silence at the ports disturb nobody; an image with a certificate of another
authority gets nowhere."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time

from pair import Partner, certificates, scratch_folder

START = time.monotonic()
UP = ["Success", "Success"]
DOWN = ["Failed", "Failed"]


def tell(text):
    print(f"{time.monotonic() - START:7.2f} s  {text}", flush=True)


def require(condition, what):
    if not condition:
        raise AssertionError(what)


def make_paths(here, there):
    return here.dscli("mkpprcpath", "-remotewwnn", there.wwnn, "-srclss", "10", "-tgtlss", "20", "I0100:I0100",
                      "I0101:I0101")


def killed_and_back(here, there):
    for victim in (there, here, there):
        victim.kill()
        if victim is there:
            here.wait_for("10", DOWN)
        victim.up()
        here.wait_for("10", UP)
        tell(f"kill -9 of the {'target' if victim is there else 'source'}: both paths are back")


def stands_still(here, there):
    """Its connections are open, and nothing comes over them."""
    os.kill(there.daemon_pid(), signal.SIGSTOP)
    here.wait_for("10", DOWN, seconds=15)
    begin = time.monotonic()
    here.run("stop", "--dir", here.dir)
    tell(f"stopped beside an image that stands still in {time.monotonic() - begin:.1f} s")
    here.up()
    require(here.states("10")[0][0] == "Failed", "nobody is there")
    os.kill(there.daemon_pid(), signal.SIGCONT)
    here.wait_for("10", UP)
    tell("an image that stood still: both paths are back")


def hostile(here, there):
    """What comes from strangers; the paths must not notice."""
    port = int(there.ports["I0100"].split(":")[1])
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    sockets = []
    for i in range(200):
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        if i % 4 == 0:
            connection.sendall(os.urandom(2000))
        elif i % 4 == 1:
            try:
                stranger = context.wrap_socket(connection)
                stranger.sendall(b"TTL1" * 100)
                require(stranger.recv(100) == b"", "a caller without a certificate was answered")
            except (ssl.SSLError, ConnectionError):
                pass
            continue
        sockets.append(connection)
    require([state for state, _ in here.states("10")] == UP, f"the paths are {here.states('10')}")
    time.sleep(4)
    for connection in sockets:
        connection.settimeout(10)
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass
        connection.close()
    require([state for state, _ in here.states("10")] == UP, f"the paths are {here.states('10')}")
    here.must("mkpprcpath", "-remotewwnn", there.wwnn, "-srclss", "11", "-tgtlss", "21", "I0101:I0100")
    here.must("rmpprcpath", "-quiet", "11:21")
    tell("200 strangers were sent away, and the paths stayed up")


def partner_file(here, there):
    """What is wrong in it is said, and the last good one counts; without one nobody is found until it is there."""
    with open(here.partners, encoding="ascii") as file:
        good = file.read()
    with open(here.partners, "a", encoding="ascii") as file:
        file.write("this is no line\n")
    there.kill()
    here.wait_for("10", DOWN)
    there.up()
    here.wait_for("10", UP)
    require(f"line {good.count(chr(10)) + 1}" in here.log(), "the log names the line")
    os.remove(here.partners)
    here.kill()
    here.up()
    time.sleep(2)
    require([state for state, _ in here.states("10")] == DOWN, "nobody knows where they are")
    require("is missing" in here.log(), "the log says so")
    with open(here.partners, "w", encoding="ascii") as file:
        file.write(good)
    here.wait_for("10", UP)
    tell("the partner file was wrong, and away: the paths are back by themselves")


def take(squatter, port):
    """The kernel lets go of what a killed process listened on a moment later."""
    for _ in range(100):
        try:
            squatter.bind(("127.0.0.1", port))
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"port {port} does not become free")


def address_taken(here, there):
    """Hosts are served, and the port opens when it is free."""
    here.kill()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        take(squatter, int(here.ports["I0101"].split(":")[1]))
        squatter.listen()
        begin = time.monotonic()
        here.up()
        require(time.monotonic() - begin < 20, "hosts wait for the network of the mirrors")
        here.wait_for("10", ["Success", "Failed"])
        require(any(row[0] == "I0101" and row[2] == "Offline" for row in here.rows("lsioport")), "I0101 is offline")
    here.wait_for("10", UP)
    require(there.rows("lsavailpprcport", "-remotewwnn", here.wwnn, "20:10"), "and it is reached")
    tell("an address that was taken: the port opened when it was free")


def options(programs):
    """What makes no sense is said before anything is made."""
    for words, text in ((["--mirror-tcp", "127.0.0.1:1"], "--mirror-certs"), (["--mirror-tcp", "nowhere"], "--mirror-tcp"),
                        (["--mirror-tcp", "h:1"] * 5, "--mirror-tcp"), (["--mirror-tls", "perhaps"], "--mirror-tls")):
        done = subprocess.run([os.path.join(programs, "twintrackd"), "--dir", "/nonexistent/image", *words],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        require(done.returncode == 2 and text in done.stderr, f"{words}: {done.returncode} {done.stderr}")


def stranger(programs, folder, partners, there):
    certificates(os.path.join(folder, "others"), "third")
    with Partner(programs, "third", os.path.join(folder, "others", "third"), partners) as third:
        third.up()
        code, _, errors = make_paths(third, there)
        require(code == 4 and "CMUN90402E" in errors, f"a stranger's paths: {code} {errors}")
        require(not third.rows("lspprcpath", "00-FF"), "nothing is kept")
    tell("an image of another authority gets nowhere")


def main(programs):
    options(programs)
    with scratch_folder(programs) as folder:
        certificates(os.path.join(folder, "certs"), "here", "there")
        partners = os.path.join(folder, "partners")
        certs = os.path.join(folder, "certs")
        with Partner(programs, "here", os.path.join(certs, "here"), partners) as here, \
             Partner(programs, "there", os.path.join(certs, "there"), partners) as there:
            for image in (here, there):
                image.up()
                image.announce()
            require(len(here.rows("lsavailpprcport", "-remotewwnn", there.wwnn, "10:20")) == 4, "each port reaches each")
            code, output, errors = make_paths(here, there)
            require(code == 0 and "CMUC00149I" in output, f"mkpprcpath: {code} {output} {errors}")
            here.wait_for("10", UP)
            tell("two paths over TLS")
            killed_and_back(here, there)
            partner_file(here, there)
            address_taken(here, there)
            stands_still(here, there)
            hostile(here, there)
            stranger(programs, folder, partners, there)
            here.must("rmpprcpath", "-quiet", "10:20")
            require(not here.rows("lspprcpath", "00-FF"), "they are removed")


if __name__ == "__main__":
    main(sys.argv[1])
