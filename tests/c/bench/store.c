/* Managers and stores to measure at. */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#include "bench.h"

/* The key of every store of the benchmarks: they hold nothing worth keeping. */
#define STORE_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TEXT(text) (text), STRONGROOM_AUTO_LENGTH

void must(strongroom_status_t status, strongroom_error_t *error, const char *what) {
    if (status != STRONGROOM_STATUS_OK) {
        stop(what, error ? strongroom_error_message(error) : strongroom_status_token(status));
    }
}

size_t name_of(char name[KEY_ROOM], unsigned n) {
    return (size_t)snprintf(name, KEY_ROOM, "org/acme/service_%u.api_key_%u", n % 97, n);
}

int64_t tomorrow(void) {
    return ((int64_t)time(NULL) + 86400) * 1000000;
}

strongroom_manager_t *open_manager(const char *const *settings) {
    strongroom_options_t *options;
    strongroom_manager_t *manager;
    strongroom_error_t *error = NULL;
    must(strongroom_options_new(&options, &error), error, "options");
    must(strongroom_options_ignore_environment(options, &error), error, "options");
    must(strongroom_options_set_app(options, TEXT("bench"), &error), error, "app");
    for (; settings[0]; settings += 2) {
        must(strongroom_options_set(options, TEXT(settings[0]), TEXT(settings[1]), &error), error, settings[0]);
    }
    must(strongroom_options_set_secret(options, TEXT("encrypted.key"), STORE_KEY, STRONGROOM_AUTO_LENGTH, &error),
         error, "key");
    must(strongroom_manager_open(options, NULL, &manager, &error), error, "open");
    strongroom_options_free(options);
    return manager;
}

strongroom_manager_t *open_store(const char *folder, const char *name, int64_t expires_at) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const char *settings[] = {"backend", "encrypted", "encrypted.path", path, "deadline", "60s", NULL};
    strongroom_manager_t *manager = open_manager(settings);

    strongroom_error_t *error = NULL;
    strongroom_metadata_t *metadata;
    must(strongroom_metadata_new(&metadata, &error), error, "metadata");
    must(strongroom_metadata_set_provider(metadata, TEXT("openai"), &error), error, "provider");
    if (expires_at != 0) {
        must(strongroom_metadata_set_expires_at(metadata, expires_at, &error), error, "expiry");
    }
    strongroom_batch_t *batch;
    must(strongroom_batch_new(&batch, &error), error, "batch");
    char key[KEY_ROOM];
    for (unsigned n = 0; n < KEYS; n++) {
        size_t length = name_of(key, n);
        must(strongroom_batch_add(batch, key, length, TEXT(VALUE), metadata, &error), error, "batch");
    }
    must(strongroom_manager_set_many(manager, batch, NULL, NULL, &error), error, "set_many");
    strongroom_batch_free(batch);
    strongroom_metadata_free(metadata);

    /* Into the cache. */
    for (unsigned n = 0; n < KEYS; n++) {
        size_t length = name_of(key, n);
        strongroom_secret_t *secret;
        must(strongroom_manager_get(manager, key, length, NULL, &secret, &error), error, "get");
        strongroom_secret_free(secret);
    }
    return manager;
}
