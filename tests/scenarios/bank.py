# SPDX-License-Identifier: Apache-2.0
"""The bank of the nightly batch: accounts, transfers all day and night, and a batch of two steps that depend on each
other. Every movement of money is a row of `ledger`, so the accounts can be checked to the cent at any time."""

import os
import subprocess

from postgres import PostgresError

ACCOUNTS = 20000
OPENING = "1000.00"
CHUNK = 2000

SCHEMA = f"""
create table accounts (id int primary key, balance numeric(14,2) not null);
create table ledger (id bigserial primary key, account int not null, amount numeric(14,2) not null, what text not null);
create table interest (account int primary key, amount numeric(14,2) not null);
create table batch (step int primary key, done timestamptz not null);
create table marks (name text primary key);
insert into accounts select n, {OPENING} from generate_series(0, {ACCOUNTS}) n;  -- account 0 is the bank itself
"""

TRANSFER = f"""\\set a random(1, {ACCOUNTS})
\\set b random(1, {ACCOUNTS})
\\set cents random(1, 5000)
begin;
update accounts set balance = balance - :cents / 100.0 where id = least(:a, :b);
update accounts set balance = balance + :cents / 100.0 where id = greatest(:a, :b);
insert into ledger (account, amount, what)
  values (least(:a, :b), -:cents / 100.0, 'transfer'), (greatest(:a, :b), :cents / 100.0, 'transfer');
commit;
"""

# Step one computes the interest of each account: about 1.7 per mille, rounded to the cent.
STEP_ONE = """
begin;
insert into interest select id, round(balance * 0.0017, 2) from accounts where id > 0;
insert into batch values (1, now());
commit;
"""


class BatchFailure(Exception):
    pass


def step_one(server):
    server.sql(STEP_ONE)


def step_two(server, fail_at=None):
    """Pays the interest, one transaction per chunk of accounts. A failure half way leaves some accounts paid, and
    nothing tells which: step two cannot simply be run again. That is why there is a copy after step one."""
    for first in range(1, ACCOUNTS + 1, CHUNK):
        broken = " select 1 / 0;" if fail_at is not None and first >= fail_at else ""
        chunk = f"account between {first} and {first + CHUNK - 1}"
        try:
            server.sql(f"""begin;
              lock table accounts in share row exclusive mode;  -- customers wait a moment: no deadlock with transfers
              update accounts a set balance = balance + i.amount from interest i where a.id = i.account and i.{chunk};
              update accounts set balance = balance - (select sum(amount) from interest where {chunk}) where id = 0;
              insert into ledger (account, amount, what) select account, amount, 'interest' from interest where {chunk};
              insert into ledger (account, amount, what) select 0, -sum(amount), 'interest' from interest where {chunk};
              {broken} commit;""")
        except PostgresError as error:
            raise BatchFailure(f"accounts from {first} on") from error
    server.sql("insert into batch values (2, now())")


def audit(server):
    """Every problem of the books, in words; the empty list when they balance to the cent."""
    problems = []
    total = server.sql("select sum(balance) from accounts")
    expected = server.sql(f"select {OPENING} * {ACCOUNTS + 1}")
    if total != expected:
        problems.append(f"the accounts sum up to {total}, not {expected}")
    wrong = server.sql(f"""select count(*) from accounts a
        left join (select account, sum(amount) as moved from ledger group by account) l on l.account = a.id
        where a.balance <> {OPENING} + coalesce(l.moved, 0)""")
    if wrong != "0":
        problems.append(f"{wrong} accounts differ from their ledger")
    return problems


def interest_paid(server):
    """How many accounts got their interest, and whether all of them got exactly that."""
    return server.sql("""select count(*) || ' ' || (sum(l.amount) = sum(i.amount))::text
        from ledger l join interest i on i.account = l.account where l.what = 'interest'""")


class Load:
    """Transfers by several clients until stopped."""

    def __init__(self, server, folder, clients=4):
        self._script = os.path.join(folder, "transfer.sql")
        with open(self._script, "w", encoding="utf-8") as file:
            file.write(TRANSFER)
        self._process = server.popen("pgbench", "-n", "-f", self._script, "-c", str(clients), "-j", "2", "-T", "600",
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def running(self):
        return self._process.poll() is None

    def stop(self):
        if self.running():
            self._process.terminate()
        self._process.communicate(timeout=60)
