/* The operations that count, and that are told of changes. */
#define _POSIX_C_SOURCE 200809L

#include "changes.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "step.h"

/* How long a change is waited for before the script fails. */
#define PATIENCE_SECONDS 10

#define MOST_TOLD 64

struct told {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    strongroom_change_t *changes[MOST_TOLD];
    size_t count, taken;
    /* There come no more. */
    bool ended;
    /* Its `destroy` was called. */
    bool given_back;
};

static void tell(void *context, strongroom_status_t status, strongroom_change_t *change, strongroom_error_t *error) {
    struct told *told = context;
    pthread_mutex_lock(&told->mutex);
    check(!told->ended && !told->given_back, "nothing is told after the end");
    if (status == STRONGROOM_STATUS_OK) {
        if (told->count == MOST_TOLD)
            die("a script has more changes than this program keeps");
        told->changes[told->count++] = change;
    } else {
        check(status == STRONGROOM_STATUS_CLOSED && change == NULL && error != NULL, "the end is told as closed");
        told->ended = true;
    }
    pthread_cond_signal(&told->changed);
    pthread_mutex_unlock(&told->mutex);
    strongroom_error_free(error);
}

static void give_back(void *context) {
    struct told *told = context;
    pthread_mutex_lock(&told->mutex);
    check(!told->given_back, "`destroy` is called once");
    told->given_back = true;
    pthread_mutex_unlock(&told->mutex);
}

static struct told *told_new(void) {
    struct told *told = calloc(1, sizeof *told);
    if (told == NULL || pthread_mutex_init(&told->mutex, NULL) != 0 || pthread_cond_init(&told->changed, NULL) != 0)
        die("no memory for a subscription");
    return told;
}

static void told_free(struct told *told) {
    while (told->taken < told->count)
        strongroom_change_free(told->changes[told->taken++]);
    pthread_cond_destroy(&told->changed);
    pthread_mutex_destroy(&told->mutex);
    free(told);
}

void subscription_end(struct subscription *subscription) {
    check(strongroom_subscription_free(subscription->handle) == STRONGROOM_STATUS_OK, "a subscription is freed");
    if (subscription->told != NULL) {
        check(subscription->told->given_back, "a freed subscription gives its context back");
        told_free(subscription->told);
    }
}

/* As `strongroom_subscription_next`, of what was told. */
static strongroom_status_t take(struct told *told, strongroom_change_t **change) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE_SECONDS;
    strongroom_status_t status = STRONGROOM_STATUS_OK;
    pthread_mutex_lock(&told->mutex);
    while (told->taken == told->count && !told->ended && status == STRONGROOM_STATUS_OK) {
        if (pthread_cond_timedwait(&told->changed, &told->mutex, &limit) == ETIMEDOUT)
            status = STRONGROOM_STATUS_TIMEOUT;
    }
    if (told->taken < told->count)
        *change = told->changes[told->taken++];
    else if (told->ended)
        status = STRONGROOM_STATUS_CLOSED;
    pthread_mutex_unlock(&told->mutex);
    return status;
}

cJSON *run_subscribe(const struct step *step, struct outcome *out) {
    const char *const *keys = NULL;
    const size_t *lengths = NULL;
    size_t count = json_field(step->args, "keys") == NULL ? 0 : texts_of(step, "keys", &keys, &lengths);
    struct subscription made = {0};
    snprintf(made.name, sizeof made.name, "%s", json_field(step->args, "name")->valuestring);
    if (step->form == CALLBACK) {
        made.told = told_new();
        out->status = strongroom_manager_subscribe_callback(step->manager, keys, lengths, count, step->call, tell,
                                                            made.told, give_back, &made.handle, &out->error);
    } else {
        out->status =
            strongroom_manager_subscribe(step->manager, keys, lengths, count, step->call, &made.handle, &out->error);
    }
    if (out->status != STRONGROOM_STATUS_OK) {
        if (made.told != NULL) {
            check(!made.told->given_back, "a subscription that failed leaves the context alone");
            told_free(made.told);
        }
        return NULL;
    }
    session_add_subscription(step->session, made);
    return cJSON_CreateNull();
}

static void add_text(cJSON *answer, const char *name, const char *text) {
    cJSON_AddItemToObject(answer, name, text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
}

cJSON *run_next_change(const struct step *step, struct outcome *out) {
    const struct subscription *of = session_subscription(step->session, json_field(step->args, "of")->valuestring);
    strongroom_change_t *change = NULL;
    out->status = of->told != NULL
                      ? take(of->told, &change)
                      : strongroom_subscription_next(of->handle, PATIENCE_SECONDS * 1000, &change, &out->error);
    if (out->status == STRONGROOM_STATUS_CLOSED) {
        strongroom_error_free(out->error);
        out->error = NULL;
        out->status = STRONGROOM_STATUS_OK;
        return cJSON_CreateNull();
    }
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    cJSON *answer = cJSON_CreateObject();
    add_text(answer, "kind", strongroom_change_kind(change));
    add_text(answer, "key", strongroom_change_key(change));
    add_text(answer, "version", strongroom_change_version(change));
    add_text(answer, "health", strongroom_change_health(change));
    strongroom_change_free(change);
    return answer;
}

cJSON *run_metrics(const struct step *step, struct outcome *out) {
    struct text name = json_text(&step->session->arena, step->args, "name");
    out->status = strongroom_manager_metrics(step->manager, &out->report, &out->error);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    uint64_t number = 0;
    strongroom_status_t status = strongroom_report_number(out->report, name.data, name.length, &number);
    check(status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_NOT_FOUND, "a number of the metrics");
    return cJSON_CreateBool((double)number >= json_field(step->args, "at_least")->valuedouble);
}
