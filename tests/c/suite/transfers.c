/* valgrind static
   Exports, imports and copies: options, answers, progress, and what belongs to whom. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

static strongroom_transfer_t *transfer_of(const char *const *options) {
    strongroom_transfer_t *transfer = NULL;
    CHECK_OK(strongroom_transfer_new(&transfer, NULL));
    for (; options[0]; options += 2) {
        check_about(options[0]);
        CHECK_OK(strongroom_transfer_set(transfer, TEXT(options[0]), TEXT(options[1]), NULL));
    }
    check_about(NULL);
    return transfer;
}
#define TRANSFER(...) transfer_of((const char *const[]){__VA_ARGS__, NULL})

/* ---- options ---- */

static void test_options_are_checked_when_they_are_set(void) {
    static const char *const WRONG[][2] = {{"format", "xml"},      {"format", ""},         {"dialect", "ruby"},
                                           {"if_exists", "maybe"}, {"names", "guess"},     {"strict", "yes"},
                                           {"dry_run", "1"},       {"prefix", ""},         {"journal", ""},
                                           {"colour", "red"},      {"fernet_keys", "text"}};
    strongroom_transfer_t *transfer = TRANSFER("format", "json");
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        strongroom_error_t *error = NULL;
        check_about(WRONG[i][0]);
        CHECK_STATUS(strongroom_transfer_set(transfer, TEXT(WRONG[i][0]), TEXT(WRONG[i][1]), &error),
                     STRONGROOM_STATUS_INVALID_ARGUMENT);
        CHECK(strstr(strongroom_error_message(error), WRONG[i][0]) != NULL);
        check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    }
    check_about(NULL);
    strongroom_error_t *error = NULL;
    CHECK_STATUS(strongroom_transfer_set_secret(transfer, TEXT("format"), TEXT("hunter2-canary"), &error),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(strstr(strongroom_error_message(error), "hunter2-canary") == NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_transfer_free(transfer));
}

/* Each option belongs to some of the verbs; another one says so by its name. */
static void test_options_that_do_not_fit(void) {
    strongroom_manager_t *manager = open_memory(), *other = open_memory();
    static const struct {
        const char *name, *value;
        bool export, import, copy;
    } OPTIONS[] = {{"scope", "global", true, true, true},         {"prefix", "global/", true, false, true},
                   {"full_names", "true", true, false, false},    {"include_expired", "true", true, false, false},
                   {"strict", "true", true, false, false},        {"dialect", "node", true, true, false},
                   {"names", "skip", false, true, false},         {"if_exists", "skip", false, true, true},
                   {"provider", "x", false, true, false},         {"dry_run", "true", false, true, false},
                   {"allow_loss", "true", false, false, true},    {"skip_unfit", "true", false, false, true},
                   {"delete_source", "false", false, false, true}};
    for (size_t i = 0; i < sizeof OPTIONS / sizeof OPTIONS[0]; i++) {
        strongroom_transfer_t *document = TRANSFER("format", "dotenv", OPTIONS[i].name, OPTIONS[i].value);
        strongroom_transfer_t *copy = TRANSFER(OPTIONS[i].name, OPTIONS[i].value);
        strongroom_transferred_t *told = NULL;
        strongroom_error_t *error = NULL;
        const strongroom_status_t wrong = STRONGROOM_STATUS_INVALID_ARGUMENT;
        check_about(OPTIONS[i].name);
        CHECK_STATUS(strongroom_manager_export(manager, document, NULL, &told, &error),
                     OPTIONS[i].export ? STRONGROOM_STATUS_OK : wrong);
        CHECK(OPTIONS[i].export || strstr(strongroom_error_message(error), OPTIONS[i].name) != NULL);
        CHECK_OK(strongroom_error_free(error));
        CHECK_OK(strongroom_transferred_free(told));
        CHECK_STATUS(strongroom_manager_import(manager, TEXT(""), document, NULL, NULL, NULL),
                     OPTIONS[i].import ? STRONGROOM_STATUS_OK : wrong);
        CHECK_STATUS(strongroom_manager_copy_to(manager, other, copy, NULL, NULL, NULL),
                     OPTIONS[i].copy ? STRONGROOM_STATUS_OK : wrong);
        CHECK_OK(strongroom_transfer_free(document));
        CHECK_OK(strongroom_transfer_free(copy));
    }
    check_about(NULL);
    /* A document needs its format. */
    strongroom_transfer_t *empty = NULL;
    strongroom_transferred_t *told = NULL;
    CHECK_OK(strongroom_transfer_new(&empty, NULL));
    CHECK_STATUS(strongroom_manager_export(manager, empty, NULL, &told, NULL), STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(strongroom_manager_import(manager, TEXT("A=1"), empty, NULL, NULL, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    /* Options of reads are none of transfers. */
    strongroom_call_t *call = call_of((const char *const[]){"limit", "1", NULL});
    CHECK_STATUS(strongroom_manager_copy_to(manager, other, empty, call, NULL, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_call_free(call));
    /* Nor are keys an import's. */
    CHECK_OK(strongroom_transfer_set(empty, TEXT("format"), TEXT("dotenv"), NULL));
    CHECK_OK(strongroom_transfer_add_key(empty, TEXT("A"), NULL));
    CHECK_STATUS(strongroom_manager_import(manager, TEXT("A=1"), empty, NULL, NULL, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_transfer_free(empty));
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_manager_free(other));
}

/* ---- documents ---- */

static void test_a_document_goes_and_comes(void) {
    strongroom_manager_t *manager = open_memory(), *other = open_memory();
    CHECK_OK(set(manager, "org/acme/A", "it's"));
    CHECK_OK(set(manager, "org/acme/B", "two\nlines"));
    CHECK_OK(set(manager, "C", "of another scope"));
    strongroom_transfer_t *transfer = TRANSFER("format", "env", "scope", "org/acme");
    strongroom_transferred_t *told = NULL;
    CHECK_OK(strongroom_manager_export(manager, transfer, NULL, &told, NULL));
    CHECK_NUMBER(strongroom_transferred_len(told), 2);
    CHECK_TEXT(strongroom_transferred_key(told, 0), "org/acme/A");
    CHECK_TEXT(strongroom_transferred_word(told, 0), "exported");
    CHECK_TEXT(strongroom_transferred_detail(told, 0), "A");
    CHECK_BYTES(strongroom_transferred_document(told), strongroom_transferred_document_len(told),
                "A='it'\\''s'\nB='two\nlines'\n");
    /* What was exported is imported elsewhere, while the answer is held; the options are not used up. */
    strongroom_transferred_t *report = NULL;
    CHECK_OK(strongroom_manager_import(other, strongroom_transferred_document(told),
                                       strongroom_transferred_document_len(told), transfer, NULL, &report, NULL));
    CHECK_NUMBER(strongroom_transferred_len(report), 2);
    CHECK_TEXT(strongroom_transferred_word(report, 1), "created");
    CHECK(strongroom_transferred_document(report) == NULL);
    CHECK_NUMBER(strongroom_transferred_document_len(report), 0);
    CHECK_NUMBER(strongroom_transferred_flags(report), 0);
    check_value(other, "org/acme/B", "two\nlines");
    CHECK_OK(strongroom_transferred_free(report));
    CHECK_OK(strongroom_transferred_free(told));
    CHECK_OK(strongroom_transfer_free(transfer));
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_OK(strongroom_manager_free(other));
}

static void test_what_was_skipped_and_noted(void) {
    strongroom_manager_t *manager = open_memory();
    CHECK_OK(set(manager, "B", "mine"));
    strongroom_transfer_t *transfer =
        TRANSFER("format", "dotenv", "if_exists", "skip", "names", "skip", "dry_run", "true");
    strongroom_transferred_t *report = NULL;
    CHECK_OK(strongroom_manager_import(manager, TEXT("A=${HOME}\nB=2\n"), transfer, NULL, &report, NULL));
    CHECK_NUMBER(strongroom_transferred_flags(report), STRONGROOM_TRANSFERRED_DRY_RUN);
    CHECK_NUMBER(strongroom_transferred_len(report), 2);
    CHECK_TEXT(strongroom_transferred_word(report, 1), "skipped");
    CHECK_TEXT(strongroom_transferred_detail(report, 1), "exists");
    CHECK_NUMBER(strongroom_transferred_line(report, 1), 2);
    CHECK_NUMBER(strongroom_transferred_note_count(report), 1);
    CHECK(strstr(strongroom_transferred_note(report, 0), "1") != NULL);
    CHECK_OK(strongroom_transferred_free(report));
    CHECK_OK(strongroom_transfer_free(transfer));
    check_value(manager, "A", NULL);
    /* What is wrong names the line, never the value. */
    strongroom_error_t *error = NULL;
    transfer = TRANSFER("format", "dotenv");
    CHECK_STATUS(strongroom_manager_import(manager, TEXT("A=1\nA=hunter2-canary\n"), transfer, NULL, &report, &error),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK(report == NULL);
    CHECK(strstr(strongroom_error_message(error), "lines 1 and 2") != NULL);
    CHECK(strstr(strongroom_error_message(error), "hunter2-canary") == NULL);
    check_error(error, STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_OK(strongroom_transfer_free(transfer));
    CHECK_OK(strongroom_manager_free(manager));
}

static void test_documents_by_callback(void) {
    strongroom_manager_t *manager = open_memory();
    strongroom_transfer_t *transfer = TRANSFER("format", "json");
    answer_t answer;
    char document[] = "{\"A\": \"1\"}";
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_import_async(manager, TEXT(document), transfer, NULL, answer_transferred,
                                                            &answer, NULL)));
    /* The document is copied before the call returns. */
    memset(document, 'x', sizeof document - 1);
    CHECK_OK(answer_wait(&answer));
    CHECK_TEXT(strongroom_transferred_key(answer.transferred, 0), "global/A");
    answer_end(&answer, 1);
    answer_init(&answer);
    CHECK_OK(
        START(&answer, strongroom_manager_export_async(manager, transfer, NULL, answer_transferred, &answer, NULL)));
    CHECK_OK(strongroom_transfer_free(transfer));
    CHECK_OK(answer_wait(&answer));
    CHECK_BYTES(strongroom_transferred_document(answer.transferred),
                strongroom_transferred_document_len(answer.transferred), "{\n  \"A\": \"1\"\n}\n");
    answer_end(&answer, 1);
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- copies ---- */

typedef struct seen_t {
    const strongroom_manager_t *manager;
    int told, copying, destroyed;
    size_t last_total;
} seen_t;

static void see(void *context, const char *phase, size_t done, size_t total, const char *key) {
    seen_t *seen = context;
    strongroom_secret_t *secret = NULL;
    seen->told++;
    seen->copying += strcmp(phase, "copying") == 0;
    seen->last_total = total;
    CHECK(done <= total);
    CHECK(strncmp(key, "global/", 7) == 0);
    CHECK_STATUS(strongroom_manager_get(seen->manager, TEXT("A"), NULL, &secret, NULL),
                 STRONGROOM_STATUS_REENTRANT_CALL);
}

static void see_the_end(void *context) { ((seen_t *)context)->destroyed++; }

static void test_progress_is_told_and_its_context_ended_once(void) {
    strongroom_manager_t *source = open_memory(), *target = open_memory();
    CHECK_OK(set(source, "A", "1"));
    CHECK_OK(set(source, "B", "2"));
    seen_t seen = {.manager = source};
    strongroom_transfer_t *transfer = NULL;
    strongroom_transferred_t *told = NULL;
    CHECK_OK(strongroom_transfer_new(&transfer, NULL));
    CHECK_STATUS(strongroom_transfer_set_progress(transfer, NULL, &seen, see_the_end, NULL),
                 STRONGROOM_STATUS_INVALID_ARGUMENT);
    CHECK_NUMBER(seen.destroyed, 0);
    CHECK_OK(strongroom_transfer_set_progress(transfer, see, &seen, see_the_end, NULL));
    CHECK_OK(strongroom_manager_copy_to(source, target, transfer, NULL, &told, NULL));
    CHECK_NUMBER(seen.copying, 2);
    CHECK_NUMBER(seen.last_total, 2);
    CHECK_NUMBER(strongroom_transferred_len(told), 2);
    CHECK_TEXT(strongroom_transferred_word(told, 1), "copied");
    CHECK_OK(strongroom_transferred_outcome(told, 1, NULL));
    CHECK_NUMBER(strongroom_transferred_flags(told), 0);
    CHECK_OK(strongroom_transferred_free(told));
    CHECK_NUMBER(seen.destroyed, 0);
    /* Another one takes its place. */
    seen_t later = {.manager = source};
    CHECK_OK(strongroom_transfer_set_progress(transfer, see, &later, see_the_end, NULL));
    CHECK_NUMBER(seen.destroyed, 1);
    /* A call under way needs it until it has ended. */
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(START(
        &answer, strongroom_manager_copy_to_async(source, target, transfer, NULL, answer_transferred, &answer, NULL)));
    CHECK_OK(strongroom_transfer_free(transfer));
    CHECK_OK(strongroom_manager_free(target));
    CHECK_OK(answer_wait(&answer));
    CHECK_TEXT(strongroom_transferred_word(answer.transferred, 0), "same");
    answer_end(&answer, 1);
    CHECK_OK(strongroom_shutdown(10000, NULL));
    CHECK(later.told > 0);
    CHECK_NUMBER(later.destroyed, 1);
    CHECK_OK(strongroom_manager_free(source));
}

static void test_a_plan_tells_what_stands_in_the_way(void) {
    strongroom_manager_t *source = open_memory(), *target = open_memory();
    CHECK_OK(set(source, "A", "mine"));
    CHECK_OK(set(target, "A", "theirs"));
    strongroom_transferred_t *plan = NULL;
    strongroom_error_t *error = NULL;
    CHECK_OK(strongroom_manager_copy_plan(source, target, NULL, NULL, &plan, NULL));
    CHECK_TEXT(strongroom_transferred_word(plan, 0), "refuse");
    CHECK_STATUS(strongroom_transferred_outcome(plan, 0, &error), STRONGROOM_STATUS_CONFLICT);
    CHECK_TEXT(strongroom_error_key(error), "global/A");
    check_error(error, STRONGROOM_STATUS_CONFLICT);
    CHECK_OK(strongroom_transferred_free(plan));
    CHECK_STATUS(strongroom_manager_copy_to(source, target, NULL, NULL, NULL, &error), STRONGROOM_STATUS_CONFLICT);
    check_error(error, STRONGROOM_STATUS_CONFLICT);
    check_value(target, "A", "theirs");
    CHECK_OK(strongroom_manager_free(source));
    CHECK_OK(strongroom_manager_free(target));
}

/* The journal stands where it was asked for, holds no value, and is gone when the copy has ended. */
static void test_a_copy_with_a_journal_removes_the_source(void) {
    strongroom_manager_t *source = open_encrypted("source"), *target = open_encrypted("target");
    CHECK_OK(set(source, "A", "1"));
    char path[512];
    size_t length = 0;
    CHECK_OK(strongroom_manager_copy_journal(source, target, path, sizeof path, &length, NULL));
    CHECK_NUMBER(strlen(path), length);
    CHECK(strstr(path, "encrypted-encrypted-") != NULL);
    strongroom_transfer_t *transfer = TRANSFER("delete_source", "true", "allow_loss", "true");
    CHECK_OK(strongroom_transfer_set(transfer, TEXT("journal"), path, length, NULL));
    strongroom_transferred_t *told = NULL;
    CHECK_OK(strongroom_manager_copy_to(source, target, transfer, NULL, &told, NULL));
    CHECK_NUMBER(strongroom_transferred_item_flags(told, 0), STRONGROOM_TRANSFERRED_DELETED);
    CHECK_OK(strongroom_transferred_free(told));
    CHECK_OK(strongroom_transfer_free(transfer));
    check_value(source, "A", NULL);
    check_value(target, "A", "1");
    CHECK_OK(strongroom_manager_free(source));
    CHECK_OK(strongroom_manager_free(target));
}

/* Both managers are called with what was chosen for the call: its end ends the copy, whichever of them waits. */
static void test_a_copy_is_cancelled(void) {
    strongroom_manager_t *source = open_memory();
    strongroom_manager_t *target = open_fault("get:hang; get_many:hang; set:hang");
    CHECK_OK(set(source, "A", "1"));
    strongroom_cancel_t *cancel = cancel_new();
    strongroom_call_t *call = call_of((const char *const[]){"timeout", "20s", NULL});
    CHECK_OK(strongroom_call_set_cancel(call, cancel, NULL));
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(START(&answer,
                   strongroom_manager_copy_to_async(source, target, NULL, call, answer_transferred, &answer, NULL)));
    CHECK_OK(strongroom_testing_fault_wait(FAULT_WAITING, 1, 20000, NULL));
    CHECK_OK(strongroom_cancel_fire(cancel));
    CHECK_STATUS(answer_wait(&answer), STRONGROOM_STATUS_CANCELLED);
    CHECK(answer.transferred == NULL);
    answer_end(&answer, 1);
    CHECK_OK(strongroom_call_free(call));
    CHECK_OK(strongroom_cancel_free(cancel));
    CHECK_OK(strongroom_manager_free(source));
    CHECK_OK(strongroom_manager_free(target));
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_options_are_checked_when_they_are_set();
    test_options_that_do_not_fit();
    test_a_document_goes_and_comes();
    test_what_was_skipped_and_noted();
    test_documents_by_callback();
    test_progress_is_told_and_its_context_ended_once();
    test_a_plan_tells_what_stands_in_the_way();
    test_a_copy_with_a_journal_removes_the_source();
    test_a_copy_is_cancelled();
    return check_end();
}
