/* One live object of every type, one freed handle of every type, and text that ends where memory ends. */
#ifndef STRONGROOM_TESTS_ARGUMENTS_WORLD_H
#define STRONGROOM_TESTS_ARGUMENTS_WORLD_H

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "open.h"

static const char LETTERS[] = "OCXDSWBLRMEYTQUH";
enum { TYPES = sizeof LETTERS - 1, TEXTS = 3 };

typedef struct world_t {
    void *live[TYPES];
    void *freed[TYPES];
} world_t;

static size_t type_of(char letter) {
    const char *at = strchr(LETTERS, toupper((unsigned char)letter));
    return (size_t)(at - LETTERS);
}

static strongroom_status_t free_object(char letter, void *handle) {
    switch (toupper((unsigned char)letter)) {
    case 'O':
        return strongroom_options_free(handle);
    case 'C':
        return strongroom_call_free(handle);
    case 'X':
        return strongroom_cancel_free(handle);
    case 'D':
        return strongroom_metadata_free(handle);
    case 'S':
        return strongroom_secret_free(handle);
    case 'W':
        return strongroom_written_free(handle);
    case 'B':
        return strongroom_batch_free(handle);
    case 'L':
        return strongroom_list_free(handle);
    case 'R':
        return strongroom_report_free(handle);
    case 'M':
        return strongroom_manager_free(handle);
    case 'Y':
        return strongroom_explanation_free(handle);
    case 'T':
        return strongroom_transfer_free(handle);
    case 'Q':
        return strongroom_transferred_free(handle);
    case 'U':
        return strongroom_subscription_free(handle);
    case 'H':
        return strongroom_change_free(handle);
    default:
        return strongroom_error_free(handle);
    }
}

/* A secret `key` with three versions, a subscription that has two changes left, and every object that calls about it give. */
static void make_objects(void **live) {
    strongroom_manager_t *manager = open_memory();
    strongroom_metadata_t *written_with = NULL;
    CHECK_OK(strongroom_metadata_new(&written_with, NULL));
    CHECK_OK(strongroom_metadata_set_label(written_with, TEXT("label"), TEXT("text"), NULL));
    CHECK_OK(strongroom_metadata_set_expires_at(written_with, INT64_C(4102444800000000), NULL));
    strongroom_subscription_t *subscription = NULL;
    CHECK_OK(strongroom_manager_subscribe(manager, NULL, NULL, 0, NULL, &subscription, NULL));
    strongroom_written_t *written = NULL;
    for (int version = 1; version <= 3; version++) {
        CHECK_OK(strongroom_written_free(written));
        CHECK_OK(strongroom_manager_set(manager, TEXT("key"), TEXT("value"), written_with, NULL, &written, NULL));
    }
    CHECK_OK(strongroom_metadata_free(written_with));
    strongroom_call_t *call = NULL;
    strongroom_metadata_t *metadata = NULL;
    strongroom_secret_t *secret = NULL;
    strongroom_batch_t *batch = NULL;
    strongroom_list_t *list = NULL;
    strongroom_report_t *report = NULL;
    strongroom_error_t *error = NULL;
    strongroom_explanation_t *explanation = NULL;
    strongroom_transfer_t *transfer = NULL;
    strongroom_transferred_t *transferred = NULL;
    const char *keys[] = {"key"};
    CHECK_OK(strongroom_call_new(&call, NULL));
    CHECK_OK(strongroom_manager_describe(manager, TEXT("key"), NULL, &metadata, NULL));
    CHECK_OK(strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL));
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    CHECK_OK(strongroom_batch_add(batch, TEXT("batched"), TEXT("value"), NULL, NULL));
    CHECK_OK(strongroom_manager_get_many(manager, keys, NULL, 1, NULL, &list, NULL));
    CHECK_OK(strongroom_library_info(&report, NULL));
    CHECK_STATUS(strongroom_manager_delete(manager, TEXT("none"), NULL, &error), STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_manager_explain(manager, TEXT("key"), NULL, NULL, 0, NULL, &explanation, NULL));
    CHECK_OK(strongroom_transfer_new(&transfer, NULL));
    CHECK_OK(strongroom_transfer_set(transfer, TEXT("format"), TEXT("json"), NULL));
    CHECK_OK(strongroom_manager_export(manager, transfer, NULL, &transferred, NULL));
    strongroom_change_t *change = NULL;
    CHECK_OK(strongroom_subscription_next(subscription, 10000, &change, NULL));
    void *objects[] = {options_of((const char *const[]){"backend", "memory", NULL}),
                       call,
                       cancel_new(),
                       metadata,
                       secret,
                       written,
                       batch,
                       list,
                       report,
                       manager,
                       error,
                       explanation,
                       transfer,
                       transferred,
                       subscription,
                       change};
    memcpy(live, objects, sizeof objects);
}

static void make_world(world_t *world) {
    make_objects(world->freed);
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_OK(free_object(LETTERS[i], world->freed[i]));
    }
    make_objects(world->live);
}

static void free_world(world_t *world) {
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_OK(free_object(LETTERS[i], world->live[i]));
    }
}

/* A copy of the bytes that ends, with its NUL, right before a page that nobody may read. One for each place. */
static char *at_the_end(size_t place, const char *bytes, size_t length) {
    static char *pages[TEXTS];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (!pages[place]) {
        pages[place] = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (!CHECK(pages[place] != MAP_FAILED) || !CHECK(mprotect(pages[place] + page, page, PROT_NONE) == 0)) {
            _exit(1);
        }
    }
    char *start = pages[place] + page - length - 1;
    memcpy(start, bytes, length);
    start[length] = '\0';
    return start;
}

#endif
