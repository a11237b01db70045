/* What a store should hold: keys, their versions, and what each verb answers. */
#ifndef STRONGROOM_TESTS_MODEL_H
#define STRONGROOM_TESTS_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"

enum { NAMES = 6, SCOPES = 2, KEYS = NAMES * SCOPES, KEPT = 10, VALUE_ROOM = 48, PROVIDERS = 3 };

/* No expiry, one that has passed, one that is far away. */
typedef enum expiry_t { NEVER, PAST, FUTURE } expiry_t;
static const int64_t EXPIRIES[] = {0, INT64_C(1000000000000000), INT64_C(4102444800000000)};
static const char *const PROVIDER_NAMES[PROVIDERS] = {NULL, "openai", "acme"};
static const char *const SCOPE_NAMES[SCOPES] = {"global", "org/acme"};

typedef struct version_t {
    char word[32];
    uint64_t number;
    char value[VALUE_ROOM];
    size_t length;
    int provider;
    expiry_t expiry;
} version_t;

/* The newest version is the last one; none: there is no such secret. */
typedef struct entry_t {
    version_t versions[KEPT];
    size_t count;
    uint64_t last_number; /* also of a secret that was deleted: numbers never repeat */
} entry_t;

typedef struct store_t {
    entry_t entries[KEYS];
} store_t;

static version_t *current(entry_t *entry) {
    return entry->count ? &entry->versions[entry->count - 1] : NULL;
}

/* What a read of this version answers; NULL: there is none. */
static strongroom_status_t read_status(const version_t *version) {
    if (!version) {
        return STRONGROOM_STATUS_NOT_FOUND;
    }
    return version->expiry == PAST ? STRONGROOM_STATUS_EXPIRED : STRONGROOM_STATUS_OK;
}

/* Notes a new version with the number and the word that the write told. */
static void push_version(entry_t *entry, version_t version, const char *word, uint64_t number) {
    CHECK(number > entry->last_number);
    snprintf(version.word, sizeof version.word, "%s", word);
    version.number = number;
    entry->last_number = number;
    if (entry->count == KEPT) {
        memmove(entry->versions, entry->versions + 1, (KEPT - 1) * sizeof *entry->versions);
        entry->count--;
    }
    entry->versions[entry->count++] = version;
}

/* The same for a write whose answer is at hand; checks `created` and frees the answer. */
static void push_written(entry_t *entry, version_t version, strongroom_written_t *written) {
    uint64_t number = 0;
    CHECK_NUMBER(strongroom_written_created(written), entry->count == 0);
    CHECK_OK(strongroom_written_version_number(written, &number));
    push_version(entry, version, strongroom_written_version(written), number);
    CHECK_OK(strongroom_written_free(written));
}

static size_t secrets_in(const store_t *store) {
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        count += store->entries[i].count > 0;
    }
    return count;
}

static size_t versions_in(const store_t *store) {
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        count += store->entries[i].count;
    }
    return count;
}

/* The canonical text of a key; keys are sorted by it. */
static void key_text(size_t key, char text[64]) {
    snprintf(text, 64, "%s/k%zu", SCOPE_NAMES[key / NAMES], key % NAMES);
}

static strongroom_metadata_t *metadata_of(const version_t *version) {
    strongroom_metadata_t *metadata = NULL;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    if (version->provider) {
        CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT(PROVIDER_NAMES[version->provider]), NULL));
    }
    if (version->expiry != NEVER) {
        CHECK_OK(strongroom_metadata_set_expires_at(metadata, EXPIRIES[version->expiry], NULL));
    }
    return metadata;
}

/* Checks metadata against a version and frees it. */
static void check_metadata(strongroom_metadata_t *metadata, const version_t *version) {
    int64_t expires = 0;
    CHECK_TEXT(strongroom_metadata_provider(metadata), PROVIDER_NAMES[version->provider]);
    CHECK_TEXT(strongroom_metadata_version(metadata), version->word);
    CHECK_STATUS(strongroom_metadata_expires_at(metadata, &expires),
                 version->expiry == NEVER ? STRONGROOM_STATUS_NOT_FOUND : STRONGROOM_STATUS_OK);
    CHECK_NUMBER(expires, EXPIRIES[version->expiry]);
    CHECK_NUMBER(strongroom_metadata_is_expired(metadata), version->expiry == PAST);
    CHECK_OK(strongroom_metadata_free(metadata));
}

static void check_secret(const strongroom_secret_t *secret, const version_t *version) {
    strongroom_metadata_t *metadata = NULL;
    CHECK_NUMBER(strongroom_secret_len(secret), version->length);
    CHECK(memcmp(strongroom_secret_data(secret), version->value, version->length) == 0);
    CHECK_OK(strongroom_secret_metadata(secret, &metadata, NULL));
    check_metadata(metadata, version);
}

#endif
