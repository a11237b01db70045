# The control: the same meddling host, with a database whose locks are POSIX locks, as SQLite's are by default.
# The host opens and closes the file itself, which drops its locks; another process then closes as if it were the last
# one and removes the log that the host still writes to. Counts what a fresh process does not find.
path = os.path.join(HOME, "plain.db")
SECOND = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=10)
for n in range(int(sys.argv[2]), int(sys.argv[2]) + 5):
    c.execute("insert into t values (?)", (n,))
    c.commit()
    print(n, flush=True)
c.close()
"""
CHECK = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], timeout=10)
for (n,) in c.execute("select n from t"):
    print(n)
"""


def other(script, *args):
    ended = subprocess.run([sys.executable, "-c", script, path, *map(str, args)], capture_output=True, text=True)
    return ended.returncode, [int(line) for line in ended.stdout.split()]


host = sqlite3.connect(path, timeout=10)
host.execute("pragma journal_mode=wal")
host.execute("pragma synchronous=full")
host.execute("create table t (n integer primary key)")
host.commit()
acknowledged, damaged = [], []
try:
    for attempt in range(int(sys.argv[1])):
        for n in range(10):
            number = attempt * 1000 + n
            host.execute("insert into t values (?)", (number,))
            host.commit()
            acknowledged.append(number)
            for ending in ("", "-wal", "-shm"):
                read_file(path + ending)
            if n == 4:
                code, numbers = other(SECOND, attempt * 1000 + 100)
                acknowledged += numbers
                if code != 0:
                    damaged.append(f"second process: status {code}")
except sqlite3.Error as error:
    damaged.append(str(error))
code, found = other(CHECK)
lost = set(acknowledged) - set(found)
say("control", len(acknowledged), len(lost), len(damaged) + (code != 0))
