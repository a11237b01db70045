# What every script of the rig begins with: it ends with the test, and it says things by the line.
import ctypes, os, sqlite3, subprocess, sys, threading, time

ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL

HOME = os.environ["RIG_HOME"]
STORE = os.path.join(HOME, "data/rig/secrets.strongroom")


def say(*words):
    # One call, so that the lines of two threads do not mix.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def read_file(path):
    try:
        with open(path, "rb") as file:
            file.read()
    except FileNotFoundError:
        pass


def look(path, mode):
    """Opens the database with Python's own SQLite, reads its schema, closes it."""
    connection = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=10)
    try:
        return len(connection.execute("select * from sqlite_master").fetchall())
    finally:
        connection.close()
