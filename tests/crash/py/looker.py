# Another process whose own SQLite opens, reads and closes the store until the file `stop` is there.
looks = busy = 0
while not os.path.exists(os.path.join(HOME, "stop")):
    try:
        look(STORE, "ro" if looks % 2 else "rw")
        looks += 1
    except sqlite3.OperationalError:
        busy += 1
say("note", looks, "looks,", busy, "busy")
