"""The command over a metastore that Airflow reads and writes, too: through_command.py COMMAND NAME COUNT.

The environment names the metastore. Every connection that the command stores is compared with what Airflow reads, field by field.
"""

import base64
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
from cryptography.fernet import Fernet

command, name, count = sys.argv[1], sys.argv[2], sys.argv[3]
folder = pathlib.Path(os.environ["HOME"])
CANARY = "c4n4ry/ö 9f"
TOKEN = "c4n4ry.9f"
IN_ANY_FORM = ["c4n4ry", *(base64.b64encode(f"{before}c4n4ry".encode()).decode()[6:12] for before in ("svc:", "abc"))]
told = []


def run(*words, code=0, keys=None, place=None):
    """Runs the command; whatever it says has no secret in it."""
    own = os.environ | {"HTTP_HOOK_SOURCES": "env, metastore"}
    own |= {"AIRFLOW__CORE__FERNET_KEY": keys} if keys else {}
    own |= {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": place} if place else {}
    ran = subprocess.run([command, *words], env=own, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = ran.stdout + ran.stderr
    assert ran.returncode == code, f"{words}: exit code {ran.returncode}: {said}"
    assert not any(form in said for form in IN_ANY_FORM), f"{words} shows a secret"
    told.append(words[1])
    return said


def airflow(what, *words, given="", keys=None):
    own = os.environ | ({"AIRFLOW__CORE__FERNET_KEY": keys} if keys else {})
    script = pathlib.Path(__file__).with_name("through_airflow.py")
    ran = subprocess.run([sys.executable, script, what, *words], env=own, input=given, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


def read(**how):
    lines = map(json.loads, airflow("read", **how).splitlines())
    return {one["conn_id"]: one for one in lines}


def value(text):
    """An extra as what it says, whatever its layout; numbers as they are written."""
    return text and json.dumps(json.loads(text, parse_float=str, parse_int=str), sort_keys=True)


def same(what, expected, got, by=str):
    """As in Airflow: an empty password or extra is none."""
    assert expected.keys() == got.keys(), (what, sorted(expected.keys() ^ got.keys())[:5])
    fields = 0
    for id, one in expected.items():
        for field in one.keys() - {"flags"}:
            fields += 1
            theirs = got[id][field]
            if field in ("password", "extra"):
                read_as = by if field == "extra" else str
                assert read_as(one[field] or "") == read_as(theirs or ""), (what, id, field)
            else:
                assert one[field] == theirs, (what, id, field)
        assert got[id]["flags"] == [bool(one["password"]), bool(one["extra"])], (what, id, "flags")
    print(f"{name}, {what}: {len(expected)} connections, {fields} fields, 0 different")


def connect():
    address = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    if name == "SQLite":
        return sqlite3.connect(address.split(":///")[1])
    return psycopg2.connect(address.replace("+psycopg2", ""))


class Server(BaseHTTPRequestHandler):
    seen = []

    def answer(self):
        self.seen.append((self.command, self.path, self.headers.get("authorization"), self.headers.get("x-team")))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    do_GET = do_HEAD = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/base"
place = ("metastore " + os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].split(":///")[-1]) if name == "SQLite" else "metastore postgres postgres"

# What Airflow wrote.
generated = airflow("generate", "3", count)
airflow("clear")
airflow("write", given=generated)
theirs = read()
listed = json.loads(run("conn", "list", "--format", "json"))["connections"]
assert {one["id"] for one in listed} == theirs.keys() and not any(one["error"] for one in listed)
for one in listed:
    assert one["place"] == f"{place} conn_id {one['id']}", one
    assert one["type"] in (theirs[one["id"]]["conn_type"], "***"), one
assert run("conn", "origin").count(place) == len(theirs)

# Out into a file of every form that holds all fields, and back.
for form, file in [("toml", "all.toml"), ("json", "all.json"), ("yaml", "all.yaml"), ("own-yaml", "own.yaml")]:
    run("conn", "export", file, "--form", form)
    assert (folder / file).stat().st_mode & 0o777 == 0o600
    airflow("clear")
    run("conn", "import", file)
    # Our own form has sections in place of the text of the extra.
    same(f"exported as {form} and imported", theirs, read(), by=value if form in ("toml", "own-yaml") else str)
    assert "nothing was imported" in run("conn", "import", file, code=2)
    run("conn", "import", file, "--replace")
    airflow("clear")
    airflow("write", given=generated)

# One connection, from its beginning to its end.
(folder / "secret").write_text(CANARY)
(folder / "token").write_text(TOKEN)
headers = ["--header", "X-Team:sales"]
made = run("conn", "add", "orders", "--url", url, "--login", "svc", "--password", "@secret", *headers, "--description", "who sells")
assert made == f"orders is in {place}\n", made
run("conn", "add", "token", "--url", url, "--bearer", "@token")
assert "is in" in run("conn", "add", "orders", "--url", url, code=2)
plain = {"conn_type": "http", "description": None, "host": url, "schema": None, "login": None, "password": CANARY, "port": None}
orders = plain | {"conn_id": "orders", "login": "svc", "description": "who sells", "extra": '{"X-Team":"sales"}'}
token = plain | {"conn_id": "token", "password": TOKEN, "extra": '{"http_hook":{"auth":{"scheme":"bearer"}}}'}
expected = theirs | {"orders": orders, "token": token}
same("added", expected, read())
shown = run("conn", "show", "orders")
assert f"# {place} conn_id orders" in shown and 'login = "svc"' in shown and 'password = "***"' in shown, shown
assert f"{place} conn_id orders  used" in run("conn", "origin", "orders")
os.environ["AIRFLOW_CONN_TOKEN"] = "http://elsewhere.test"
assert f"{place} conn_id token  shadowed" in run("conn", "origin", "token")
assert "env AIRFLOW_CONN_TOKEN, which is not changed here" in run("conn", "edit", "token", "--description", "x", code=2)
del os.environ["AIRFLOW_CONN_TOKEN"]

# CONN of every command.
run("conn", "test", "orders", "health")
run("conn", "test", "token", "health")
for words in [["call", "orders", "get"], ["plan", "orders", "get"], ["pages", "orders", "get"], ["poll", "orders", "get", "--until", "status=200"]]:
    run(*words)
basic = "Basic " + base64.b64encode(f"svc:{CANARY}".encode("latin-1")).decode()
assert Server.seen[0] == ("HEAD", "/base/health", basic, "sales"), Server.seen[0]
assert Server.seen[1][2] == f"Bearer {TOKEN}", Server.seen[1]
assert [one[0] for one in Server.seen] == ["HEAD", "HEAD", "GET", "GET", "GET"], Server.seen

run("conn", "edit", "orders", "--header", "X-Team:", "--header", "X-Shop:7", "--login", "other")
expected["orders"] = orders | {"login": "other", "extra": '{"X-Shop":"7"}'}
same("edited", expected, read())
run("conn", "rm", "token")
del expected["token"]
same("taken out", expected, read())
run("conn", "rm", "token", code=10)
run("call", "token", "get", code=10)

# What somebody else changes while everything is encrypted anew is not put back.
other = connect()
cursor = other.cursor()
cursor.execute("UPDATE connection SET description = 'meanwhile' WHERE conn_id = 'orders'")
done = []
rotating = threading.Thread(target=lambda: done.append(run("conn", "rotate")))
rotating.start()
time.sleep(1)
assert rotating.is_alive(), "the rows are waited for"
other.commit()
other.close()
rotating.join()
assert done and "encrypted anew" in done[0], done
expected["orders"] |= {"description": "meanwhile"}
same("encrypted anew while one was changed", expected, read())

# Keys that change: the first encrypts, all decrypt; then the first alone is enough.
old, new = os.environ["AIRFLOW__CORE__FERNET_KEY"], Fernet.generate_key().decode()
encrypted = sum(any(one["flags"]) for one in read().values())
assert run("conn", "rotate", keys=f"{new},{old}") == f"{encrypted} connections encrypted anew\n"
same("encrypted anew", expected, read(keys=new))
assert "connection `orders`: password: made with another key, or changed" in run("call", "orders", "get", code=2)
assert "made with another key" in run("conn", "rotate", code=2)
same("as it was", expected, read(keys=new))
assert "key" in run("conn", "show", "orders", keys="none", code=2).lower()

# What cannot be asked is an error, and no id that is not defined.
if name != "SQLite":
    elsewhere = "postgresql+psycopg2://nobody:c4n4ry@127.0.0.1:{}/postgres"
    port = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].rsplit(":", 1)[1].split("/")[0]
    assert "the server refuses the login (28P01)" in run("call", "orders", "get", place=elsewhere.format(port), code=1)
    assert "the server cannot be reached" in run("call", "orders", "get", place=elsewhere.format(1), code=1)
print(f"{name}, by the command: {len(told)} runs, {len(set(told))} kinds, no secret shown")
