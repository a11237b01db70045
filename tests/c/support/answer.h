/* What a completion brought, and waiting for it. */
#ifndef STRONGROOM_TESTS_ANSWER_H
#define STRONGROOM_TESTS_ANSWER_H

#include <pthread.h>

#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where one started call is answered. Its mutex is held while the call is started, so that a completion inside the
   starting call is a failed check and not luck. */
typedef struct answer_t {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    int completions;
    strongroom_status_t status;
    strongroom_error_t *error;
    strongroom_secret_t *secret;
    strongroom_list_t *list;
    strongroom_metadata_t *metadata;
    strongroom_written_t *written;
    strongroom_report_t *report;
    strongroom_manager_t *manager;
    strongroom_explanation_t *explanation;
    strongroom_transferred_t *transferred;
    strongroom_subscription_t *subscription;
    bool exists;
    pthread_t thread;
} answer_t;

void answer_init(answer_t *answer);
/* Starts a call: START(&answer, strongroom_manager_get_async(…, answer_secret, &answer, NULL)) is its status. */
#define START(answer, start) (answer_lock(answer), answer_unlock((answer), (start)))
void answer_lock(answer_t *answer);
strongroom_status_t answer_unlock(answer_t *answer, strongroom_status_t status);
/* Waits for the completion, at most half a minute, and gives its status. */
strongroom_status_t answer_wait(answer_t *answer);
/* Frees what came and checks that exactly so many completions did: 1, or 0 where the start failed. */
void answer_end(answer_t *answer, int completions);
/* START, answer_wait and answer_end in one: checks the completion's status. */
#define CHECK_ANSWER(answer, start, wanted)                                                                            \
    do {                                                                                                               \
        answer_init(answer);                                                                                           \
        if (CHECK_OK(START(answer, start))) {                                                                          \
            CHECK_STATUS(answer_wait(answer), wanted);                                                                 \
            answer_end(answer, 1);                                                                                     \
        } else {                                                                                                       \
            answer_end(answer, 0);                                                                                     \
        }                                                                                                              \
    } while (0)

/* The callbacks; their context is the answer. */
void answer_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error);
void answer_list(void *context, strongroom_status_t status, strongroom_list_t *list, strongroom_error_t *error);
void answer_exists(void *context, strongroom_status_t status, bool exists, strongroom_error_t *error);
void answer_metadata(void *context, strongroom_status_t status, strongroom_metadata_t *metadata,
                     strongroom_error_t *error);
void answer_written(void *context, strongroom_status_t status, strongroom_written_t *written,
                    strongroom_error_t *error);
void answer_report(void *context, strongroom_status_t status, strongroom_report_t *report, strongroom_error_t *error);
void answer_explanation(void *context, strongroom_status_t status, strongroom_explanation_t *explanation,
                        strongroom_error_t *error);
void answer_transferred(void *context, strongroom_status_t status, strongroom_transferred_t *transferred,
                        strongroom_error_t *error);
void answer_subscription(void *context, strongroom_status_t status, strongroom_subscription_t *subscription,
                         strongroom_error_t *error);
void answer_done(void *context, strongroom_status_t status, strongroom_error_t *error);
void answer_manager(void *context, strongroom_status_t status, strongroom_manager_t *manager,
                    strongroom_error_t *error);

#ifdef __cplusplus
}
#endif
#endif
