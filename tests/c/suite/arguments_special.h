/* The functions whose arguments the table cannot describe: arrays, buffers, numbers, and what has no handle. */
#ifndef STRONGROOM_TESTS_ARGUMENTS_SPECIAL_H
#define STRONGROOM_TESTS_ARGUMENTS_SPECIAL_H

static const strongroom_status_t WRONG = STRONGROOM_STATUS_INVALID_ARGUMENT;

static void test_arrays(void) {
    strongroom_manager_t *manager = open_memory();
    strongroom_list_t *list = (void *)&manager;
    strongroom_secret_t *secret = (void *)&manager;
    const char *keys[] = {"one", NULL};
    const size_t lengths[] = {3, 0};
    CHECK_STATUS(strongroom_manager_get_many(manager, NULL, NULL, 1, NULL, &list, NULL), WRONG);
    CHECK(list == NULL);
    CHECK_STATUS(strongroom_manager_get_many(manager, NULL, lengths, 1, NULL, &list, NULL), WRONG);
    strongroom_status_t status = strongroom_manager_get_many(manager, keys, NULL, 2, NULL, &list, NULL);
    CHECK(status == WRONG || status == STRONGROOM_STATUS_INVALID_KEY);
    CHECK_STATUS(strongroom_manager_get_many(manager, keys, lengths, 2, NULL, &list, NULL),
                 STRONGROOM_STATUS_INVALID_KEY);
    CHECK_STATUS(strongroom_manager_get_many(manager, NULL, NULL, SIZE_MAX, NULL, &list, NULL), WRONG);
    /* A count that no array in memory can have is refused before anything is read. */
    const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / sizeof(char *), (size_t)1 << 40};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        status = strongroom_manager_get_many(manager, keys, lengths, counts[i], NULL, &list, NULL);
        CHECK(status == WRONG || status == STRONGROOM_STATUS_TOO_LARGE);
        status =
            strongroom_manager_get_with_fallback(manager, TEXT("key"), keys, lengths, counts[i], NULL, &secret, NULL);
        CHECK(status == WRONG || status == STRONGROOM_STATUS_TOO_LARGE);
        CHECK(secret == NULL);
    }
    CHECK_STATUS(strongroom_manager_get_with_fallback(manager, TEXT("key"), NULL, NULL, 1, NULL, &secret, NULL), WRONG);
    /* No keys and no scopes are no error. */
    CHECK_OK(strongroom_manager_get_many(manager, NULL, NULL, 0, NULL, &list, NULL));
    CHECK_NUMBER(strongroom_list_len(list), 0);
    CHECK_OK(strongroom_list_free(list));
    CHECK_STATUS(strongroom_manager_get_with_fallback(manager, TEXT("key"), NULL, NULL, 0, NULL, &secret, NULL),
                 STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_manager_free(manager));
}

typedef strongroom_status_t (*copy_t)(const strongroom_manager_t *, const strongroom_manager_t *,
                                      const strongroom_transfer_t *, const strongroom_call_t *,
                                      strongroom_transferred_t **, strongroom_error_t **);
typedef strongroom_status_t (*copy_async_t)(const strongroom_manager_t *, const strongroom_manager_t *,
                                            const strongroom_transfer_t *, const strongroom_call_t *,
                                            strongroom_transferred_callback_t, void *, strongroom_error_t **);

/* Two managers, of which either may be wrong. */
static void test_copies(void) {
    const copy_t copies[] = {CALLED(strongroom_manager_copy_plan), CALLED(strongroom_manager_copy_to)};
    const copy_async_t started_copies[] = {CALLED(strongroom_manager_copy_plan_async),
                                           CALLED(strongroom_manager_copy_to_async)};
    world_t world;
    make_world(&world);
    const strongroom_manager_t *one = world.live[type_of('M')];
    strongroom_manager_t *two = open_memory();
    const void *none[] = {NULL, world.freed[type_of('M')], world.live[type_of('E')], &world, (void *)UINTPTR_MAX};
    strongroom_transferred_t *told = (void *)&world;
    size_t length = 99;
    for (size_t verb = 0; verb < 2; verb++) {
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
            told = (void *)&world;
            CHECK_STATUS(copies[verb](none[i], two, NULL, NULL, &told, NULL), STRONGROOM_STATUS_INVALID_HANDLE);
            CHECK(told == NULL);
            CHECK_STATUS(copies[verb](one, none[i], NULL, NULL, &told, NULL), STRONGROOM_STATUS_INVALID_HANDLE);
            CHECK_STATUS(started_copies[verb](one, none[i], NULL, NULL, on_transferred, NULL, NULL),
                         STRONGROOM_STATUS_INVALID_HANDLE);
            CHECK_STATUS(started_copies[verb](none[i], two, NULL, NULL, on_transferred, NULL, NULL),
                         STRONGROOM_STATUS_INVALID_HANDLE);
            if (none[i] != NULL) {
                CHECK_STATUS(copies[verb](one, two, none[i], NULL, &told, NULL), STRONGROOM_STATUS_INVALID_HANDLE);
                CHECK_STATUS(copies[verb](one, two, NULL, none[i], &told, NULL), STRONGROOM_STATUS_INVALID_HANDLE);
            }
            CHECK_STATUS(CALLED(strongroom_manager_copy_journal)(one, none[i], room, sizeof room, &length, NULL),
                         STRONGROOM_STATUS_INVALID_HANDLE);
            CHECK_NUMBER(length, 0);
        }
        CHECK_STATUS(copies[verb](one, one, NULL, NULL, &told, NULL), WRONG);
        /* `format` is no option of a copy. */
        CHECK_STATUS(copies[verb](one, two, world.live[type_of('T')], NULL, &told, NULL), WRONG);
        CHECK_STATUS(started_copies[verb](one, two, NULL, NULL, NULL, NULL, NULL), WRONG);
        CHECK_OK(copies[verb](one, two, NULL, NULL, &told, NULL));
        CHECK_OK(strongroom_transferred_free(told));
        CHECK_OK(started_copies[verb](one, two, NULL, NULL, on_transferred, NULL, NULL));
        started++;
    }
    CHECK_STATUS(strongroom_manager_copy_plan(one, two, NULL, NULL, NULL, NULL), WRONG);
    CHECK_OK(strongroom_manager_copy_to(one, two, NULL, NULL, NULL, NULL));
    CHECK_STATUS(strongroom_manager_copy_journal(one, two, NULL, 3, &length, NULL), WRONG);
    CHECK_STATUS(strongroom_manager_copy_journal(one, two, NULL, 0, &length, NULL), STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK(length > strlen("memory-memory-"));
    CHECK_OK(strongroom_manager_free(two));
    free_world(&world);
}

/* Most backends keep nothing that was removed. */
static void test_restore(void) {
    strongroom_manager_t *memory = open_memory();
    strongroom_manager_t *keeps =
        open_with((const char *const[]){"backend", "fault", "fault.restore", "on", "cache", "off", NULL});
    const void *none[] = {NULL, &memory, (void *)UINTPTR_MAX};
    strongroom_written_t *written = NULL;
    strongroom_error_t *error = NULL;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        written = (void *)&memory;
        CHECK_STATUS(CALLED(strongroom_manager_restore)(none[i], TEXT("key"), NULL, &written, NULL),
                     STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK(written == NULL);
        CHECK_STATUS(CALLED(strongroom_manager_restore_async)(none[i], TEXT("key"), NULL, on_written, NULL, NULL),
                     STRONGROOM_STATUS_INVALID_HANDLE);
    }
    CHECK_STATUS(strongroom_manager_restore(keeps, NULL, 5, NULL, NULL, NULL), WRONG);
    CHECK_STATUS(strongroom_manager_restore(keeps, TEXT("a/b"), NULL, NULL, NULL), STRONGROOM_STATUS_INVALID_KEY);
    CHECK_STATUS(strongroom_manager_restore_async(keeps, TEXT("key"), NULL, NULL, NULL, NULL), WRONG);
    CHECK_STATUS(strongroom_manager_restore(memory, TEXT("key"), NULL, NULL, &error), STRONGROOM_STATUS_UNSUPPORTED);
    check_error(error, STRONGROOM_STATUS_UNSUPPORTED);
    CHECK_STATUS(strongroom_manager_restore(keeps, TEXT("key"), NULL, NULL, NULL), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(set(keeps, "key", "value"));
    CHECK_OK(strongroom_manager_delete(keeps, TEXT("key"), NULL, NULL));
    CHECK_OK(strongroom_manager_restore(keeps, TEXT("key"), NULL, &written, NULL));
    CHECK_OK(strongroom_written_free(written));
    check_value(keeps, "key", "value");
    CHECK_STATUS(strongroom_manager_restore(keeps, TEXT("key"), NULL, NULL, NULL), STRONGROOM_STATUS_CONFLICT);
    CHECK_OK(strongroom_manager_delete(keeps, TEXT("key"), NULL, NULL));
    CHECK_OK(strongroom_manager_restore_async(keeps, TEXT("key"), NULL, on_written, NULL, NULL));
    started++;
    CHECK_OK(strongroom_manager_free(keeps));
    CHECK_OK(strongroom_manager_free(memory));
}

static void test_buffers(void) {
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "key", "12345678"));
    char buffer[16];
    size_t length = 99;
    memset(buffer, 'x', sizeof buffer);
    CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("key"), NULL, NULL, 16, &length, NULL), WRONG);
    CHECK_NUMBER(length, 0);
    CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("key"), NULL, NULL, 16, &length, NULL), WRONG);
    CHECK_STATUS(strongroom_manager_get_into(manager, TEXT("key"), NULL, NULL, 0, &length, NULL),
                 STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(length, 8);
    CHECK_STATUS(strongroom_manager_get_value(manager, TEXT("key"), NULL, NULL, 0, &length, NULL),
                 STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(length, 8);
    /* A capacity beyond the buffer is a promise that we cannot check; nothing beyond the value is written. */
    CHECK_OK(strongroom_manager_get_into(manager, TEXT("key"), NULL, buffer, SIZE_MAX, &length, NULL));
    CHECK_BYTES(buffer, length, "12345678");
    CHECK(buffer[8] == 'x');
    CHECK_STATUS(strongroom_key_escape(TEXT("a b"), NULL, 3, &length, NULL), WRONG);
    CHECK_STATUS(strongroom_key_escape(TEXT("a b"), NULL, 0, &length, NULL), STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(length, 5);
    CHECK_STATUS(strongroom_key_unescape(TEXT("a=20b"), NULL, 3, &length, NULL), WRONG);
    CHECK_STATUS(strongroom_key_unescape(TEXT("a=20b"), NULL, 0, &length, NULL), STRONGROOM_STATUS_BUFFER_TOO_SMALL);
    CHECK_NUMBER(length, 3);
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_numbers(void) {
    strongroom_manager_t *manager = open_memory();
    strongroom_secret_t *secret = NULL;
    strongroom_written_t *written = NULL;
    CHECK_OK(set(manager, "key", "value"));
    const int32_t forms[] = {-1, 4, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        CHECK_STATUS(strongroom_generate(forms[i], 8, NULL, &secret, NULL), WRONG);
        CHECK_STATUS(strongroom_manager_get_or_generate(manager, TEXT("new"), forms[i], 8, NULL, NULL, &secret, NULL),
                     WRONG);
        CHECK_STATUS(strongroom_manager_rotate_generate(manager, TEXT("key"), forms[i], 8, NULL, &written, NULL),
                     WRONG);
    }
    const size_t lengths[] = {0, 65537, SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 31};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int32_t form = STRONGROOM_FORM_BYTES; form <= STRONGROOM_FORM_PASSWORD; form++) {
            CHECK_STATUS(strongroom_generate(form, lengths[i], NULL, &secret, NULL), WRONG);
            CHECK(secret == NULL);
        }
        CHECK_STATUS(strongroom_manager_get_or_generate(manager, TEXT("new"), 0, lengths[i], NULL, NULL, &secret, NULL),
                     WRONG);
        CHECK_STATUS(strongroom_manager_rotate_generate(manager, TEXT("key"), 0, lengths[i], NULL, &written, NULL),
                     WRONG);
    }
    const int64_t times[] = {INT64_MIN, INT64_MAX, INT64_C(253402300800000000), INT64_C(-377705116800000001)};
    strongroom_metadata_t *metadata = NULL;
    int64_t time = 7;
    CHECK_OK(strongroom_metadata_new(&metadata, NULL));
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        CHECK_STATUS(strongroom_metadata_set_expires_at(metadata, times[i], NULL), WRONG);
        CHECK_STATUS(strongroom_metadata_expires_at(metadata, &time), STRONGROOM_STATUS_NOT_FOUND);
    }
    CHECK_OK(strongroom_metadata_set_expires_at(metadata, INT64_C(253402300799999999), NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(strongroom_manager_free(manager));
}

/* Beyond the end of what they count. */
static void test_indexes(void) {
    world_t world;
    make_world(&world);
    strongroom_list_t *list = world.live[type_of('L')];
    strongroom_metadata_t *metadata = world.live[type_of('D')], *copy = (void *)&world;
    strongroom_report_t *report = world.live[type_of('R')];
    strongroom_explanation_t *explanation = world.live[type_of('Y')];
    strongroom_transferred_t *transferred = world.live[type_of('Q')];
    strongroom_secret_t *secret = (void *)&world;
    const size_t beyond[] = {1000, SIZE_MAX, SIZE_MAX / 2};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        CHECK(strongroom_list_key(list, beyond[i]) == NULL);
        CHECK_NUMBER(strongroom_list_flags(list, beyond[i]), 0);
        CHECK(strongroom_list_metadata(list, beyond[i], &copy, NULL) != STRONGROOM_STATUS_OK);
        CHECK(copy == NULL);
        CHECK(strongroom_list_secret(list, beyond[i], &secret, NULL) != STRONGROOM_STATUS_OK);
        CHECK(secret == NULL);
        CHECK(strongroom_list_outcome(list, beyond[i], NULL) != STRONGROOM_STATUS_OK);
        CHECK(strongroom_metadata_label_name(metadata, beyond[i]) == NULL);
        CHECK(strongroom_metadata_label_value(metadata, beyond[i]) == NULL);
        CHECK(strongroom_report_name(report, beyond[i]) == NULL);
        CHECK(strongroom_explanation_key(explanation, beyond[i]) == NULL);
        CHECK_NUMBER(strongroom_explanation_flags(explanation, beyond[i]), 0);
        CHECK(strongroom_explanation_outcome(explanation, beyond[i], NULL) != STRONGROOM_STATUS_OK);
        CHECK(strongroom_explanation_metadata(explanation, beyond[i], &copy, NULL) != STRONGROOM_STATUS_OK);
        CHECK(strongroom_transferred_key(transferred, beyond[i]) == NULL);
        CHECK(strongroom_transferred_note(transferred, beyond[i]) == NULL);
        CHECK(strongroom_transferred_outcome(transferred, beyond[i], NULL) != STRONGROOM_STATUS_OK);
    }
    CHECK(strongroom_metadata_label(metadata, NULL, 3) == NULL);
    CHECK(strongroom_metadata_label(metadata, "label", SIZE_MAX / 2) == NULL);
    CHECK(strongroom_report_text(report, NULL, 3) == NULL);
    CHECK(strongroom_report_text(report, "version", SIZE_MAX / 2) == NULL);
    free_world(&world);
}

/* What is no error object reads as an error of the kind invalid_handle, so that a message may always be printed. */
static void test_what_is_no_error(void) {
    world_t world;
    make_world(&world);
    const void *none[] = {NULL, world.freed[type_of('E')], world.live[type_of('M')], &world, (void *)UINTPTR_MAX};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        CHECK_STATUS(CALLED(strongroom_error_status)(none[i]), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_TEXT(CALLED(strongroom_error_token)(none[i]), "invalid_handle");
        CHECK(strstr(CALLED(strongroom_error_message)(none[i]), "invalid_handle") != NULL);
        CHECK_TEXT(CALLED(strongroom_error_help)(none[i]), strongroom_status_help(STRONGROOM_STATUS_INVALID_HANDLE));
        CHECK_NUMBER(CALLED(strongroom_error_retry_after)(none[i]), -1);
    }
    free_world(&world);
}

static void log_nothing(void *context, int32_t level, const char *target, const char *message) {
    (void)context, (void)level, (void)target, (void)message;
}

static void test_library(void) {
    CHECK_NUMBER(CALLED(strongroom_abi_version)(), STRONGROOM_ABI_VERSION);
    CHECK(strlen(CALLED(strongroom_version)()) >= 5);
    CHECK_TEXT(CALLED(strongroom_status_token)(0), "ok");
    CHECK_TEXT(CALLED(strongroom_status_help)(0), "");
    CHECK(!CALLED(strongroom_status_is_retryable)(0));
    CHECK_NUMBER(CALLED(strongroom_status_exit_code)(0), 0);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        CHECK_TEXT(strongroom_status_token(KINDS[i].status), KINDS[i].token);
        CHECK_NUMBER(strongroom_status_exit_code(KINDS[i].status), KINDS[i].exit_code);
        CHECK_NUMBER(strongroom_status_is_retryable(KINDS[i].status), KINDS[i].retryable);
        CHECK(strlen(strongroom_status_help(KINDS[i].status)) > 5);
    }
    const int32_t unknown[] = {-1, 1, 99, 101, 901, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK(strongroom_status_token(unknown[i]) == NULL);
        CHECK(strongroom_status_help(unknown[i]) == NULL);
        CHECK(!strongroom_status_is_retryable(unknown[i]));
        CHECK_NUMBER(strongroom_status_exit_code(unknown[i]), -1);
    }
    strongroom_error_t *error = NULL;
    const int32_t levels[] = {0, -1, 6, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        CHECK_STATUS(CALLED(strongroom_set_log_callback)(levels[i], log_nothing, NULL, NULL, &error), WRONG);
        check_error(error, WRONG);
    }
    CHECK_OK(strongroom_set_log_callback(STRONGROOM_LEVEL_ERROR, NULL, NULL, NULL, &error));
    CHECK_OK(CALLED(strongroom_shutdown)(10000, &error));
}

#endif
