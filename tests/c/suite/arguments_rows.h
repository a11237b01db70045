/* The table of arguments_table.h as functions of one type, and the right arguments for each. */
#ifndef STRONGROOM_TESTS_ARGUMENTS_ROWS_H
#define STRONGROOM_TESTS_ARGUMENTS_ROWS_H

#include <stdatomic.h>

#include "arguments_table.h"
#include "arguments_world.h"

/* ---- callbacks ---- */

static atomic_int started, completed;

#define ON(name, type)                                                                                                 \
    static void on_##name(void *context, strongroom_status_t status, strongroom_##type##_t *object,                    \
                          strongroom_error_t *error) {                                                                 \
        (void)context, (void)status;                                                                                   \
        CHECK_OK(strongroom_##type##_free(object));                                                                    \
        CHECK_OK(strongroom_error_free(error));                                                                        \
        completed++;                                                                                                   \
    }
ON(secret, secret)
ON(list, list)
ON(metadata, metadata)
ON(written, written)
ON(report, report)
ON(manager, manager)
ON(explanation, explanation)
ON(transferred, transferred)
ON(subscription, subscription)

static void on_done(void *context, strongroom_status_t status, strongroom_error_t *error) {
    (void)context, (void)status;
    CHECK_OK(strongroom_error_free(error));
    completed++;
}

static void on_exists(void *context, strongroom_status_t status, bool exists, strongroom_error_t *error) {
    (void)exists;
    on_done(context, status, error);
}

static strongroom_status_t provide_nothing(void *context, const char *setting, uint8_t *buffer, size_t capacity,
                                           size_t *length) {
    (void)context, (void)setting, (void)buffer, (void)capacity;
    *length = 0;
    return STRONGROOM_STATUS_KEY_MISSING;
}

static void ignore_change(void *context, strongroom_status_t status, strongroom_change_t *change,
                          strongroom_error_t *error) {
    (void)context, (void)status;
    CHECK_OK(strongroom_change_free(change));
    CHECK_OK(strongroom_error_free(error));
}

static void ignore_progress(void *context, const char *phase, size_t done, size_t total, const char *key) {
    (void)context, (void)phase, (void)done, (void)total, (void)key;
}

/* ---- the table ---- */

typedef struct args_t {
    const void *handle[3];
    struct {
        const char *data;
        size_t length;
    } text[TEXTS];
    void *out[1];
    bool callback;
    strongroom_error_t **error;
} args_t;

/* Where an answer that is copied goes. */
static char room[64];

typedef struct row_t {
    const char *name;
    strongroom_status_t (*call)(const args_t *a);
    const char *handles, *texts, *outs, *arguments;
} row_t;

#define DEFINE(function, handles, texts, outs, arguments)                                                              \
    static strongroom_status_t call_##function(const args_t *a) { return function arguments; }
LIBRARY_ROWS(DEFINE)
OBJECT_ROWS(DEFINE)
MANAGER_ROWS(DEFINE)
ASYNC_ROWS(DEFINE)
#define ROW(function, handles, texts, outs, arguments) {#function, call_##function, handles, texts, outs, #arguments},
static const row_t ROWS[] = {LIBRARY_ROWS(ROW) OBJECT_ROWS(ROW) MANAGER_ROWS(ROW) ASYNC_ROWS(ROW)};

/* The right arguments; `letters` gets a letter for each text. */
static args_t right_args(const row_t *row, const world_t *world, char *letters) {
    args_t args;
    memset(&args, 0, sizeof args);
    for (size_t i = 0; row->handles[i]; i++) {
        args.handle[i] = world->live[type_of(row->handles[i])];
    }
    const char *spec = row->texts;
    for (size_t i = 0; *spec; i++) {
        size_t length = strcspn(spec, "|");
        letters[i] = spec[0];
        letters[i + 1] = '\0';
        args.text[i].data = at_the_end(i, spec + 1, length - 1);
        args.text[i].length = length - 1;
        spec += length + (spec[length] == '|');
    }
    args.out[0] = row->outs[0] ? room : NULL;
    args.callback = true;
    return args;
}

#endif
