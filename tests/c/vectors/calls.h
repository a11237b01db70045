/* A verb through its blocking or its callback form, with the same answer. */
#ifndef VECTORS_CALLS_H
#define VECTORS_CALLS_H

#include <stdbool.h>
#include <strongroom.h>

#include "report.h"

/* What a call answered; what is not of its kind is NULL. */
struct outcome {
    strongroom_status_t status;
    strongroom_error_t *error;
    strongroom_secret_t *secret;
    strongroom_list_t *list;
    strongroom_metadata_t *metadata;
    strongroom_written_t *written;
    strongroom_report_t *report;
    strongroom_explanation_t *explanation;
    strongroom_transferred_t *transferred;
    strongroom_manager_t *manager;
    bool exists;
};

struct arrival;

/* A place for the answer of the next call. */
struct arrival *arrival_new(struct outcome *outcome);
/* Where the start worked, waits for the completion, ends the program where none comes in time, and gives the arrival
 * up. */
void arrival_await(struct arrival *arrival, strongroom_status_t started);

void secret_arrived(void *context, strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error);
void list_arrived(void *context, strongroom_status_t status, strongroom_list_t *list, strongroom_error_t *error);
void exists_arrived(void *context, strongroom_status_t status, bool exists, strongroom_error_t *error);
void metadata_arrived(void *context, strongroom_status_t status, strongroom_metadata_t *metadata,
                      strongroom_error_t *error);
void written_arrived(void *context, strongroom_status_t status, strongroom_written_t *written,
                     strongroom_error_t *error);
void report_arrived(void *context, strongroom_status_t status, strongroom_report_t *report, strongroom_error_t *error);
void explanation_arrived(void *context, strongroom_status_t status, strongroom_explanation_t *explanation,
                         strongroom_error_t *error);
void transferred_arrived(void *context, strongroom_status_t status, strongroom_transferred_t *transferred,
                         strongroom_error_t *error);
void manager_arrived(void *context, strongroom_status_t status, strongroom_manager_t *manager,
                     strongroom_error_t *error);
void done_arrived(void *context, strongroom_status_t status, strongroom_error_t *error);

/* Frees everything that the call gave; a check that all of it could be freed. */
void outcome_free(struct outcome *outcome);

/* Makes a call that gives a `kind`: CALL(form, &outcome, secret, get, manager, key, length, call). */
#define CALL(form, outcome, kind, verb, ...)                                                                           \
    do {                                                                                                               \
        if ((form) == CALLBACK) {                                                                                      \
            struct arrival *arrival_ = arrival_new(outcome);                                                           \
            arrival_await(arrival_, strongroom_manager_##verb##_async(__VA_ARGS__, kind##_arrived, arrival_,           \
                                                                      &(outcome)->error));                             \
        } else {                                                                                                       \
            (outcome)->status = strongroom_manager_##verb(__VA_ARGS__, &(outcome)->kind, &(outcome)->error);           \
        }                                                                                                              \
    } while (0)

/* Makes a call that gives nothing. */
#define CALL_DONE(form, outcome, verb, ...)                                                                            \
    do {                                                                                                               \
        if ((form) == CALLBACK) {                                                                                      \
            struct arrival *arrival_ = arrival_new(outcome);                                                           \
            arrival_await(arrival_,                                                                                    \
                          strongroom_manager_##verb##_async(__VA_ARGS__, done_arrived, arrival_, &(outcome)->error));  \
        } else {                                                                                                       \
            (outcome)->status = strongroom_manager_##verb(__VA_ARGS__, &(outcome)->error);                             \
        }                                                                                                              \
    } while (0)

#endif
