/* Inside a callback of ours getters, frees and strongroom_cancel_fire work; every other function of the table of
   arguments_table.h answers reentrant_call. In completions, in log callbacks and in providers. */
#define _GNU_SOURCE
#include <stdio.h>

#include "answer.h"
#include "arguments_rows.h"
#include "testing.h"

enum { ROWS_COUNT = sizeof ROWS / sizeof ROWS[0] };

static bool is_legal(const char *name) {
    static const char *const LEGAL[] = {"strongroom_metadata_expires_at",
                                        "strongroom_metadata_created_at",
                                        "strongroom_metadata_updated_at",
                                        "strongroom_metadata_version_number",
                                        "strongroom_secret_metadata",
                                        "strongroom_written_version_number",
                                        "strongroom_list_metadata",
                                        "strongroom_list_secret",
                                        "strongroom_list_outcome",
                                        "strongroom_report_number",
                                        "strongroom_cancel_fire",
                                        "strongroom_explanation_outcome",
                                        "strongroom_explanation_metadata",
                                        "strongroom_explanation_answer",
                                        "strongroom_explanation_failure",
                                        "strongroom_transferred_outcome",
                                        NULL};
    for (size_t i = 0; LEGAL[i]; i++) {
        if (strcmp(name, LEGAL[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What the callback works on, made before. */
static world_t world;
static atomic_size_t rows_called;

static void call_every_row(void) {
    for (size_t i = 0; i < ROWS_COUNT; i++) {
        const row_t *row = &ROWS[i];
        char letters[TEXTS + 1];
        args_t args = right_args(row, &world, letters);
        void *object = NULL;
        strongroom_error_t *error = NULL;
        args.out[0] = row->outs[0] ? &object : NULL;
        args.error = &error;
        check_about(row->name);
        strongroom_status_t status = row->call(&args);
        if (is_legal(row->name)) {
            CHECK_OK(status);
            if (row->outs[0] && strchr(LETTERS, row->outs[0])) {
                CHECK_OK(free_object(row->outs[0], object));
            }
        } else {
            CHECK_STATUS(status, STRONGROOM_STATUS_REENTRANT_CALL);
            CHECK(object == NULL);
            if (strstr(row->arguments, "error")) {
                check_error(error, STRONGROOM_STATUS_REENTRANT_CALL);
            }
        }
        rows_called++;
    }
    strongroom_error_t *error = NULL;
    check_about("shutdown");
    CHECK_STATUS(strongroom_shutdown(1000, &error), STRONGROOM_STATUS_REENTRANT_CALL);
    check_error(error, STRONGROOM_STATUS_REENTRANT_CALL);
    check_about("set_log_callback");
    CHECK_STATUS(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, &error),
                 STRONGROOM_STATUS_REENTRANT_CALL);
    check_error(error, STRONGROOM_STATUS_REENTRANT_CALL);
    check_about(NULL);
}

static answer_t answer;

static void on_get(void *context, strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error) {
    /* What it was given is readable and its own. */
    CHECK_BYTES(strongroom_secret_data(secret), strongroom_secret_len(secret), "value");
    call_every_row();
    answer_secret(context, status, secret, error);
}

static void test_completions(void) {
    strongroom_manager_t *manager = world.live[type_of('M')];
    rows_called = 0;
    CHECK_ANSWER(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, on_get, &answer, NULL),
                 STRONGROOM_STATUS_OK);
    CHECK_NUMBER(rows_called, ROWS_COUNT);
}

static void on_log(void *context, int32_t level, const char *target, const char *message) {
    (void)level, (void)target, (void)message;
    atomic_int *left = context;
    if (atomic_fetch_sub(left, 1) == 1) {
        call_every_row();
    }
}

static void test_log_callbacks(void) {
    atomic_int left = 1;
    rows_called = 0;
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, on_log, &left, NULL, NULL));
    CHECK_OK(strongroom_testing_emit_log(STRONGROOM_LEVEL_ERROR, TEXT("hello"), NULL));
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_INFO, NULL, NULL, NULL, NULL));
    CHECK_NUMBER(rows_called, ROWS_COUNT);
}

static strongroom_status_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity,
                                   size_t *length) {
    (void)context;
    CHECK_TEXT(setting, "encrypted.key");
    CHECK(capacity >= 32);
    call_every_row();
    memset(buffer, 7, 32);
    *length = 32;
    return STRONGROOM_STATUS_OK;
}

static void test_providers(void) {
    char path[4200];
    snprintf(path, sizeof path, "%s/provided.strongroom", folder());
    strongroom_options_t *options = options_of((const char *const[]){"encrypted.path", path, NULL});
    strongroom_manager_t *manager = NULL;
    rows_called = 0;
    CHECK_OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, NULL, NULL, NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    CHECK(rows_called >= ROWS_COUNT);
    CHECK_OK(set(manager, "key", "value"));
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_options_free(options));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    make_world(&world);
    test_completions();
    test_log_callbacks();
    test_providers();
    /* Nothing of all that had an effect. */
    check_value(world.live[type_of('M')], "key", "value");
    check_value(world.live[type_of('M')], "added", NULL);
    free_world(&world);
    CHECK_NUMBER(started, completed);
    return check_end();
}
