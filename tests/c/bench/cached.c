/* Reads that the cache answers, beside the least that could answer them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "floor.h"

enum { BATCHES = 400, OPERATIONS = 4000, BUFFER = 64 };

/* One reader: where it reads and into what. On cache lines of its own. */
typedef struct reader_t {
    _Alignas(128) const strongroom_manager_t *ours;
    const floor_map_t *map;
    const floor_manager_t *rust;
    const char *key;
    size_t key_length;
    /* OR of what every call answered: 0 in the end. */
    int failed;
    uint8_t buffer[BUFFER];
} reader_t;

static void floor_into(void *context, uint32_t operations) {
    reader_t *reader = context;
    size_t length;
    for (uint32_t n = 0; n < operations; n++) {
        reader->failed |=
            floor_map_get_into(reader->map, reader->key, reader->key_length, reader->buffer, BUFFER, &length);
    }
}

static void ours_into(void *context, uint32_t operations) {
    reader_t *reader = context;
    size_t length;
    for (uint32_t n = 0; n < operations; n++) {
        reader->failed |= strongroom_manager_get_into(reader->ours, reader->key, reader->key_length, NULL,
                                                      reader->buffer, BUFFER, &length, NULL);
    }
}

static void ours_into_with_error(void *context, uint32_t operations) {
    reader_t *reader = context;
    size_t length;
    strongroom_error_t *error;
    for (uint32_t n = 0; n < operations; n++) {
        reader->failed |= strongroom_manager_get_into(reader->ours, reader->key, STRONGROOM_AUTO_LENGTH, NULL,
                                                      reader->buffer, BUFFER, &length, &error);
    }
}

static void ours_value(void *context, uint32_t operations) {
    reader_t *reader = context;
    size_t length;
    for (uint32_t n = 0; n < operations; n++) {
        reader->failed |= strongroom_manager_get_value(reader->ours, reader->key, reader->key_length, NULL,
                                                       (char *)reader->buffer, BUFFER, &length, NULL);
    }
}

static void rust_get(void *context, uint32_t operations) {
    reader_t *reader = context;
    reader->failed |= floor_manager_get(reader->rust, reader->key, reader->key_length, operations);
}

static void ours_handle(void *context, uint32_t operations) {
    reader_t *reader = context;
    for (uint32_t n = 0; n < operations; n++) {
        strongroom_secret_t *secret;
        reader->failed |= strongroom_manager_get(reader->ours, reader->key, reader->key_length, NULL, &secret, NULL);
        const uint8_t *data = strongroom_secret_data(secret);
        reader->failed |= data == NULL || strongroom_secret_len(secret) != sizeof VALUE - 1;
        reader->failed |= strongroom_secret_free(secret);
    }
}

static subject_t subject(void (*run)(void *, uint32_t), reader_t *reader) {
    return (subject_t){run, reader, OPERATIONS};
}

static const target_t NO_TARGET = {TARGET_NONE, 0};

static void reads_of(const char *folder, int64_t expires_at, const char *const *keys) {
    bool expires = expires_at != 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s-rust", folder, expires ? "expiring" : "lasting");
    static char key[KEY_ROOM];
    reader_t reader = {
        .ours = open_store(folder, expires ? "expiring" : "lasting", expires_at),
        .map = floor_map_new(keys, KEYS, VALUE, expires_at),
        .rust = floor_manager_new(path, keys, KEYS, VALUE, expires_at),
        .key = key,
        .key_length = name_of(key, KEYS / 2),
    };
    ours_into(&reader, 1);
    if (reader.failed || memcmp(reader.buffer, VALUE, sizeof VALUE - 1) != 0) {
        stop("get_into", "it does not read what was written");
    }
    reader_t other = reader, alone = reader;
    /* Where a thread reads that shares nothing. */
    alone.map = floor_map_new(keys, KEYS, VALUE, expires_at);
    subject_t busy = {floor_into, &alone, 50};

    const target_t into = {TARGET_RATIO, 1.4}, both = {TARGET_RATIO, 1.15}, handle = {TARGET_RATIO, 2};
    report_pair(expires ? "get_into, secrets that expire" : "get_into",
                in_turns(BATCHES, subject(floor_into, &reader), subject(ours_into, &reader)), into);
    if (!expires) {
        report_pair("get_into, key up to its NUL, with an error object",
                    in_turns(BATCHES, subject(floor_into, &reader), subject(ours_into_with_error, &reader)), NO_TARGET);
        report_pair("get_value, text with a NUL behind it, beside the same floor",
                    in_turns(BATCHES, subject(floor_into, &reader), subject(ours_value, &reader)), NO_TARGET);
        report_pair("get_into, two threads on one key (floor: one thread, the other busy)",
                    two_threads(BATCHES, subject(ours_into, &reader), subject(ours_into, &other), busy), both);
        report_pair("the floor itself, two threads (floor: one thread, the other busy)",
                    two_threads(BATCHES, subject(floor_into, &reader), subject(floor_into, &other), busy), NO_TARGET);
    }
    report_pair(expires ? "get, data, len, free (floor: Rust's get and drop), secrets that expire"
                        : "get, data, len, free (floor: Rust's get and drop)",
                in_turns(BATCHES, subject(rust_get, &reader), subject(ours_handle, &reader)), handle);
    if (!expires) {
        report_pair("get, data, len, free, two threads (floor: one thread, the other busy)",
                    two_threads(BATCHES, subject(ours_handle, &reader), subject(ours_handle, &other), busy), NO_TARGET);
        report_pair("Rust's get and drop, two threads (floor: one thread, the other busy)",
                    two_threads(BATCHES, subject(rust_get, &reader), subject(rust_get, &other), busy), NO_TARGET);
    }
    if (reader.failed | other.failed | alone.failed) {
        stop("a read", "it failed");
    }
    strongroom_manager_free((strongroom_manager_t *)reader.ours);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        stop("usage", "cached FOLDER REPORTS");
    }
    static char names[KEYS][KEY_ROOM];
    static const char *keys[KEYS];
    for (unsigned n = 0; n < KEYS; n++) {
        name_of(names[n], n);
        keys[n] = names[n];
    }
    report_begin(argv[2], "cached");
    reads_of(argv[1], 0, keys);
    reads_of(argv[1], tomorrow(), keys);
    report_end();
    return 0;
}
