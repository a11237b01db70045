#define _GNU_SOURCE
#include "answer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_SECONDS = 30 };

void answer_init(answer_t *answer) {
    memset(answer, 0, sizeof *answer);
    pthread_mutexattr_t checking;
    pthread_mutexattr_init(&checking);
    pthread_mutexattr_settype(&checking, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&answer->mutex, &checking);
    pthread_mutexattr_destroy(&checking);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&answer->arrived, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void answer_lock(answer_t *answer) { CHECK_NUMBER(pthread_mutex_lock(&answer->mutex), 0); }

strongroom_status_t answer_unlock(answer_t *answer, strongroom_status_t status) {
    CHECK_NUMBER(answer->completions, 0);
    CHECK_NUMBER(pthread_mutex_unlock(&answer->mutex), 0);
    return status;
}

strongroom_status_t answer_wait(answer_t *answer) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += is_slow() ? 4 * PATIENCE_SECONDS : PATIENCE_SECONDS;
    int outcome = 0;
    answer_lock(answer);
    while (answer->completions == 0 && outcome != ETIMEDOUT) {
        outcome = pthread_cond_timedwait(&answer->arrived, &answer->mutex, &end);
    }
    CHECK_NUMBER(answer->completions, 1);
    strongroom_status_t status = answer->status;
    pthread_mutex_unlock(&answer->mutex);
    return status;
}

void answer_end(answer_t *answer, int completions) {
    answer_lock(answer);
    CHECK_NUMBER(answer->completions, completions);
    if (answer->completions > 0) {
        CHECK(!pthread_equal(answer->thread, pthread_self()));
        CHECK((answer->error != NULL) == (answer->status != STRONGROOM_STATUS_OK));
        if (answer->error) {
            CHECK_STATUS(strongroom_error_status(answer->error), answer->status);
        }
    }
    CHECK_OK(strongroom_error_free(answer->error));
    CHECK_OK(strongroom_secret_free(answer->secret));
    CHECK_OK(strongroom_list_free(answer->list));
    CHECK_OK(strongroom_metadata_free(answer->metadata));
    CHECK_OK(strongroom_written_free(answer->written));
    CHECK_OK(strongroom_report_free(answer->report));
    CHECK_OK(strongroom_manager_free(answer->manager));
    CHECK_OK(strongroom_subscription_free(answer->subscription));
    CHECK_OK(strongroom_explanation_free(answer->explanation));
    CHECK_OK(strongroom_transferred_free(answer->transferred));
    pthread_mutex_unlock(&answer->mutex);
    pthread_mutex_destroy(&answer->mutex);
    pthread_cond_destroy(&answer->arrived);
}

/* Takes the lock, which whoever starts a call still holds; `leave` gives it back. */
static answer_t *enter(void *context, strongroom_status_t status, strongroom_error_t *error) {
    answer_t *answer = context;
    CHECK_NUMBER(pthread_mutex_lock(&answer->mutex), 0);
    answer->completions++;
    answer->status = status;
    answer->error = error;
    answer->thread = pthread_self();
    return answer;
}

static void leave(answer_t *answer) {
    pthread_cond_broadcast(&answer->arrived);
    pthread_mutex_unlock(&answer->mutex);
}

#define ANSWER(function, type, field)                                                                                  \
    void function(void *context, strongroom_status_t status, type field, strongroom_error_t *error) {                  \
        answer_t *answer = enter(context, status, error);                                                              \
        answer->field = field;                                                                                         \
        leave(answer);                                                                                                 \
    }

ANSWER(answer_secret, strongroom_secret_t *, secret)
ANSWER(answer_list, strongroom_list_t *, list)
ANSWER(answer_exists, bool, exists)
ANSWER(answer_metadata, strongroom_metadata_t *, metadata)
ANSWER(answer_written, strongroom_written_t *, written)
ANSWER(answer_report, strongroom_report_t *, report)
ANSWER(answer_explanation, strongroom_explanation_t *, explanation)
ANSWER(answer_transferred, strongroom_transferred_t *, transferred)
ANSWER(answer_subscription, strongroom_subscription_t *, subscription)
ANSWER(answer_manager, strongroom_manager_t *, manager)

void answer_done(void *context, strongroom_status_t status, strongroom_error_t *error) {
    leave(enter(context, status, error));
}
