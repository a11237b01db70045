/* Random operations against a model: driver FOLDER OPERATIONS [SEED]. Nine in ten go to memory, the others to encrypted
   stores, which sync each write. A failure names seed and operation; the same seed does the same again. */
#define _GNU_SOURCE
#include <time.h>

#include "answer.h"
#include "model.h"

/* Two memories; a store that two managers share, who therefore cache nothing; a store with a cache. */
enum { STORES = 4, MANAGERS = 9, HELD = 16 };

typedef struct manager_slot_t {
    strongroom_manager_t *handle;
    size_t store;
    size_t scope; /* of bare names */
} manager_slot_t;

typedef struct held_t {
    strongroom_secret_t *handle;
    version_t version;
    bool freed;
} held_t;

static store_t stores[STORES];
static manager_slot_t managers[MANAGERS];
static strongroom_manager_t *gone; /* a handle that was freed */
static held_t held[HELD];
static strongroom_subscription_t *subscriptions[HELD];
static uint64_t state;

/* SplitMix64: the same everywhere. */
static size_t choose(size_t below) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (size_t)((z ^ z >> 31) % below);
}

/* ---- what an operation works on ---- */

static const strongroom_manager_t *m;
static store_t *store;
static entry_t *entry;
static size_t key_index;
static char key[64];

static void choose_target(void) {
    /* The first four slots are memories and their views. */
    const manager_slot_t *slot = &managers[choose(10) ? choose(4) : 4 + choose(MANAGERS - 4)];
    m = slot->handle;
    store = &stores[slot->store];
    key_index = choose(KEYS);
    entry = &store->entries[key_index];
    key_text(key_index, key);
    if (slot->scope == key_index / NAMES && choose(2)) {
        snprintf(key, sizeof key, "k%zu", key_index % NAMES);
    }
}

static version_t new_version(void) {
    version_t version;
    memset(&version, 0, sizeof version);
    if (choose(8)) {
        version.length = (size_t)snprintf(version.value, sizeof version.value, "value-%zu", choose(SIZE_MAX));
    }
    version.provider = (int)choose(PROVIDERS);
    version.expiry = choose(6) ? (choose(3) ? NEVER : FUTURE) : PAST;
    return version;
}

/* ---- reads ---- */

/* Keeps some of what was read, to look at it and to free it later. */
static void keep(strongroom_secret_t *secret, const version_t *version) {
    held_t *place = &held[choose(HELD)];
    if (choose(4) || (place->handle && !place->freed)) {
        CHECK_OK(strongroom_secret_free(secret));
    } else {
        *place = (held_t){secret, *version, false};
    }
}

static void use_held(void) {
    held_t *place = &held[choose(HELD)];
    if (!place->handle) {
        return;
    }
    if (place->freed) {
        CHECK(strongroom_secret_data(place->handle) == NULL);
        CHECK_STATUS(strongroom_secret_free(place->handle), STRONGROOM_STATUS_INVALID_HANDLE);
        return;
    }
    CHECK_NUMBER(strongroom_secret_len(place->handle), place->version.length);
    CHECK(memcmp(strongroom_secret_data(place->handle), place->version.value, place->version.length) == 0);
    if (choose(2)) {
        CHECK_OK(strongroom_secret_free(place->handle));
        place->freed = true;
    }
}

static void do_get(void) {
    strongroom_secret_t *secret = NULL;
    const version_t *version = current(entry);
    strongroom_status_t status = strongroom_manager_get(m, TEXT(key), NULL, &secret, NULL);
    if (CHECK_STATUS(status, read_status(version)) && status == STRONGROOM_STATUS_OK) {
        check_secret(secret, version);
        keep(secret, version);
    }
}

static void do_get_expired_too(void) {
    strongroom_secret_t *secret = NULL;
    strongroom_call_t *call = call_of((const char *const[]){"include_expired", "true", NULL});
    const version_t *version = current(entry);
    CHECK_STATUS(strongroom_manager_get(m, TEXT(key), call, &secret, NULL),
                 version ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    if (secret) {
        check_secret(secret, version);
        keep(secret, version);
    }
    CHECK_OK(strongroom_call_free(call));
}

static void do_get_async(void) {
    answer_t answer;
    const version_t *version = current(entry);
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_get_async(m, TEXT(key), NULL, answer_secret, &answer, NULL)));
    CHECK_STATUS(answer_wait(&answer), read_status(version));
    if (answer.secret) {
        check_secret(answer.secret, version);
    }
    answer_end(&answer, 1);
}

static void do_get_copied(void) {
    char buffer[VALUE_ROOM + 1];
    size_t length = 0, capacity = choose(sizeof buffer);
    const version_t *version = current(entry);
    bool as_text = choose(2);
    strongroom_status_t wanted = read_status(version);
    memset(buffer, '#', sizeof buffer);
    if (wanted == STRONGROOM_STATUS_OK && version->length + as_text > capacity) {
        wanted = STRONGROOM_STATUS_BUFFER_TOO_SMALL;
    }
    strongroom_status_t status =
        as_text ? strongroom_manager_get_value(m, TEXT(key), NULL, buffer, capacity, &length, NULL)
                : strongroom_manager_get_into(m, TEXT(key), NULL, buffer, capacity, &length, NULL);
    CHECK_STATUS(status, wanted);
    bool has_length = wanted == STRONGROOM_STATUS_OK || wanted == STRONGROOM_STATUS_BUFFER_TOO_SMALL;
    CHECK_NUMBER(length, has_length ? version->length : 0);
    if (wanted == STRONGROOM_STATUS_OK) {
        CHECK(memcmp(buffer, version->value, version->length) == 0);
        CHECK(buffer[version->length] == (as_text ? '\0' : '#'));
    } else {
        CHECK(!memchr(buffer, 'v', sizeof buffer));
    }
}

static void do_get_version(void) {
    strongroom_secret_t *secret = NULL;
    const version_t *version = entry->count && choose(4) ? &entry->versions[choose(entry->count)] : NULL;
    const char *word = version ? version->word : "none";
    CHECK_STATUS(strongroom_manager_get_version(m, TEXT(key), TEXT(word), NULL, &secret, NULL), read_status(version));
    if (secret) {
        check_secret(secret, version);
        keep(secret, version);
    }
}

static void do_get_many(void) {
    char texts[4][64];
    const char *keys[4];
    size_t first = choose(KEYS), count = choose(5);
    strongroom_list_t *list = NULL;
    for (size_t i = 0; i < count; i++) {
        key_text((first + 5 * i) % KEYS, texts[i]);
        keys[i] = texts[i];
    }
    CHECK_OK(strongroom_manager_get_many(m, keys, NULL, count, NULL, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), count);
    for (size_t i = 0; i < count; i++) {
        strongroom_secret_t *secret = NULL;
        const version_t *version = current(&store->entries[(first + 5 * i) % KEYS]);
        CHECK_TEXT(strongroom_list_key(list, i), texts[i]);
        if (CHECK_STATUS(strongroom_list_outcome(list, i, NULL), read_status(version)) &&
            read_status(version) == STRONGROOM_STATUS_OK) {
            CHECK_OK(strongroom_list_secret(list, i, &secret, NULL));
            check_secret(secret, version);
            CHECK_OK(strongroom_secret_free(secret));
        }
    }
    CHECK_OK(strongroom_list_free(list));
}

static void do_describe(void) {
    strongroom_metadata_t *metadata = NULL;
    const version_t *version = current(entry);
    bool exists = !version;
    CHECK_OK(strongroom_manager_exists(m, TEXT(key), NULL, &exists, NULL));
    CHECK_NUMBER(exists, version != NULL);
    CHECK_STATUS(strongroom_manager_describe(m, TEXT(key), NULL, &metadata, NULL),
                 version ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    if (metadata) {
        check_metadata(metadata, version);
    }
}

static void do_list(void) {
    size_t scope = choose(SCOPES), at = 0;
    strongroom_call_t *call = call_of((const char *const[]){"scope", SCOPE_NAMES[scope], NULL});
    strongroom_list_t *list = NULL;
    char text[64];
    CHECK_OK(strongroom_manager_list(m, call, &list, NULL));
    for (size_t i = scope * NAMES; i < (scope + 1) * NAMES; i++) {
        const version_t *version = current(&store->entries[i]);
        if (version) {
            key_text(i, text);
            CHECK_TEXT(strongroom_list_key(list, at), text);
            CHECK_NUMBER(strongroom_list_flags(list, at) & STRONGROOM_ITEM_EXPIRED, version->expiry == PAST);
            at++;
        }
    }
    CHECK_NUMBER(strongroom_list_len(list), at);
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_call_free(call));
}

static void do_versions(void) {
    strongroom_list_t *list = NULL;
    CHECK_STATUS(strongroom_manager_versions(m, TEXT(key), NULL, &list, NULL),
                 entry->count ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    CHECK_NUMBER(strongroom_list_len(list), entry->count);
    for (size_t i = 0; i < entry->count; i++) {
        strongroom_metadata_t *metadata = NULL;
        CHECK_OK(strongroom_list_metadata(list, i, &metadata, NULL));
        CHECK_TEXT(strongroom_metadata_version(metadata), entry->versions[entry->count - 1 - i].word);
        CHECK_OK(strongroom_metadata_free(metadata));
    }
    CHECK_OK(strongroom_list_free(list));
}

static void do_verify(void) {
    strongroom_report_t *report = NULL;
    uint64_t number = 0;
    CHECK_OK(strongroom_manager_verify(m, NULL, &report, NULL));
    CHECK_OK(strongroom_report_number(report, TEXT("secrets"), &number));
    CHECK_NUMBER(number, secrets_in(store));
    CHECK_OK(strongroom_report_number(report, TEXT("versions"), &number));
    CHECK_NUMBER(number, versions_in(store));
    CHECK_OK(strongroom_report_free(report));
}

#include "writes.h"

/* ---- what changes nothing ---- */

static void do_nonsense(void) {
    strongroom_secret_t *secret = NULL;
    strongroom_error_t *error = NULL;
    int on_the_stack = 0;
    const strongroom_manager_t *none = choose(2) ? gone : (void *)&on_the_stack;
    strongroom_status_t wanted = STRONGROOM_STATUS_INVALID_HANDLE, status = STRONGROOM_STATUS_OK;
    switch (choose(8)) {
    case 0: status = strongroom_manager_get(none, TEXT(key), NULL, &secret, &error); break;
    case 1: status = strongroom_manager_delete(none, TEXT(key), NULL, &error); break;
    case 2: status = strongroom_manager_set(m, TEXT(key), TEXT("x"), NULL, (void *)m, NULL, &error); break;
    case 3:
        wanted = STRONGROOM_STATUS_INVALID_ARGUMENT;
        status = strongroom_manager_delete(m, NULL, 3, NULL, &error);
        break;
    case 4:
        wanted = STRONGROOM_STATUS_TOO_LARGE;
        status = strongroom_manager_set(m, TEXT(key), "x", SIZE_MAX / 2, NULL, NULL, NULL, &error);
        break;
    default:
        wanted = STRONGROOM_STATUS_INVALID_KEY;
        static const char *const BAD[] = {"\xff", "no key", "planet/earth/key", ""};
        status = strongroom_manager_get(m, TEXT(BAD[choose(4)]), NULL, &secret, &error);
    }
    CHECK_STATUS(status, wanted);
    CHECK(secret == NULL);
    CHECK(error != NULL);
    CHECK_OK(strongroom_error_free(error));
}

/* ---- managers ---- */

static void open_slot(size_t slot) {
    static const struct {
        size_t store, scope;
    } PLAN[MANAGERS] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}};
    strongroom_options_t *options = NULL;
    size_t number = PLAN[slot].store, scope = PLAN[slot].scope;
    managers[slot].store = number;
    managers[slot].scope = scope;
    if (number < 2 || scope == 1) {
        /* A memory is its manager's own, so that what shares it is a view. */
        size_t base = slot - 1;
        if (scope == 1) {
            const strongroom_manager_t *whole = managers[base].handle;
            CHECK_OK(strongroom_manager_scoped(whole, TEXT(SCOPE_NAMES[1]), &managers[slot].handle, NULL));
            return;
        }
        managers[slot].handle =
            open_with((const char *const[]){"backend", "memory", "cache", number == 0 ? "on" : "off", NULL});
        return;
    }
    options = encrypted_options(number == 2 ? "shared" : "cached");
    CHECK_OK(strongroom_options_set(options, TEXT("cache"), TEXT(number == 2 ? "off" : "on"), NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &managers[slot].handle, NULL));
    CHECK_OK(strongroom_options_free(options));
}

/* Frees a view, or a manager of an encrypted store, and opens it again; what was stored is still there. */
static void do_reopen(void) {
    static const size_t SLOTS[] = {1, 3, 4, 5, 6, 8};
    size_t slot = SLOTS[choose(choose(20) ? 2 : 6)];
    gone = managers[slot].handle;
    CHECK_OK(strongroom_manager_free(gone));
    CHECK_STATUS(strongroom_manager_free(gone), STRONGROOM_STATUS_INVALID_HANDLE);
    open_slot(slot);
}

static void do_lock(void) {
    CHECK_OK(strongroom_manager_lock(m, NULL, NULL));
}

static void do_refresh(void) {
    CHECK_OK(strongroom_manager_refresh(m, NULL, NULL));
}

static void do_restore(void) {
    CHECK_STATUS(strongroom_manager_restore(m, TEXT(key), NULL, NULL, NULL), STRONGROOM_STATUS_UNSUPPORTED);
}

/* A reference leads to what the key leads to. */
static void do_resolve(void) {
    char reference[sizeof key + 16];
    strongroom_secret_t *secret = NULL;
    const version_t *version = current(entry);
    snprintf(reference, sizeof reference, "secret://%s", key);
    strongroom_status_t status = strongroom_manager_resolve(m, TEXT(reference), NULL, &secret, NULL);
    if (CHECK_STATUS(status, read_status(version)) && status == STRONGROOM_STATUS_OK) {
        check_secret(secret, version);
        keep(secret, version);
    }
}

/* One after the other, so that there are many at once and their managers go before them. */
static void do_subscribe(void) {
    strongroom_subscription_t **place = &subscriptions[choose(HELD)];
    strongroom_change_t *change = NULL;
    strongroom_status_t status = STRONGROOM_STATUS_OK;
    while (*place && status == STRONGROOM_STATUS_OK) {
        status = strongroom_subscription_next(*place, 0, &change, NULL);
        CHECK_OK(strongroom_change_free(change));
    }
    CHECK(!*place || status == STRONGROOM_STATUS_TIMEOUT || status == STRONGROOM_STATUS_CLOSED);
    CHECK_OK(strongroom_subscription_free(*place));
    *place = NULL;
    CHECK_OK(strongroom_manager_subscribe(m, NULL, NULL, 0, NULL, place, NULL));
}

/* ---- the drive ---- */

static const struct {
    const char *name;
    void (*run)(void);
    size_t weight;
} OPERATIONS[] = {
    {"get", do_get, 12},
    {"get, expired too", do_get_expired_too, 3},
    {"get with a callback", do_get_async, 4},
    {"get into a buffer", do_get_copied, 8},
    {"get a version", do_get_version, 4},
    {"get many", do_get_many, 3},
    {"describe", do_describe, 4},
    {"list", do_list, 2},
    {"versions", do_versions, 3},
    {"verify", do_verify, 1},
    {"use what is held", use_held, 8},
    {"set", do_set, 10},
    {"set on a condition", do_set_if, 4},
    {"set with a callback", do_set_async, 3},
    {"set many", do_set_many, 2},
    {"set an API key", do_set_api_key, 2},
    {"update the value", do_update_value, 3},
    {"update the metadata", do_update_metadata, 3},
    {"rotate", do_rotate, 2},
    {"get or generate", do_get_or_generate, 2},
    {"roll back", do_rollback, 3},
    {"delete", do_delete, 4},
    {"nonsense", do_nonsense, 6},
    {"reopen", do_reopen, 1},
    {"lock", do_lock, 1},
    {"refresh", do_refresh, 1},
    {"restore", do_restore, 1},
    {"resolve", do_resolve, 3},
    {"subscribe", do_subscribe, 2},
};
enum { OPERATION_COUNT = sizeof OPERATIONS / sizeof OPERATIONS[0] };

static size_t choose_operation(void) {
    size_t sum = 0, at = 0;
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        sum += OPERATIONS[i].weight;
    }
    for (size_t left = choose(sum); left >= OPERATIONS[at].weight; at++) {
        left -= OPERATIONS[at].weight;
    }
    return at;
}

int main(int argc, char **argv) {
    size_t operations = argc > 2 ? strtoul(argv[2], NULL, 10) : 10000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)time(NULL);
    check_begin(argc, argv);
    if (operations > 100000) {
        check_no_watchdog();
    }
    printf("seed %llu, %zu operations\n", (unsigned long long)seed, operations);
    state = seed;
    for (size_t slot = 0; slot < MANAGERS; slot++) {
        open_slot(slot);
    }
    gone = managers[1].handle;
    CHECK_OK(strongroom_manager_free(gone));
    open_slot(1);
    for (size_t i = 0; i < operations && check_code() == 0; i++) {
        char about[160];
        choose_target();
        size_t operation = choose_operation();
        snprintf(about, sizeof about, "seed %llu, operation %zu (%s, %s)", (unsigned long long)seed, i,
                 OPERATIONS[operation].name, key);
        check_about(about);
        OPERATIONS[operation].run();
        check_about(NULL);
    }
    for (size_t i = 0; i < HELD; i++) {
        CHECK_STATUS(strongroom_secret_free(held[i].handle),
                     held[i].freed ? STRONGROOM_STATUS_INVALID_HANDLE : STRONGROOM_STATUS_OK);
    }
    for (size_t i = 0; i < HELD; i++) {
        CHECK_OK(strongroom_subscription_free(subscriptions[i]));
    }
    for (size_t slot = 0; slot < MANAGERS; slot++) {
        CHECK_OK(strongroom_manager_free(managers[slot].handle));
    }
    return check_end();
}
