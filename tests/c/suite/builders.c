/* valgrind
   Builders that two threads fill at once, and that others read and use meanwhile: the order is open, nothing else. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "open.h"

enum { LABELS = 16, SETTERS = 2 };

static strongroom_manager_t *manager;
static strongroom_call_t *call;
static strongroom_metadata_t *metadata;
static strongroom_batch_t *batch;
static strongroom_options_t *options;
static atomic_bool over;
static atomic_long looks;

static void *fill(void *context) {
    size_t which = (size_t)(uintptr_t)context, rounds = many(300, 20);
    static const char *const TIMEOUTS[SETTERS] = {"5s", "7s"}, *const CACHES[SETTERS] = {"on", "off"};
    for (size_t round = 0; round < rounds; round++) {
        char name[32];
        snprintf(name, sizeof name, "label-%zu-%zu", which, round % LABELS);
        CHECK_OK(strongroom_call_set(call, TEXT("timeout"), TEXT(TIMEOUTS[which]), NULL));
        CHECK_OK(strongroom_call_set(call, TEXT("actor"), TEXT(name), NULL));
        CHECK_OK(strongroom_metadata_set_label(metadata, TEXT(name), TEXT(name), NULL));
        CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT(name), NULL));
        CHECK_OK(strongroom_metadata_set_expires_at(metadata, (int64_t)which + 1, NULL));
        CHECK_OK(strongroom_options_set(options, TEXT("cache"), TEXT(CACHES[which]), NULL));
        if (round < LABELS) {
            CHECK_OK(strongroom_batch_add(batch, TEXT(name), TEXT(name), NULL, NULL));
        }
    }
    return NULL;
}

/* What is there stays there: no look finds the answers of an object that is none. */
static void *look(void *context) {
    size_t labels = 0;
    while (!over) {
        int64_t expiry = 0;
        size_t now = strongroom_metadata_label_count(metadata);
        CHECK(now >= labels && now <= SETTERS * LABELS);
        labels = now;
        CHECK(strongroom_metadata_is_expired(metadata));
        CHECK_OK(strongroom_metadata_expires_at(metadata, &expiry));
        CHECK(expiry == 1 || expiry == 2);
        CHECK(strongroom_metadata_provider(metadata) != NULL);
        looks++;
    }
    return context;
}

static void *use(void *context) {
    while (!over) {
        strongroom_secret_t *secret = NULL;
        strongroom_manager_t *other = NULL;
        CHECK_OK(strongroom_manager_set(manager, TEXT("key"), TEXT("value"), NULL, call, NULL, NULL));
        CHECK_OK(strongroom_manager_get(manager, TEXT("key"), call, &secret, NULL));
        CHECK_OK(strongroom_secret_free(secret));
        CHECK_OK(strongroom_manager_set(manager, TEXT("other"), TEXT("value"), metadata, call, NULL, NULL));
        CHECK_STATUS(strongroom_manager_get(manager, TEXT("other"), call, &secret, NULL), STRONGROOM_STATUS_EXPIRED);
        CHECK_OK(strongroom_manager_open(options, NULL, &other, NULL));
        CHECK_OK(strongroom_manager_free(other));
        looks++;
    }
    return context;
}

static void test_two_fill_at_once(void) {
    static void *(*const LOOKERS[])(void *) = {look, look, use};
    enum { OTHERS = sizeof LOOKERS / sizeof LOOKERS[0] };
    pthread_t setters[SETTERS], others[OTHERS];
    strongroom_list_t *list = NULL;
    manager = open_memory();
    options = options_of((const char *const[]){"backend", "memory", NULL});
    call = call_of((const char *const[]){"timeout", "5s", NULL});
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, 1, NULL));
    CHECK_OK(strongroom_metadata_set_provider(metadata, TEXT("acme"), NULL));
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    for (size_t i = 0; i < OTHERS; i++) {
        CHECK_NUMBER(pthread_create(&others[i], NULL, LOOKERS[i], NULL), 0);
    }
    for (uintptr_t i = 0; i < SETTERS; i++) {
        CHECK_NUMBER(pthread_create(&setters[i], NULL, fill, (void *)i), 0);
    }
    for (size_t i = 0; i < SETTERS; i++) {
        pthread_join(setters[i], NULL);
    }
    over = true;
    for (size_t i = 0; i < OTHERS; i++) {
        pthread_join(others[i], NULL);
    }
    CHECK(looks > 0);
    CHECK_NUMBER(strongroom_metadata_label_count(metadata), SETTERS * LABELS);
    for (int which = 0; which < SETTERS; which++) {
        for (int i = 0; i < LABELS; i++) {
            char name[32];
            snprintf(name, sizeof name, "label-%d-%d", which, i);
            CHECK_TEXT(strongroom_metadata_label(metadata, TEXT(name)), name);
        }
    }
    CHECK_OK(strongroom_manager_set_many(manager, batch, call, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), SETTERS * LABELS);
    for (size_t i = 0; i < strongroom_list_len(list); i++) {
        CHECK_OK(strongroom_list_outcome(list, i, NULL));
    }
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_batch_free(batch));
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_options_free(options));
    CHECK_OK(strongroom_manager_free(manager));
}

/* Freed or none: expired, so that nobody goes on with it. */
static void test_what_is_freed_is_expired(void) {
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK(strongroom_metadata_is_expired(metadata));
    CHECK(strongroom_metadata_is_expired(NULL));
    CHECK_NUMBER(strongroom_metadata_label_count(metadata), 0);
    CHECK(strongroom_metadata_provider(metadata) == NULL);
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    CHECK(!strongroom_metadata_is_expired(metadata));
    CHECK_OK(strongroom_metadata_free(metadata));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_two_fill_at_once();
    test_what_is_freed_is_expired();
    return check_end();
}
