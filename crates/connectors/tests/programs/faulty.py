"""The example program with one planted fault: faulty.py EXAMPLE FAULT FILE. The tests say what Latchkey makes of each."""

import importlib.util
import json
import os
import subprocess
import sys
import time

EXAMPLE, FAULT, FILE = sys.argv[1:4]
spec = importlib.util.spec_from_file_location("json_file", EXAMPLE)
json_file = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(json_file)


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def once():
    """True the first time, for all processes together."""
    try:
        os.close(os.open(f"{FILE}.once", os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False


class Faulty(json_file.JsonFile):
    """What it does wrong to the target."""

    def create(self, call):
        person = call["person"]
        if FAULT == "create-makes-another":
            with self.opened(to_change=True) as held:
                held["last"] += 1
                held["accounts"][f"u{held['last']}"] = {**person, "state": "enabled"}
                return {"account": json_file.seen(held, f"u{held['last']}", [])}
        if FAULT == "create-in-two-steps":
            with self.opened() as held:
                found = self.look(held, person, [])
            if found["found"] == "absent":
                made = super().create({"person": {**person, "external_id": None}})
                time.sleep(0.5)
                with self.opened(to_change=True) as held:
                    held["accounts"][made["account"]["native_id"]]["external_id"] = person["external_id"]
        if FAULT == "create-disabled" and not self.ours(person):
            self.set_state({"account": super().create(call)["account"]["native_id"], "state": "disabled"})
        if FAULT == "name-is-cleaned":
            call = {**call, "person": {**person, "name": person["name"].replace("'", "")}}
        return super().create(call)

    def ours(self, person):
        with self.opened() as held:
            return self.look(held, person, [])["found"] == "ours"

    def look(self, held, person, among):
        if FAULT == "finds-everybody":
            for native_id, account in held["accounts"].items():
                if account["name"] == person["name"]:
                    return {"found": "ours", "account": {**json_file.seen(held, native_id, among), "external_id": person["external_id"]}}
        found = super().look(held, person, among)
        if FAULT == "finds-by-name" and found["found"] == "ours" and found["account"]["name"] != person["name"]:
            return {"found": "absent"}
        if FAULT == "invents-people" and found["found"] == "absent" and "absent" in person["name"]:
            return {"found": "stranger", "name": person["name"], "words": "There is one."}
        return found

    def find(self, call):
        return super().find({**call, "among": []} if FAULT == "find-shows-nothing" else call)

    def set_state(self, call):
        if FAULT == "disabling-removes" and call["state"] == "disabled":
            with self.opened(to_change=True) as held:
                for members in held["groups"].values():
                    if call["account"] in members:
                        members.remove(call["account"])
        return super().set_state(call)

    def grant(self, call):
        if FAULT == "dies-after" and once():
            super().grant(call)
            os._exit(9)
        if FAULT == "makes-groups":
            with self.opened(to_change=True) as held:
                held["groups"].setdefault(call["entitlement"]["native"], [])
        if FAULT == "grants-to-nobody":
            with self.opened() as held:
                if call["account"] not in held["accounts"]:
                    return {"change": "made"}
        done = super().grant(call)
        return {"change": "made"} if FAULT == "grant-always-made" else done

    def remove(self, call):
        if FAULT == "remove-does-nothing":
            return {"change": "made"}
        if FAULT == "remove-empties":
            with self.opened(to_change=True) as held:
                held["groups"].get(call["entitlement"]["native"], []).clear()
            return {"change": "made"}
        return super().remove(call)

    def adopt(self, call):
        if FAULT == "adopts-anybody":
            with self.opened(to_change=True) as held:
                self.account(held, call["account"])["external_id"] = call["external_id"]
                return {"change": "already_so"}
        return super().adopt(call)

    def accounts(self, call):
        if FAULT == "pages-hang" and call["cursor"]:
            time.sleep(600)
        if FAULT == "same-cursor":
            return {**super().accounts(call), "next": "u1"}
        if FAULT == "dies-between-pages" and call["cursor"] and once():
            os._exit(9)
        if FAULT == "lists-one-page":
            json_file.PAGE = 1
        said = super().accounts(call)
        if FAULT == "lists-the-enabled":
            said["accounts"] = [one for one in said["accounts"] if one["state"] == "enabled"]
        if FAULT == "lists-one-page":
            said["next"] = None
        if FAULT == "lists-twice":
            said["accounts"] = [{**one, "native_id": one["native_id"] + end} for one in said["accounts"] for end in ("", "b")]
        return said

    def holders(self, call):
        said = super().holders(call)
        return {**said, "holders": []} if FAULT == "lists-nobodys-holders" else said

    def check(self, call):
        if FAULT == "trips-over-fields" and len(call) > 2:
            raise SystemExit("unexpected field")
        if FAULT == "slow":
            time.sleep(2.8)
        if FAULT == "environment":
            return {"words": f"{sorted(os.environ)} in {os.getcwd()}"}
        if FAULT == "floods":
            for _ in range(20_000):
                print("noise with pl4nted-s3cret-0815 in it", file=sys.stderr)
            print("x" * 100_000 + "pl4nted-s3cret-0815", file=sys.stderr)
            return {"words": "Said enough about pl4nted-s3cret-0815."}
        if FAULT in ("refused", "retry_later", "needs_human"):
            raise json_file.Not(FAULT, "No,\nbecause of pl4nted-s3cret-0815.", 30)
        if FAULT in ("exits-when-asked", "exits-when-asked-once") and (FAULT == "exits-when-asked" or once()):
            sys.exit("can't go on with pl4nted-s3cret-0815")
        if FAULT == "half-a-line":
            write('{"id": 2, "outc')
            os._exit(0)
        if FAULT == "nonsense":
            write("hello, world\n")
            time.sleep(600)
        if FAULT == "too-long":
            write("x" * 10_000)
            time.sleep(600)
        if FAULT == "wrong-id":
            write(json.dumps({"id": call["id"] + 1, "outcome": "ok", "words": "x"}) + "\n")
            time.sleep(600)
        if FAULT == "closes":
            os.close(1)
            time.sleep(600)
        if FAULT == "hangs":
            helper = subprocess.Popen(["sleep", "600"])
            with open(f"{FILE}.pids", "a") as pids:
                pids.write(f"{os.getpid()} {helper.pid}\n")
            time.sleep(600)
        return super().check(call)

    def hello(self, call):
        if FAULT == "exits":
            sys.exit("no module called thing")
        if FAULT == "old":
            return {**super().hello(call), "protocol": 2}
        if FAULT in ("first-protocol", "offers-nothing-and-does-it"):
            return {name: value for name, value in super().hello(call).items() if name != "calls"}
        if FAULT == "prints":
            write("Welcome\n")
        if FAULT == "secrets":
            with open(f"{FILE}.secrets", "a") as file:
                file.write(json.dumps(call["secrets"]) + "\n")
        return super().hello(call)


class Forgetful(Faulty):
    """Keeps everything in memory."""

    held = None

    def write(self, held):
        Forgetful.held = json.loads(json.dumps(held))

    def opened(self, to_change=False):
        return self.remembered(to_change)

    @json_file.contextlib.contextmanager
    def remembered(self, to_change):
        with json_file.JsonFile.opened(self) as first:
            held = Forgetful.held or first
        yield held
        if to_change:
            self.write(held)


if FAULT == "first-protocol":
    json_file.CALLS = [name for name in json_file.CALLS if name not in json_file.OPTIONAL]
if FAULT in ("small-pages", "pages-hang", "same-cursor", "dies-between-pages"):
    json_file.PAGE = 3
json_file.serve((Forgetful if FAULT == "forgets" else Faulty)(FILE))
