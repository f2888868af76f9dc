# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of its own: data and WAL in two folders, no network, run by an ordinary user as PostgreSQL wants it."""

import glob
import os
import pwd
import subprocess


class PostgresError(Exception):
    pass


def programs():
    """The folder of the newest installed server; None when there is none."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    return max(folders, key=lambda folder: int(folder.split("/")[4])) if folders else None


def _user():
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError("neither a user postgres nor a user nobody")


class Server:
    def __init__(self, data, wal, socket_folder):
        self._bin, self._user = programs(), _user()
        self.data, self._wal, self.socket_folder = data, wal, socket_folder
        self._log = os.path.join(socket_folder, "server.log")
        os.makedirs(socket_folder, exist_ok=True)
        os.chown(socket_folder, self._user.pw_uid, self._user.pw_gid)

    def _command(self, program, *arguments):
        return [os.path.join(self._bin, program), *arguments]

    def popen(self, program, *arguments, **more):
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGHOST": self.socket_folder, "PGUSER": "bank",
                       "PGDATABASE": "postgres"}
        return subprocess.Popen(self._command(program, *arguments), user=self._user.pw_uid, group=self._user.pw_gid,
                                extra_groups=[], cwd="/", env=environment, text=True, stdin=subprocess.DEVNULL, **more)

    def call(self, program, *arguments):
        process = self.popen(program, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate(timeout=300)
        if process.returncode:
            raise PostgresError(f"{program} {' '.join(arguments)}: exit {process.returncode}\n{output}{errors}")
        return output

    def create(self):
        """An empty database cluster with page checksums."""
        for folder in (self.data, self._wal):
            os.makedirs(folder)
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self.call("initdb", "-k", "-U", "bank", "-A", "trust", "--encoding=UTF8", "-X", self._wal, "-D", self.data)
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write("listen_addresses = ''\nshared_buffers = 32MB\nmax_wal_size = 128MB\ncheckpoint_timeout = 30s\n"
                       "autovacuum_naptime = 5s\nfsync = on\nsynchronous_commit = on\nfull_page_writes = on\n")
            file.flush()
            os.fsync(file.fileno())  # initdb does this for its own files; a copy holds what has reached the disk

    def adopt_copy(self):
        """The folders are a copy of those of a running server, as after a power failure: its lock file is of another
        machine, and its link to the WAL leads to the original."""
        pid_file = os.path.join(self.data, "postmaster.pid")
        if os.path.exists(pid_file):
            os.remove(pid_file)
        link = os.path.join(self.data, "pg_wal")
        os.remove(link)
        os.symlink(self._wal, link)

    def start(self):
        try:
            self.call("pg_ctl", "start", "-w", "-t", "120", "-D", self.data, "-l", self._log,
                      "-o", f"-k {self.socket_folder}")
        except PostgresError as error:
            raise PostgresError(f"{error}\n{self.log()[-4000:]}") from error

    def stop(self, mode="fast"):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self.call("pg_ctl", "stop", "-w", "-t", "120", "-m", mode, "-D", self.data)

    def log(self):
        with open(self._log, encoding="utf-8") as file:
            return file.read()

    def sql(self, text):
        """Runs SQL; the answer's rows as text, or PostgresError."""
        return self.call("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text).strip()
