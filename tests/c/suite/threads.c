/* Eight threads, all verbs, one manager and several; managers that are freed while calls run. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "open.h"

enum { THREADS = 8, MANAGERS = 4, KEYS = 5 };

typedef struct worker_t {
    strongroom_manager_t *managers[MANAGERS];
    size_t manager_count, rounds;
    unsigned seed;
    /* Others free the managers, so that the handle may be none any more. */
    bool may_be_gone;
} worker_t;

static bool is_one_of(strongroom_status_t status, const strongroom_status_t *expected) {
    for (; *expected != STRONGROOM_STATUS_INTERNAL; expected++) {
        if (status == *expected) {
            return true;
        }
    }
    return false;
}
#define IS_ONE_OF(status, ...)                                                                                         \
    is_one_of((status), (const strongroom_status_t[]){STRONGROOM_STATUS_OK, __VA_ARGS__, STRONGROOM_STATUS_INTERNAL})

/* One verb chosen at random. Every value that is ever written begins with `value`. */
static strongroom_status_t one_call(const strongroom_manager_t *m, unsigned *seed) {
    char key[32], value[32], buffer[64];
    const char *keys[KEYS] = {"key0", "key1", "key2", "key3", "key4"};
    strongroom_secret_t *secret = NULL;
    strongroom_list_t *list = NULL;
    strongroom_metadata_t *metadata = NULL;
    strongroom_batch_t *batch = NULL;
    strongroom_report_t *report = NULL;
    strongroom_status_t status = STRONGROOM_STATUS_INTERNAL;
    answer_t answer;
    bool exists = false;
    size_t length = 0;
    snprintf(key, sizeof key, "key%d", rand_r(seed) % KEYS);
    snprintf(value, sizeof value, "value%d", rand_r(seed));
    switch (rand_r(seed) % 14) {
    case 0: status = set(m, key, value); break;
    case 1:
        status = strongroom_manager_get(m, TEXT(key), NULL, &secret, NULL);
        CHECK(status != STRONGROOM_STATUS_OK || memcmp(strongroom_secret_data(secret), "value", 5) == 0);
        break;
    case 2:
        status = strongroom_manager_get_value(m, TEXT(key), NULL, buffer, sizeof buffer, &length, NULL);
        CHECK(status != STRONGROOM_STATUS_OK || (strncmp(buffer, "value", 5) == 0 && strlen(buffer) == length));
        break;
    case 3: status = strongroom_manager_get_many(m, keys, NULL, KEYS, NULL, &list, NULL); break;
    case 4: status = strongroom_manager_exists(m, TEXT(key), NULL, &exists, NULL); break;
    case 5: status = strongroom_manager_describe(m, TEXT(key), NULL, &metadata, NULL); break;
    case 6: status = strongroom_manager_list(m, NULL, &list, NULL); break;
    case 7: status = strongroom_manager_versions(m, TEXT(key), NULL, &list, NULL); break;
    case 8: status = strongroom_manager_update_value(m, TEXT(key), TEXT(value), NULL, NULL, NULL); break;
    case 9: status = strongroom_manager_delete(m, TEXT(key), NULL, NULL); break;
    case 10: status = strongroom_manager_rollback(m, TEXT(key), NULL, 0, NULL, NULL, NULL); break;
    case 11:
        CHECK_OK(strongroom_batch_new(&batch, NULL));
        CHECK_OK(strongroom_batch_add(batch, TEXT(key), TEXT(value), NULL, NULL));
        status = strongroom_manager_set_many(m, batch, NULL, &list, NULL);
        CHECK_OK(strongroom_batch_free(batch));
        break;
    case 12: status = strongroom_manager_health(m, NULL, &report, NULL); break;
    default:
        answer_init(&answer);
        status = START(&answer, strongroom_manager_get_async(m, TEXT(key), NULL, answer_secret, &answer, NULL));
        bool started = status == STRONGROOM_STATUS_OK;
        status = started ? answer_wait(&answer) : status;
        answer_end(&answer, started);
    }
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_report_free(report));
    return status;
}

static void *work(void *context) {
    worker_t *worker = context;
    for (size_t round = 0; round < worker->rounds; round++) {
        const strongroom_manager_t *manager = worker->managers[(size_t)rand_r(&worker->seed) % worker->manager_count];
        strongroom_status_t status = one_call(manager, &worker->seed);
        /* A conflict: sixteen times another writer was faster. */
        bool known = IS_ONE_OF(status, STRONGROOM_STATUS_NOT_FOUND, STRONGROOM_STATUS_CONFLICT);
        if (!known && worker->may_be_gone) {
            known = status == STRONGROOM_STATUS_INVALID_HANDLE;
        }
        if (!known) {
            check_failed(__FILE__, __LINE__, "a call answered %s", strongroom_status_token(status));
        }
        CHECK(known);
    }
    return NULL;
}

static void run(strongroom_manager_t **managers, size_t count, size_t rounds, bool freeing) {
    pthread_t threads[THREADS];
    worker_t workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){.manager_count = count, .rounds = rounds, .seed = i + 1, .may_be_gone = freeing};
        memcpy(workers[i].managers, managers, count * sizeof *managers);
        CHECK_NUMBER(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; freeing && i < count; i++) {
        sleep_ms(20);
        CHECK_OK(strongroom_manager_free(managers[i]));
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; !freeing && i < count; i++) {
        strongroom_report_t *report = NULL;
        CHECK_OK(strongroom_manager_verify(managers[i], NULL, &report, NULL));
        CHECK_OK(strongroom_report_free(report));
        CHECK_OK(strongroom_manager_free(managers[i]));
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    strongroom_manager_t *memory[] = {open_memory()};
    run(memory, 1, many(20000, 1000), false);
    strongroom_manager_t *one[] = {open_encrypted("threads")};
    run(one, 1, many(150, 40), false);
    /* Several managers of one store, each with its own cache, and one of another. */
    strongroom_manager_t *several[] = {open_encrypted("threads"), open_encrypted("threads"), open_encrypted("other"),
                                       open_memory()};
    run(several, MANAGERS, many(150, 40), false);
    strongroom_manager_t *freed[] = {open_memory(), open_encrypted("threads"), open_memory(), open_encrypted("freed")};
    run(freed, MANAGERS, many(1000, 100), true);
    return check_end();
}
