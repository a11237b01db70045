#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* No call of a vector may take so long. */
#define PATIENCE_SECONDS 60

struct arrival {
    struct outcome *outcome;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool arrived;
};

struct arrival *arrival_new(struct outcome *outcome) {
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (arrival == NULL || pthread_mutex_init(&arrival->mutex, NULL) != 0 ||
        pthread_cond_init(&arrival->changed, NULL) != 0)
        die("no memory for a completion");
    arrival->outcome = outcome;
    return arrival;
}

void arrival_await(struct arrival *arrival, strongroom_status_t started) {
    if (started == STRONGROOM_STATUS_OK) {
        struct timespec limit;
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_sec += PATIENCE_SECONDS;
        pthread_mutex_lock(&arrival->mutex);
        while (!arrival->arrived) {
            if (pthread_cond_timedwait(&arrival->changed, &arrival->mutex, &limit) == ETIMEDOUT)
                die("a call was started and never completed");
        }
        pthread_mutex_unlock(&arrival->mutex);
    } else {
        arrival->outcome->status = started;
    }
    pthread_cond_destroy(&arrival->changed);
    pthread_mutex_destroy(&arrival->mutex);
    free(arrival);
}

/* `field` of the outcome is filled before the waiting thread is woken. */
#define ARRIVED(kind, type)                                                                                            \
    void kind##_arrived(void *context, strongroom_status_t status, type kind, strongroom_error_t *error) {             \
        struct arrival *arrival = context;                                                                             \
        pthread_mutex_lock(&arrival->mutex);                                                                           \
        arrival->outcome->kind = kind;                                                                                 \
        finish(arrival, status, error);                                                                                \
    }

/* Called with the mutex held; gives it back. */
static void finish(struct arrival *arrival, strongroom_status_t status, strongroom_error_t *error) {
    check(!arrival->arrived, "a completion comes once");
    arrival->outcome->status = status;
    arrival->outcome->error = error;
    arrival->arrived = true;
    pthread_cond_signal(&arrival->changed);
    pthread_mutex_unlock(&arrival->mutex);
}

ARRIVED(secret, strongroom_secret_t *)
ARRIVED(list, strongroom_list_t *)
ARRIVED(exists, bool)
ARRIVED(metadata, strongroom_metadata_t *)
ARRIVED(written, strongroom_written_t *)
ARRIVED(report, strongroom_report_t *)
ARRIVED(explanation, strongroom_explanation_t *)
ARRIVED(transferred, strongroom_transferred_t *)
ARRIVED(manager, strongroom_manager_t *)

void done_arrived(void *context, strongroom_status_t status, strongroom_error_t *error) {
    struct arrival *arrival = context;
    pthread_mutex_lock(&arrival->mutex);
    finish(arrival, status, error);
}

void outcome_free(struct outcome *outcome) {
    bool freed = strongroom_error_free(outcome->error) == STRONGROOM_STATUS_OK;
    freed &= strongroom_secret_free(outcome->secret) == STRONGROOM_STATUS_OK;
    freed &= strongroom_list_free(outcome->list) == STRONGROOM_STATUS_OK;
    freed &= strongroom_metadata_free(outcome->metadata) == STRONGROOM_STATUS_OK;
    freed &= strongroom_written_free(outcome->written) == STRONGROOM_STATUS_OK;
    freed &= strongroom_report_free(outcome->report) == STRONGROOM_STATUS_OK;
    freed &= strongroom_explanation_free(outcome->explanation) == STRONGROOM_STATUS_OK;
    freed &= strongroom_transferred_free(outcome->transferred) == STRONGROOM_STATUS_OK;
    freed &= strongroom_manager_free(outcome->manager) == STRONGROOM_STATUS_OK;
    check(freed, "everything that a call gave is freed");
    *outcome = (struct outcome){0};
}
