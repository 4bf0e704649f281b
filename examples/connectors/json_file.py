#!/usr/bin/env python3
"""A connector for Latchkey that keeps accounts and memberships in one JSON file.

    json_file.py FILE

It speaks version 1 of the protocol in docs/connectors/program.md: one JSON object a line on standard input and output. It needs
nothing but Python 3.8, and is meant to be copied: replace `JsonFile` by something that talks to your own system, and keep the rest.

FILE must exist and name the groups, which Latchkey fills and never makes: {"groups": {"staff": [], "admins": []}}
A member is an account's native id; a group inside a group is written as {"group": "admins"}.
"""

import contextlib
import fcntl
import json
import os
import sys
import tempfile

PROTOCOL = 1
KINDS = ["group"]
# The calls that a program need not have. Leave out what your system can't do.
OPTIONAL = ["adopt", "accounts", "holders"]
# How many lines of a list go into one answer.
PAGE = 500


class Not(Exception):
    """The call was not done. `outcome` is "retry_later", "refused" or "needs_human"; people read the words."""

    def __init__(self, outcome, words, after_seconds=None):
        super().__init__(words)
        self.outcome, self.words, self.after_seconds = outcome, words, after_seconds


class JsonFile:
    """The target. Each method is one call of the protocol, and may be called again: what is so already is left as it is."""

    def __init__(self, path):
        self.path = path

    # The calls.

    def hello(self, call):
        """What this program is. `call["secrets"]` would hold those of the connection; a file needs none."""
        return {"protocol": PROTOCOL, "product": "JSON file", "entitlement_kinds": KINDS, "calls": OPTIONAL}

    def check(self, call):
        with self.opened() as held:
            return {"words": f"The file holds {count(held['accounts'], 'account')} and {count(held['groups'], 'group')}."}

    def find(self, call):
        with self.opened() as held:
            return self.look(held, call["person"], call["among"])

    def create(self, call):
        person = call["person"]
        with self.opened(to_change=True) as held:
            found = self.look(held, person, [])
            if found["found"] == "ours":
                return {"account": found["account"]}
            if found["found"] == "stranger":
                raise Not("needs_human", found["words"])
            held["last"] += 1
            native_id = f"u{held['last']}"
            held["accounts"][native_id] = {
                "name": person["name"],
                "external_id": person["external_id"],
                "state": "enabled",
                "display_name": person["display_name"],
                "email": person["email"],
            }
            return {"account": seen(held, native_id, [])}

    def set_state(self, call):
        with self.opened(to_change=True) as held:
            account = self.account(held, call["account"])
            if account["state"] == call["state"]:
                return {"change": "already_so"}
            account["state"] = call["state"]
            return {"change": "made"}

    def grant(self, call):
        name, native_id = call["entitlement"]["native"], call["account"]
        with self.opened(to_change=True) as held:
            self.account(held, native_id)
            if name not in held["groups"]:
                raise Not("needs_human", f"The group {name} does not exist in {self.path}. Add it there, or correct the catalog.")
            if native_id in held["groups"][name]:
                return {"change": "already_so"}
            held["groups"][name].append(native_id)
            return {"change": "made"}

    def remove(self, call):
        """An account or a group that is gone holds nothing: that is what was asked for."""
        with self.opened(to_change=True) as held:
            members = held["groups"].get(call["entitlement"]["native"], [])
            if call["account"] not in members:
                return {"change": "already_so"}
            members.remove(call["account"])
            return {"change": "made"}

    def read(self, call):
        with self.opened() as held:
            there = call["account"] in held["accounts"]
            return {"account": seen(held, call["account"], call["among"]) if there else None}

    # The calls that a program need not have.

    def adopt(self, call):
        """Somebody decided whose account this is. Nothing else of it changes."""
        external_id = call["external_id"]
        with self.opened(to_change=True) as held:
            account = self.account(held, call["account"])
            carried = account.get("external_id")
            if carried == external_id:
                return {"change": "already_so"}
            if carried is not None:
                raise Not("needs_human", f"The account {account['name']} carries the external id {carried} already.")
            other = next((one["name"] for one in held["accounts"].values() if one.get("external_id") == external_id), None)
            if other is not None:
                raise Not("needs_human", f"The account {other} carries the external id {external_id} already. Leave it on one.")
            account["external_id"] = external_id
            return {"change": "made"}

    def accounts(self, call):
        """All accounts, those that carry no external id too, in the order of their native ids: each page goes on after the last one."""
        with self.opened() as held:
            page, cursor = a_page(held["accounts"], call["cursor"])
            return {"accounts": [listed(held, native_id) for native_id in page], "next": cursor}

    def holders(self, call):
        """Everyone who is in a group directly, and the groups inside it."""
        name = call["entitlement"]["native"]
        with self.opened() as held:
            if name not in held["groups"]:
                raise Not("needs_human", f"The group {name} does not exist in {self.path}. Add it there, or correct the catalog.")
            # Before each name stands what it is, so that one order holds both.
            names = ["nested " + one["group"] if isinstance(one, dict) else "account " + one for one in held["groups"][name]]
            page, cursor = a_page(set(names), call["cursor"])
            return {"holders": [dict([line.split(" ", 1)]) for line in page], "next": cursor}

    # What they are made of.

    def account(self, held, native_id):
        if native_id not in held["accounts"]:
            raise Not("retry_later", f"The account {native_id} is no longer in {self.path}. The next attempt looks for it again.")
        return held["accounts"][native_id]

    def look(self, held, person, among):
        """By native id, else by the external id that an account carries, else by name. Only who carries it is ours."""
        accounts, external_id = held["accounts"], person["external_id"]
        ours = [native_id for native_id, account in accounts.items() if account.get("external_id") == external_id]
        if len(ours) > 1:
            raise Not("needs_human", f"Several accounts carry the external id {external_id}: {', '.join(ours)}. Leave it on one.")
        if ours:
            return {"found": "ours", "account": seen(held, ours[0], among)}
        for native_id, account in accounts.items():
            if native_id == person["native_id"] or account["name"] == person["name"]:
                words = f"The name {account['name']} is in use by an account that doesn't carry the external id {external_id}."
                return {"found": "stranger", "name": account["name"], "words": words}
        return {"found": "absent"}

    @contextlib.contextmanager
    def opened(self, to_change=False):
        """The file's content under a lock. What was changed is written in one step, if all went well."""
        try:
            with open(f"{self.path}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX if to_change else fcntl.LOCK_SH)
                with open(self.path, encoding="utf-8") as file:
                    held = json.load(file)
                held.setdefault("accounts", {})
                held.setdefault("groups", {})
                held.setdefault("last", 0)
                before = json.dumps(held)
                yield held
                if to_change and json.dumps(held) != before:
                    self.write(held)
        except FileNotFoundError:
            raise Not("needs_human", f'There is no file {self.path}. Make it, with the groups: {{"groups": {{"staff": []}}}}')
        except ValueError as error:
            raise Not("needs_human", f"The file {self.path} is not JSON: {error}.")
        except OSError as error:
            raise Not("retry_later", f"The file {self.path} can't be used: {error}.")

    def write(self, held):
        """A new file takes the old one's place: whoever reads sees all of a change or nothing of it, even after a crash."""
        folder = os.path.dirname(os.path.abspath(self.path))
        handle, new = tempfile.mkstemp(dir=folder, prefix=".json_file-")
        try:
            os.fchmod(handle, os.stat(self.path).st_mode & 0o777)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(held, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.path)
        except BaseException:
            os.unlink(new)
            raise
        folder = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def seen(held, native_id, among):
    """An account as the protocol shows it, with those of the asked entitlements that it holds."""
    account = held["accounts"][native_id]
    return {
        "native_id": native_id,
        "name": account["name"],
        "state": account.get("state", "enabled"),
        "external_id": account.get("external_id"),
        "held": [one["native"] for one in among if native_id in held["groups"].get(one["native"], [])],
    }


def listed(held, native_id):
    """An account in a list. A system that knows when it was last signed in to adds `last_used_at`; nothing stands for unknown."""
    account = held["accounts"][native_id]
    return {
        "native_id": native_id,
        "name": account["name"],
        "state": account.get("state", "enabled"),
        "external_id": account.get("external_id"),
        "display_name": account.get("display_name") or "",
        "email": account.get("email"),
    }


def a_page(names, cursor):
    """The names behind the cursor, and the cursor of the next page, or None. What comes and goes meanwhile moves no other line."""
    names = sorted(name for name in names if cursor is None or name > cursor)
    return names[:PAGE], names[PAGE - 1] if len(names) > PAGE else None


def count(things, word):
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


# The protocol: this part needs no change for another target.

CALLS = ["hello", "check", "find", "create", "set_state", "grant", "remove", "read", *OPTIONAL]


def answer(target, call):
    """One call's answer. A mistake in this program ends it with a traceback on standard error: Latchkey then tries again later."""
    try:
        if call["call"] not in CALLS:
            raise Not("refused", f"This program doesn't know the call {call['call']}.")
        return {"id": call["id"], "outcome": "ok", **getattr(target, call["call"])(call)}
    except Not as reason:
        not_done = {"id": call["id"], "outcome": reason.outcome, "words": reason.words}
        if reason.after_seconds is not None:
            not_done["after_seconds"] = reason.after_seconds
        return not_done


def serve(target):
    """Answers line by line until standard input ends: then Latchkey has no more work, or is gone."""
    for line in sys.stdin.buffer:
        said = json.dumps(answer(target, json.loads(line)))
        sys.stdout.buffer.write(said.encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: json_file.py FILE")
    serve(JsonFile(sys.argv[1]))
