# One process with two copies of the library and Python's own SQLite; a second process writes meanwhile.
# argv: the two shared objects, how many values each copy writes.
copies = [ctypes.CDLL(path) for path in sys.argv[1:3]]
count = int(sys.argv[3])
for copy in copies:
    copy.copy_set.argtypes = [ctypes.c_uint64]
    copy.copy_get.argtypes = [ctypes.c_uint32, ctypes.c_uint64]
opened = [copy.copy_open(id) for id, copy in enumerate(copies)]
say("note opened", *opened)
if opened[0] != 0:
    say("error the first copy does not open:", opened[0])
    sys.exit(1)
live = [(id, copy) for id, copy in enumerate(copies) if opened[id] == 0]

done = threading.Event()
looks = [0]


def meddle():
    while not done.is_set():
        for ending in ("", "-wal", "-shm"):
            read_file(STORE + ending)
        try:
            look(STORE, "ro" if looks[0] % 2 else "rw")
            looks[0] += 1
        except sqlite3.OperationalError:
            pass


meddler = threading.Thread(target=meddle)
meddler.start()


def write(id, copy):
    for n in range(count):
        answer = copy.copy_set(n)
        if answer != 0:
            return say("error copy", id, "set", n, "answered", answer)
        say("ack", id, n)
        other = live[(id + 1) % len(live)][1]
        answer = other.copy_get(id, n)
        if answer != 0:
            say("error another copy does not see", id, n, ":", answer)


writers = [threading.Thread(target=write, args=one) for one in live]
for writer in writers:
    writer.start()
for writer in writers:
    writer.join()
done.set()
meddler.join()
for id, copy in live:
    if copy.copy_close() != 0:
        say("error copy", id, "does not close")
say("note", looks[0], "looks,", len(live), "copies")
