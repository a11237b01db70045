/* valgrind
   Handles are words with a generation: stale ones, guessed ones, shared ones, very many. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "open.h"
#include "testing.h"

/* A slot that is used again does not make an old handle good again. */
static void test_reused_slots_do_not_revive_handles(void) {
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "key", "value"));
    enum { KEPT = 64 };
    strongroom_secret_t *stale[KEPT] = {0};
    size_t rounds = many(100000, 1000);
    for (size_t round = 0; round < rounds; round++) {
        strongroom_secret_t *secret = NULL;
        CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL));
        for (size_t i = round % KEPT; i < KEPT && round < 4 * KEPT; i++) {
            CHECK(stale[i] != secret);
        }
        if (stale[round % KEPT]) {
            CHECK(strongroom_secret_data(stale[round % KEPT]) == NULL);
        }
        CHECK_OK(strongroom_secret_free(secret));
        stale[round % KEPT] = secret;
    }
    /* One that is alive in the same slot is not reached through any of the old ones. */
    strongroom_secret_t *live = NULL;
    CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &live, NULL));
    for (size_t i = 0; i < KEPT; i++) {
        CHECK(strongroom_secret_data(stale[i]) == NULL);
        CHECK_NUMBER(strongroom_secret_len(stale[i]), 0);
        CHECK_STATUS(strongroom_secret_free(stale[i]), STRONGROOM_STATUS_INVALID_HANDLE);
    }
    CHECK_BYTES(strongroom_secret_data(live), strongroom_secret_len(live), "value");
    CHECK_OK(strongroom_secret_free(live));
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_managers_are_opened_and_freed_many_times(void) {
    strongroom_options_t *options = options_of((const char *const[]){"backend", "memory", NULL});
    strongroom_manager_t *before = NULL;
    size_t rounds = many(20000, 1000);
    for (size_t round = 0; round < rounds; round++) {
        strongroom_manager_t *manager = NULL;
        CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
        CHECK(manager != before);
        CHECK_STATUS(set(before, "key", "value"), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_OK(strongroom_manager_free(manager));
        before = manager;
    }
    CHECK_OK(strongroom_options_free(options));
}

/* With one handle alive, no word that differs from it in one bit is a handle. */
static void test_no_neighbour_of_a_handle_is_one(void) {
    strongroom_cancel_t *cancel = cancel_new();
    for (unsigned bit = 0; bit < 8 * sizeof cancel; bit++) {
        void *other = (void *)((uintptr_t)cancel ^ (uintptr_t)1 << bit);
        CHECK_STATUS(strongroom_cancel_fire(other), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_STATUS(strongroom_cancel_free(other), STRONGROOM_STATUS_INVALID_HANDLE);
    }
    srand(4);
    for (size_t i = 0; i < many(200000, 10000); i++) {
        uintptr_t word = ((uintptr_t)rand() << 33) ^ ((uintptr_t)rand() << 11) ^ (uintptr_t)rand();
        if (word != (uintptr_t)cancel && word != 0) {
            CHECK_STATUS(strongroom_cancel_free((void *)word), STRONGROOM_STATUS_INVALID_HANDLE);
        }
    }
    CHECK_OK(strongroom_cancel_free(cancel));
}

static void test_very_many_are_alive_at_once(void) {
    size_t count = many(100000, 5000);
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "key", "value"));
    strongroom_secret_t **secrets = calloc(count, sizeof *secrets);
    size_t before = strongroom_testing_live_handles();
    for (size_t i = 0; i < count; i++) {
        CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &secrets[i], NULL));
    }
    CHECK_NUMBER(strongroom_testing_live_handles() - before, count);
    for (size_t i = 0; i < count; i++) {
        /* In another order than they were made. */
        size_t at = i * 7919 % count;
        CHECK_BYTES(strongroom_secret_data(secrets[at]), strongroom_secret_len(secrets[at]), "value");
        CHECK_OK(strongroom_secret_free(secrets[at]));
    }
    CHECK_NUMBER(strongroom_testing_live_handles() - before, 0);
    free(secrets);
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- handles that one thread uses while another frees them ---- */

enum { THREADS = 8, SHARED = 16 };
static _Atomic(strongroom_secret_t *) shared_secrets[SHARED];
static _Atomic(strongroom_manager_t *) shared_managers[SHARED];
static atomic_bool over;

static bool is_ok_or_stale(strongroom_status_t status) {
    return status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_INVALID_HANDLE;
}

/* Takes what others share, uses it by every call that keeps no pointer, and frees it now and then. */
static void *use_shared(void *context) {
    unsigned seed = (unsigned)(uintptr_t)context;
    while (!over) {
        strongroom_manager_t *manager = shared_managers[rand_r(&seed) % SHARED];
        strongroom_secret_t *secret = shared_secrets[rand_r(&seed) % SHARED], *mine = NULL;
        strongroom_metadata_t *metadata = NULL;
        CHECK(is_ok_or_stale(set(manager, "key", "other")));
        CHECK(is_ok_or_stale(strongroom_manager_get(manager, TEXT("key"), NULL, &mine, NULL)));
        CHECK_OK(strongroom_secret_free(mine));
        size_t length = strongroom_secret_len(secret);
        CHECK(length == 0 || length == 5);
        CHECK(is_ok_or_stale(strongroom_secret_metadata(secret, &metadata, NULL)));
        CHECK_OK(strongroom_metadata_free(metadata));
        if (rand_r(&seed) % 4 == 0) {
            CHECK(is_ok_or_stale(strongroom_secret_free(secret)));
        }
        if (rand_r(&seed) % 16 == 0) {
            CHECK(is_ok_or_stale(strongroom_manager_free(manager)));
        }
    }
    return NULL;
}

static void test_handles_may_be_freed_under_others(void) {
    strongroom_options_t *options = options_of((const char *const[]){"backend", "memory", NULL});
    pthread_t threads[THREADS];
    strongroom_manager_t *source = open_memory();
    CHECK_OK(set(source, "key", "value"));
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, use_shared, (void *)(i + 1)), 0);
    }
    for (size_t round = 0; round < many(1500, 300); round++) {
        strongroom_secret_t *secret = NULL;
        strongroom_manager_t *manager = NULL;
        CHECK_OK(strongroom_manager_get(source, TEXT("key"), NULL, &secret, NULL));
        secret = atomic_exchange(&shared_secrets[round % SHARED], secret);
        CHECK(is_ok_or_stale(strongroom_secret_free(secret)));
        CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
        CHECK_OK(set(manager, "key", "value"));
        manager = atomic_exchange(&shared_managers[round % SHARED], manager);
        CHECK(is_ok_or_stale(strongroom_manager_free(manager)));
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < SHARED; i++) {
        CHECK(is_ok_or_stale(strongroom_secret_free(shared_secrets[i])));
        CHECK(is_ok_or_stale(strongroom_manager_free(shared_managers[i])));
    }
    CHECK_OK(strongroom_manager_free(source));
    CHECK_OK(strongroom_options_free(options));
}

/* A double free from two threads: one of them wins, exactly. */
static atomic_int won;

static void *free_one(void *secret) {
    strongroom_status_t status = strongroom_secret_free(secret);
    CHECK(is_ok_or_stale(status));
    won += status == STRONGROOM_STATUS_OK;
    return NULL;
}

static void test_of_two_frees_one_wins(void) {
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "key", "value"));
    int rounds = (int)many(2000, 150);
    for (int round = 0; round < rounds; round++) {
        strongroom_secret_t *secret = NULL;
        pthread_t other;
        CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL));
        CHECK_NUMBER(pthread_create(&other, NULL, free_one, secret), 0);
        free_one(secret);
        pthread_join(other, NULL);
        CHECK_NUMBER(won, round + 1);
    }
    CHECK_OK(strongroom_manager_free(manager));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_no_neighbour_of_a_handle_is_one();
    test_reused_slots_do_not_revive_handles();
    test_managers_are_opened_and_freed_many_times();
    test_very_many_are_alive_at_once();
    test_handles_may_be_freed_under_others();
    test_of_two_frees_one_wins();
    return check_end();
}
