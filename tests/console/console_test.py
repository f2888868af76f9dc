#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""twintrack-console and dscli for real, on localhost, with a small image.

console_test.py CONSOLE DSCLI TWINTRACKD [unittest options]
"""

import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

CONSOLE, DSCLI, IMAGE = sys.argv[1:4]
WAIT_SECONDS = 20


def wait_until(condition, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {WAIT_SECONDS} s: {what}")


class World:
    """A folder with an image, a console and a home for the DS CLI."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="twintrack-console-")
        self.home = self.path("home")
        os.mkdir(self.home)
        self.socket = self.path("control.sock")
        self.image = self.console = None
        self.port = 0
        self.image_id = ""

    def path(self, name):
        return os.path.join(self.folder, name)

    def start_image(self, folder="image"):
        """The image of this folder, made when there is none."""
        ready = self.path("image.json")
        if os.path.exists(ready):
            os.remove(ready)
        with open(self.path("image.log"), "a", encoding="utf-8") as log:
            self.image = subprocess.Popen(
                [IMAGE, "--dir", self.path(folder), "--journal-mib", "32", "--rank-gib", "8", "--cores", "1",
                 "--nbd-tcp", "127.0.0.1:0", "--control", self.socket, "--ready-file", ready],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: os.path.exists(ready) or self.image.poll() is not None, "the image serves")
        with open(ready, encoding="utf-8") as file:
            return json.load(file)["storage_image"]

    def stop_image(self, how=signal.SIGKILL):
        self.image.send_signal(how)
        code = self.image.wait(WAIT_SECONDS)
        self.image = None
        return code

    def start_console(self):
        ready = self.path("ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        self.log = open(self.path("console.log"), "a", encoding="utf-8")
        self.console = subprocess.Popen(
            [CONSOLE, "--dir", self.path("console"), "--listen", f"127.0.0.1:{self.port}", "--ready-file", ready,
             "--image", f"{self.image_id}={self.socket}"], stdout=self.log, stderr=subprocess.STDOUT)
        wait_until(lambda: os.path.exists(ready) or self.console.poll() is not None, "the console serves")
        with open(ready, encoding="utf-8") as file:
            self.ready = json.load(file)
        self.port = int(self.ready["url"].rsplit(":", 1)[1])
        with open(self.ready["password_file"], encoding="utf-8") as file:
            self.password = file.read().strip()

    def stop_console(self, how=signal.SIGTERM):
        self.console.send_signal(how)
        code = self.console.wait(WAIT_SECONDS)
        self.log.close()
        self.console = None
        return code

    def log_text(self):
        with open(self.path("console.log"), encoding="utf-8") as file:
            return file.read()

    def profile(self, **changes):
        values = {"hmc1": f"127.0.0.1:{self.port}", "username": "admin",
                  "passwordfile": self.ready["password_file"], "ca": self.ready["ca"], "devid": self.image_id,
                  "banner": "off"}
        values.update(changes)
        path = self.path("test.profile")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{name}: {value}\n" for name, value in values.items() if value is not None)
        return path

    def environment(self):
        return {**os.environ, "HOME": self.home, "TZ": "UTC", "TERM": "dumb"}

    def dscli(self, *words, stdin="", profile=None):
        done = subprocess.run([DSCLI, "-cfg", profile or self.profile(), *words], input=stdin, capture_output=True,
                              text=True, env=self.environment(), timeout=WAIT_SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def close(self):
        for process in (self.console, self.image):
            if process is not None:
                process.kill()
                process.wait()
        if self.console is not None:
            self.log.close()
        shutil.rmtree(self.folder)


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.image_id = self.world.start_image()
        self.world.start_console()


class AuditLog(Case):
    def verify(self, *more):
        done = subprocess.run([CONSOLE, "--verify-audit", self.world.path("console/audit.csv"), *more],
                              capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
        return done.returncode, done.stdout

    def lines(self):
        with open(self.world.path("console/audit.csv"), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_is_a_chain_through_crashes_and_restarts(self):
        path = self.world.path("console/audit.csv")
        for code in (signal.SIGKILL, signal.SIGTERM):
            self.world.dscli("lsextpool", "-s")
            self.world.stop_console(code)
            self.world.start_console()
        code, text = self.verify()
        self.assertEqual(code, 0, text)
        noted = text.split()[-1]
        self.assertEqual(noted, self.lines()[-1][-64:])

        self.world.stop_console()
        os.truncate(path, os.path.getsize(path) - 20)
        code, text = self.verify()
        self.assertEqual(code, 1)
        self.assertIn("was not written to its end", text)
        self.world.start_console()
        self.assertIn("was torn by a crash", self.world.log_text())
        self.world.dscli("lsextpool", "-s")
        code, text = self.verify()
        self.assertEqual(code, 0, text)
        self.assertIn("1 torn by crashes", text)
        self.assertEqual(self.verify("--noted", noted)[0], 1, "the line with this hash was torn")

        self.world.stop_console()
        lines = self.lines()
        lines[1] = lines[1].replace("admin", "eve")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        self.assertEqual(self.verify(), (1, f"{path}: line 2 does not fit: it was changed, added, or follows a lost one\n"))

    def test_has_no_secret(self):
        secrets = ["Wr0ng-Guess", "Temp0rary1", "Fr3sh-Secret"]
        wrong = self.world.path("wrong")
        with open(wrong, "w", encoding="utf-8") as file:
            file.write(secrets[0] + "\n")
        self.world.dscli("lsuser", profile=self.world.profile(passwordfile=wrong))
        self.world.dscli("mkuser", "-pw", secrets[1], "-group", "monitor", "eve")
        self.world.dscli("chuser", "-pw", secrets[2], "eve")
        text = "\n".join(self.lines()) + self.world.log_text()
        for event in ("User_Login_Fail", "User_Create", "User_Password_Change"):
            self.assertIn(event, text)
        for secret in [*secrets, self.world.password]:
            self.assertNotIn(secret, text)


class Life(Case):
    def test_a_profile_is_enough(self):
        self.assertEqual(self.world.dscli("lsextpool", "-s"), (0, "ID\n==\nP0\nP1\n", ""))

    def test_ready_file_and_secrets(self):
        ready = self.world.ready
        self.assertEqual(ready["user"], "admin")
        self.assertEqual(ready["images"], [self.world.image_id])
        self.assertEqual(ready["pid"], self.world.console.pid)
        for key in ("ca", "password_file"):
            self.assertTrue(os.path.isabs(ready[key]), ready[key])
        folder = self.world.path("console")
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        for name in os.listdir(folder):
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
            self.assertEqual(mode, 0o644 if name == "console.crt" else 0o600, name)
        self.world.dscli("lsuser")
        self.assertNotIn(self.world.password, self.world.log_text())
        with open(os.path.join(folder, "audit.csv"), encoding="utf-8") as file:
            self.assertNotIn(self.world.password, file.read())

    def test_terminates_cleanly_and_keeps_everything(self):
        self.assertEqual(self.world.dscli("mkuser", "-pw", "Temp0rary", "-group", "monitor", "batch")[0], 0)
        self.assertEqual(self.world.stop_console(), 0)
        code, out, err = self.world.dscli("lsextpool")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("CMUN00018E", err)
        password = self.world.password
        self.world.start_console()
        self.assertEqual(self.world.password, password)
        self.assertIn("batch", self.world.dscli("lsuser")[1])

    def test_a_killed_console_comes_back(self):
        self.world.dscli("lsuser")
        self.world.stop_console(signal.SIGKILL)
        self.world.start_console()
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0")[0], 0)

    def test_snmp_traps(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(WAIT_SECONDS)
            address = f"127.0.0.1:{receiver.getsockname()[1]}"
            done = self.world.dscli("chsp", "-snmp", "on", "-traprcvaddr", address, "-snmpcommunity", "site1")
            self.assertEqual(done[0], 0, done)
            self.assertEqual(self.world.stop_console(), 0)
            self.world.start_console()
            trap = receiver.recv(4096)
        # A sequence, version 1, the community, a trap of generic 0 (cold start).
        self.assertEqual((trap[0], trap[1]), (0x30, len(trap) - 2))
        self.assertIn(b"\x02\x01\x00\x04\x05site1\xa4", trap)
        self.assertIn(b"\x02\x01\x00\x02\x01\x00\x43", trap)
        self.assertNotIn("site1", self.world.log_text())

    def test_two_consoles_cannot_share_a_port(self):
        done = subprocess.run([CONSOLE, "--dir", self.world.path("second"), "--listen", f"127.0.0.1:{self.world.port}",
                               "--image", f"{self.world.image_id}={self.world.socket}"], capture_output=True, text=True,
                              timeout=WAIT_SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen", done.stderr)

    def test_usage(self):
        for words in ([], ["--dir", "x"], ["--dir", "x", "--image", "nonsense"], ["--what", "x"], ["--dir"],
                      ["--dir", "x", "--image", "IBM.2107-75ABCD1=s", "--listen", "here"]):
            done = subprocess.run([CONSOLE, *words], capture_output=True, text=True, timeout=WAIT_SECONDS, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("--help", done.stderr)


class Images(Case):
    def test_network_interfaces_of_the_machine(self):
        code, out, _ = self.world.dscli("lsnetworkport", "-l", "-fmt", "stanza", "lo")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"ID +lo\n")
        self.assertIn("127.0.0.1/8", out)

    def test_an_image_that_is_away_and_comes_back(self):
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0")[0], 0)
        self.world.stop_image()
        code, _, err = self.world.dscli("lsextpool")
        self.assertEqual(code, 3)
        self.assertIn("CMUN00018E lsextpool:", err)
        code, out, _ = self.world.dscli("lssi")
        self.assertEqual(code, 0)
        self.assertIn("Offline", out)
        self.world.start_image()
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0")[0], 0)

    def test_commands_wait_for_an_image_that_restarts(self):
        self.world.stop_image()
        profile = self.world.profile()
        waiting = subprocess.Popen([DSCLI, "-cfg", profile, "lsextpool", "-s", "P0"], stdout=subprocess.PIPE, text=True,
                                   env=self.world.environment())
        time.sleep(0.7)
        self.world.start_image()
        out, _ = waiting.communicate(timeout=WAIT_SECONDS)
        self.assertEqual((waiting.returncode, out), (0, "ID\n==\nP0\n"))

    def test_another_image_at_the_socket_is_not_mistaken(self):
        self.world.stop_image()
        other = self.world.start_image("other")
        wait_until(lambda: f"listens {other} instead" in self.world.log_text(), "the console notices")
        self.assertEqual(self.world.dscli("lsextpool")[0], 3)

    def test_an_image_ends_with_calls_under_way(self):
        self.assertEqual(self.world.stop_image(signal.SIGTERM), 0)


class Trust(Case):
    def test_first_contact_is_remembered(self):
        profile = self.world.profile(ca=None)
        code, out, err = self.world.dscli("lsextpool", "-s", "P0", profile=profile)
        self.assertEqual((code, out), (0, "ID\n==\nP0\n"))
        self.assertIn("CMUC09019I", err)
        fingerprint = re.search(r"[0-9a-f]{64}", err).group()
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0", profile=profile)[2], "")
        # The same address with a new certificate: stop.
        self.world.stop_console()
        for name in ("console.crt", "console.key"):
            os.remove(os.path.join(self.world.path("console"), name))
        self.world.start_console()
        code, out, err = self.world.dscli("lsextpool", profile=profile)
        self.assertEqual((code, out), (3, ""))
        self.assertIn("not the one trusted before", err)
        self.assertIn("known_consoles", err)
        self.assertNotIn(fingerprint, err)

    def test_a_pin(self):
        with open(self.world.ready["ca"], encoding="utf-8") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        import hashlib
        digest = hashlib.sha256(der).hexdigest().upper()
        pin = ":".join(digest[i:i + 2] for i in range(0, 64, 2))
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0", profile=self.world.profile(ca=None, pin=pin))[0], 0)
        wrong = self.world.profile(ca=None, pin="00" * 32)
        code, _, err = self.world.dscli("lsextpool", profile=wrong)
        self.assertEqual(code, 3)
        self.assertIn("fingerprint", err)

    def test_a_wrong_ca_and_a_wrong_name(self):
        self.world.stop_console()
        saved = self.world.path("old.crt")
        shutil.move(self.world.ready["ca"], saved)
        os.remove(os.path.join(self.world.path("console"), "console.key"))
        self.world.start_console()
        code, _, err = self.world.dscli("lsextpool", profile=self.world.profile(ca=saved))
        self.assertEqual(code, 3)
        self.assertIn("not trusted", err)
        code, _, err = self.world.dscli("lsextpool", profile=self.world.profile(hmc1=f"127.0.0.2:{self.world.port}"))
        self.assertEqual(code, 3)
        code, _, err = self.world.dscli("lsextpool", profile=self.world.profile(ca=self.world.path("none")))
        self.assertEqual(code, 3)
        self.assertIn("cannot be read", err)

    def test_old_tls_is_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", self.world.port)) as plain:
            with self.assertRaises(ssl.SSLError):
                context.wrap_socket(plain)


class Clients(Case):
    def raw_tls(self):
        context = ssl.create_default_context(cafile=self.world.ready["ca"])
        plain = socket.create_connection(("127.0.0.1", self.world.port))
        plain.settimeout(WAIT_SECONDS)
        return context.wrap_socket(plain, server_hostname="localhost")

    def exchange(self, text):
        """What the server answers; it may hang up on a hostile text before all of it is sent."""
        with self.raw_tls() as stream:
            received = b""
            try:
                stream.sendall(text)
                while chunk := stream.recv(65536):
                    received += chunk
            except (ConnectionError, ssl.SSLError):
                pass
            return received

    def test_hostile_clients_do_no_harm(self):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.world.port)) as plain:
                plain.sendall(os.urandom(500))
        close = b"Connection: close\r\n"
        self.assertIn(b" 404 ", self.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n" + close + b"\r\n"))
        self.assertIn(b" 404 ", self.exchange(b"GET /api/v1/systems HTTP/1.1\r\nHost: x\r\n" + close + b"\r\n"))
        self.assertIn(b" 405 ", self.exchange(b"GET /dscli/v1/login HTTP/1.1\r\nHost: x\r\n" + close + b"\r\n"))
        self.assertIn(b" 400 ", self.exchange(
            b"POST /dscli/v1/login HTTP/1.1\r\nHost: x\r\n" + close + b"Content-Length: 3\r\n\r\n[1]"))
        self.assertIn(b" 413 ", self.exchange(
            b"POST /dscli/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"))
        self.exchange(b"\x00\xff" * 1000 + b"\r\n\r\n")
        self.exchange(b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n")
        deep = b"[" * 100_000
        self.assertIn(b" 400 ", self.exchange(b"POST /dscli/v1/login HTTP/1.1\r\nHost: x\r\n" + close +
                                              b"Content-Length: %d\r\n\r\n" % len(deep) + deep))
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0")[0], 0)

    def test_idle_connections_do_not_stop_the_console(self):
        streams = [self.raw_tls() for _ in range(10)]
        plain = [socket.create_connection(("127.0.0.1", self.world.port)) for _ in range(10)]
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0")[0], 0)
        self.assertEqual(self.world.stop_console(), 0)
        for one in streams + plain:
            one.close()
        self.world.start_console()

    def test_no_console_but_another_server(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            code, _, err = self.world.dscli("-timeout", "2", "lsextpool", profile=self.world.profile(
                hmc1=f"127.0.0.1:{port}", **{"timeout.connection": "1"}))
            self.assertEqual(code, 3)
            self.assertIn("CMUC09022E", err)

    def test_the_second_console_is_tried(self):
        self.assertEqual(self.world.dscli("lsextpool", "-s", "P0", profile=self.world.profile(
            hmc1="127.0.0.1:1", hmc2=f"127.0.0.1:{self.world.port}"))[1][-3:], "P0\n")


class ExitCodes(Case):
    def test_each(self):
        dscli = self.world.dscli
        self.assertEqual(dscli("lsfbvol")[0], 0)
        self.assertEqual(dscli("lsfbvol", "-gizmo")[0], 2)
        self.assertEqual(dscli("lsfbvl")[0], 2)
        self.assertEqual(dscli("-gizmo", "lsfbvol")[0], 2)
        self.assertEqual(dscli("showfbvol", "0000")[0], 4)
        self.assertEqual(dscli("freezepprc", "00:01")[0], 4)
        self.assertEqual(dscli("-passwd", "wrong", "lsfbvol")[0], 5)
        self.assertEqual(dscli("rmfbvol", "0000")[0], 6)
        self.assertEqual(dscli("lsfbvol", profile="/nowhere/x.profile")[0], 6)
        self.assertEqual(dscli("-script", "/nowhere/script")[0], 6)

    def test_scripts(self):
        script = self.world.path("script")
        with open(script, "w", encoding="utf-8") as file:
            file.write("# one\nmkfbvol -extpool P0 -cap 1 0000\n\nmkfbvol -extpool P0 -cap 1 0000\nlsfbvol -nope\n"
                       "lsfbvol -s\n")
        code, out, err = self.world.dscli("-script", script)
        self.assertEqual(code, 4)
        self.assertTrue(out.endswith("ID\n====\n0000\n"), out)
        self.assertIn("CMUN90502E", err)
        self.assertIn("CMUC09011E", err)
        code, out, err = self.world.dscli("-script", script, "-stoponerror")
        self.assertEqual((code, out), (4, ""))

    def test_piped_commands_keep_the_prompt(self):
        code, out, err = self.world.dscli(stdin="lsextpool -s P0\nnonsense\n\nquit\nlsfbvol\n")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("dscli> ID\n==\nP0\ndscli> CMUC09010E nonsense", out)
        self.assertNotIn("FB Volume", out)

    def test_operands_from_standard_input(self):
        self.assertEqual(self.world.dscli("mkfbvol", "-extpool", "P0", "-cap", "1", "-", stdin="0000\n0002 0004\n")[0], 0)
        self.assertEqual(self.world.dscli("lsfbvol", "-s", "-hdr", "off")[1], "0000\n0002\n0004\n")

    def test_a_password_file(self):
        profile = self.world.profile(passwordfile=None)
        code, _, err = self.world.dscli("lsfbvol", profile=profile)
        self.assertEqual(code, 2)
        self.assertIn("CMUC09024E", err)
        address = f"127.0.0.1:{self.world.port}"
        code, out, _ = self.world.dscli("managepwfile", "-action", "add", "-mc1", address, "-name", "admin", "-pw",
                                        self.world.password)
        self.assertEqual(code, 0)
        self.assertIn("CMUC00205I", out)
        self.assertIn("CMUC00206I", out)
        self.assertEqual(self.world.dscli("lsfbvol", profile=profile)[0], 0)

    def test_a_first_password_must_be_changed(self):
        self.world.dscli("mkuser", "-pw", "Temp0rary", "-group", "monitor", "batch")
        log_in = ["-user", "batch", "-passwd", "Temp0rary"]
        code, _, err = self.world.dscli(*log_in, "lsfbvol")
        self.assertEqual(code, 5)
        self.assertIn("CMUN90812E", err)
        self.assertEqual(self.world.dscli(*log_in, "chuser", "-pw", "Secret99", "batch")[0], 0)
        log_in[3] = "Secret99"
        self.assertEqual(self.world.dscli(*log_in, "lsfbvol")[0], 0)
        code, _, err = self.world.dscli(*log_in, "mkfbvol", "-extpool", "P0", "-cap", "1", "0000")
        self.assertEqual(code, 4)
        self.assertIn("CMUN90801E", err)


class Terminal(Case):
    """dscli at a pseudo terminal."""

    def setUp(self):
        super().setUp()
        profile = self.world.profile()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(DSCLI, [DSCLI, "-cfg", profile], {**self.world.environment(), "TERM": "xterm"})
        self.addCleanup(self.end)
        self.seen = ""
        self.expect("dscli> ")

    def end(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def expect(self, text):
        deadline = time.monotonic() + WAIT_SECONDS
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                self.fail(f"{text!r} did not come; this did: {self.seen!r}")
            try:
                self.seen += os.read(self.fd, 65536).decode()
            except OSError:
                self.fail(f"dscli ended; seen: {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def test_editing_completion_questions_and_quit(self):
        self.type("mkfbvo\t-extpool P0 -cap 1 0000-0001\n")
        self.expect("FB volume 0001 successfully created.")
        self.expect("dscli> ")
        self.type("rmfbvol 0000\n")
        self.expect("delete FB volume 0000? [y/n]:")
        self.type("what\n")
        self.expect("delete FB volume 0000? [y/n]:")
        self.type("y\n")
        self.expect("FB volume 0000 successfully deleted.")
        self.expect("dscli> ")
        self.type("chuser -pw x1 nobody\n")
        self.expect("CMUN")
        self.expect("dscli> ")
        self.type("history\n")
        self.expect("2  rmfbvol 0000")
        self.assertNotIn("chuser", self.expect("dscli> "))
        self.type("\x1b[A\x01\x0blsextpool -s\n")
        self.expect("P1")
        self.expect("dscli> ")
        self.type("quit\n")
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)

    def test_interrupts_cancel_the_command_only(self):
        self.type("lsfbv\x03")
        self.expect("dscli> ")
        self.type("rmfbvol 0000\n")
        self.expect("[y/n]:")
        self.type("\x03")
        self.expect("CMUC09021E")
        self.expect("dscli> ")
        self.world.stop_image()
        self.type("lsextpool\n")
        time.sleep(0.5)
        self.type("\x03")
        self.expect("CMUC09021E lsextpool: Interrupted.")
        self.expect("dscli> ")
        self.world.start_image()
        self.type("lsextpool -s P0\n")
        self.expect("P0")

    def test_a_session_the_console_forgot_is_renewed(self):
        self.type("lsextpool -s P0\n")
        self.expect("P0\r\n")
        self.expect("dscli> ")
        self.world.stop_console()
        self.world.start_console()
        self.type("lsextpool -s P1\n")
        self.expect("P1\r\n")
        self.expect("dscli> ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
