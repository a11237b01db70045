/* Our cached reads beside libsecret's, each as a C program reads a password. Runs in a session with an unlocked
   keyring. */
#define _GNU_SOURCE
#include <libsecret/secret.h>
#include <string.h>

#include "bench.h"

enum { BATCHES = 40, LOOKUPS = 25, READS = 4000 };

static const SecretSchema SCHEMA = {
    "org.strongroom.bench",
    SECRET_SCHEMA_NONE,
    {{"name", SECRET_SCHEMA_ATTRIBUTE_STRING}, {NULL, 0}},
    0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
};

static char key[KEY_ROOM];
static size_t key_length;
static strongroom_manager_t *manager;

static void must_g(GError *error, const char *what) {
    if (error) {
        stop(what, error->message);
    }
}

static void lookups(void *context, uint32_t operations) {
    (void)context;
    for (uint32_t n = 0; n < operations; n++) {
        GError *error = NULL;
        char *password = secret_password_lookup_sync(&SCHEMA, NULL, &error, "name", key, NULL);
        must_g(error, "lookup");
        if (!password || strcmp(password, VALUE) != 0) {
            stop("lookup", "it does not read what was written");
        }
        secret_password_free(password);
    }
}

static void handles(void *context, uint32_t operations) {
    (void)context;
    for (uint32_t n = 0; n < operations; n++) {
        strongroom_secret_t *secret;
        must(strongroom_manager_get(manager, key, key_length, NULL, &secret, NULL), NULL, "get");
        if (memcmp(strongroom_secret_data(secret), VALUE, strongroom_secret_len(secret)) != 0) {
            stop("get", "it does not read what was written");
        }
        strongroom_secret_free(secret);
    }
}

static void values(void *context, uint32_t operations) {
    (void)context;
    char buffer[sizeof VALUE];
    size_t length;
    for (uint32_t n = 0; n < operations; n++) {
        strongroom_status_t status =
            strongroom_manager_get_value(manager, key, key_length, NULL, buffer, sizeof buffer, &length, NULL);
        must(status, NULL, "get_value");
        if (strcmp(buffer, VALUE) != 0) {
            stop("get_value", "it does not read what was written");
        }
    }
}

int main(int argc, char **argv) {
    if (argc != 3) {
        stop("usage", "keyring FOLDER REPORTS");
    }
    manager = open_store(argv[1], "keyring", 0);
    key_length = name_of(key, KEYS / 2);
    GError *error = NULL;
    secret_password_store_sync(&SCHEMA, SECRET_COLLECTION_DEFAULT, "bench", VALUE, NULL, &error, "name", key, NULL);
    must_g(error, "store");

    const target_t faster = {TARGET_FASTER, 1000};
    subject_t theirs = {lookups, NULL, LOOKUPS};
    report_begin(argv[2], "keyring");
    report_pair("get, data, len, free (floor: libsecret's lookup_sync and free)",
                in_turns(BATCHES, theirs, (subject_t){handles, NULL, READS}), faster);
    report_pair("get_value into a buffer (floor: the same)",
                in_turns(BATCHES, theirs, (subject_t){values, NULL, READS}), faster);
    report_end();
    strongroom_manager_free(manager);
    return 0;
}
