"""What a real Airflow writes into its metastore and reads from it: through_airflow.py generate SEED N | write | clear | read.

Connections are lines of JSON, on standard input and output.
"""

import json
import random
import sys

FIELDS = ["conn_id", "conn_type", "description", "host", "schema", "login", "password", "port", "extra"]
TEXTS = [
    "plain", "with blank", "p@ss:w/rd?#", "ünïcødé", "пароль", "\U0001f511", "%41%2F", "'\"\\`$HOME", "a\nb\tc", " ",
    "x" * 300, "null", "5", "true", "{}", "https://h/p", "0",
]


def generate(seed, count):
    dice = random.Random(seed)
    text = lambda: dice.choice([None, *TEXTS, "".join(chr(dice.randrange(32, 0x250)) for _ in range(dice.randrange(1, 40)))])

    def value(depth=0):
        kind = dice.randrange(7 if depth < 3 else 5)
        if kind < 5:
            return [None, True, dice.randrange(-(10**20), 10**20), round(dice.uniform(-1e9, 1e9), 3), text() or ""][kind]
        if kind == 5:
            return [value(depth + 1) for _ in range(dice.randrange(4))]
        return {text() or "k": value(depth + 1) for _ in range(dice.randrange(4))}

    for number in range(count):
        extra = dice.choice([None, {}, {text() or "k": value() for _ in range(dice.randrange(1, 6))}])
        extra = json.dumps(extra, ensure_ascii=dice.random() < 0.5) if extra is not None else None
        yield {
            "conn_id": f"c{seed}-{number}.{dice.choice(['a', 'B', '_', '/x', '#', '(1)'])}",
            "conn_type": dice.choice(["http", "https", "generic", "a-b"]),
            "description": text(),
            "host": text(),
            "schema": text(),
            "login": text(),
            "password": text(),
            "port": dice.choice([None, 0, 1, 80, 8443, 65535]),
            "extra": extra,
        }


def main():
    what = sys.argv[1]
    if what == "generate":
        for one in generate(int(sys.argv[2]), int(sys.argv[3])):
            print(json.dumps(one))
        return
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        if what == "write":
            for line in sys.stdin:
                session.add(Connection(**json.loads(line)))
            return
        if what == "clear":
            session.query(Connection).delete()
            return
        for one in session.query(Connection).order_by(Connection.conn_id):
            fields = {name: getattr(one, name) for name in FIELDS}
            print(json.dumps(fields | {"flags": [one.is_encrypted, one.is_extra_encrypted]}))


main()
