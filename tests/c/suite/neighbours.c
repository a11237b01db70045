/* static links:sqlite3 links:neighbour: a program that has a SQLite and another Rust library of its own. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <strongroom.h>

int32_t neighbour_panic(void);

static int checks;

static int check(int holds, const char *what) {
    if (!holds) {
        printf("this does not hold: %s\n", what);
        return 1;
    }
    checks++;
    return 0;
}

static strongroom_status_t set(strongroom_options_t *options, const char *name, const char *value) {
    return strongroom_options_set(options, name, STRONGROOM_AUTO_LENGTH, value, STRONGROOM_AUTO_LENGTH, NULL);
}

static int use_strongroom(const char *folder) {
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char path[4096];
    uint8_t value[16];
    size_t length = 0;
    strongroom_options_t *options = NULL;
    strongroom_manager_t *manager = NULL;
    int failed = 0;

    snprintf(path, sizeof path, "%s/store.strongroom", folder);
    failed |= check(strongroom_options_new(&options, NULL) == STRONGROOM_STATUS_OK, "options are made");
    failed |= check(strongroom_options_ignore_environment(options, NULL) == STRONGROOM_STATUS_OK, "no environment");
    failed |= check(set(options, "backend", "encrypted") == STRONGROOM_STATUS_OK, "the backend is chosen");
    failed |= check(set(options, "encrypted.path", path) == STRONGROOM_STATUS_OK, "the path is chosen");
    failed |= check(strongroom_options_set_secret(options, "encrypted.key", STRONGROOM_AUTO_LENGTH,
                                                  (const uint8_t *)key, STRONGROOM_AUTO_LENGTH,
                                                  NULL) == STRONGROOM_STATUS_OK,
                    "the key is given");
    failed |= check(strongroom_manager_open(options, NULL, &manager, NULL) == STRONGROOM_STATUS_OK, "the store opens");
    failed |= check(strongroom_manager_set(manager, "api_key", STRONGROOM_AUTO_LENGTH, (const uint8_t *)"s3cret", 6,
                                           NULL, NULL, NULL, NULL) == STRONGROOM_STATUS_OK,
                    "a secret is set");
    failed |= check(strongroom_manager_get_into(manager, "api_key", STRONGROOM_AUTO_LENGTH, NULL, value, sizeof value,
                                                &length, NULL) == STRONGROOM_STATUS_OK,
                    "it is read");
    failed |= check(length == 6 && memcmp(value, "s3cret", 6) == 0, "it is what was set");
    failed |= check(strongroom_manager_free(manager) == STRONGROOM_STATUS_OK, "the manager is freed");
    failed |= check(strongroom_options_free(options) == STRONGROOM_STATUS_OK, "the options are freed");
    return failed;
}

int main(int argc, char **argv) {
    sqlite3 *own = NULL;
    int failed = 0;

    if (argc < 2) {
        return 2;
    }
    /* The header and the library of one version: ours has another, and would have answered if its names were seen. */
    failed |= check(strcmp(sqlite3_libversion(), SQLITE_VERSION) == 0, "SQLite is the program's own");
    failed |= check(sqlite3_open(":memory:", &own) == SQLITE_OK, "it opens");
    failed |= check(sqlite3_exec(own, "create table t (a)", NULL, NULL, NULL) == SQLITE_OK, "it works");
    failed |= use_strongroom(argv[1]);
    failed |= check(sqlite3_exec(own, "insert into t values (1)", NULL, NULL, NULL) == SQLITE_OK, "it still works");
    sqlite3_close(own);
    failed |= check(neighbour_panic() == 77, "the other Rust library catches its panic");
    if (failed) {
        return 1;
    }
    printf("%d checks passed\n", checks);
    return 0;
}
