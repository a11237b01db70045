/* valgrind static
   Every function with every argument wrong in every way. The functions stand in arguments_table.h; this is what is done
   to each of them. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "arguments_called.h"
#include "arguments_rows.h"
#include "arguments_special.h"
#include "testing.h"

static bool has_callback(const row_t *row) {
    return strstr(row->arguments, "callback") || strstr(row->arguments, "THEN");
}

/* A call that must fail with one of two statuses: out-parameters emptied, an error object where one is asked for. */
static void must_fail(const row_t *row, args_t args, strongroom_status_t wanted, strongroom_status_t or_else) {
    void *storage = &args; /* anything that is not NULL */
    strongroom_error_t *error = NULL;
    bool has_error = strstr(row->arguments, "error") != NULL;
    if (args.out[0]) {
        args.out[0] = &storage;
    }
    for (int asked = 0; asked < 2; asked++) {
        args.error = asked ? &error : NULL;
        strongroom_status_t status = row->call(&args);
        if (status != or_else) {
            CHECK_STATUS(status, wanted);
        }
        if (args.out[0]) {
            unsigned char first = *(unsigned char *)&storage;
            CHECK(row->outs[0] == 'F' ? first == 0 : storage == NULL);
        }
        if (asked && has_error && CHECK(error != NULL)) {
            CHECK_STATUS(strongroom_error_status(error), status);
            CHECK(strlen(strongroom_error_message(error)) > 0);
            CHECK_OK(strongroom_error_free(error));
        }
        storage = &args;
    }
}

static void must_work(const row_t *row, args_t args) {
    void *object = NULL;
    strongroom_error_t *error = NULL;
    args.out[0] = args.out[0] ? &object : NULL;
    args.error = &error;
    strongroom_status_t status = row->call(&args);
    if (!CHECK_OK(status)) {
        printf("  %s\n", error ? strongroom_error_message(error) : "no error object");
        CHECK_OK(strongroom_error_free(error));
        return;
    }
    CHECK(error == NULL);
    started += has_callback(row) && strstr(row->name, "_async");
    if (args.out[0] && strchr(LETTERS, toupper((unsigned char)row->outs[0]))) {
        CHECK(object != NULL);
        CHECK_OK(free_object(row->outs[0], object));
    }
}

static void try_handle(const row_t *row, const world_t *world, const args_t *good, size_t slot) {
    int on_the_stack = 0;
    void *on_the_heap = malloc(64);
    const void *foreign[] = {world->freed[type_of(row->handles[slot])],
                             &on_the_stack,
                             on_the_heap,
                             (void *)(uintptr_t)1,
                             (void *)(uintptr_t)8,
                             (void *)(uintptr_t)4096,
                             (void *)UINTPTR_MAX,
                             (void *)(UINTPTR_MAX / 2)};
    args_t args = *good;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        args.handle[slot] = foreign[i];
        must_fail(row, args, STRONGROOM_STATUS_INVALID_HANDLE, STRONGROOM_STATUS_INVALID_HANDLE);
    }
    for (size_t type = 0; type < TYPES; type++) {
        if (type != type_of(row->handles[slot])) {
            args.handle[slot] = world->live[type];
            must_fail(row, args, STRONGROOM_STATUS_INVALID_HANDLE, STRONGROOM_STATUS_INVALID_HANDLE);
        }
    }
    if (isupper((unsigned char)row->handles[slot])) {
        args.handle[slot] = NULL;
        must_fail(row, args, STRONGROOM_STATUS_INVALID_HANDLE, STRONGROOM_STATUS_INVALID_HANDLE);
    }
    free(on_the_heap);
}

static void try_text(const row_t *row, const args_t *good, size_t slot, char kind) {
    static const size_t HUGE_LENGTHS[] = {SIZE_MAX - 1, SIZE_MAX / 2, (size_t)1 << 31};
    const strongroom_status_t wrong = STRONGROOM_STATUS_INVALID_ARGUMENT;
    const strongroom_status_t named = strchr("kKs", kind) ? STRONGROOM_STATUS_INVALID_KEY : wrong;
    /* A scope is no key, but it is named like one. */
    const strongroom_status_t or_named = kind == 's' ? wrong : named;
    args_t args = *good;
    args.text[slot].data = NULL;
    args.text[slot].length = 5;
    must_fail(row, args, wrong, wrong);
    for (size_t i = 0; i < sizeof HUGE_LENGTHS / sizeof HUGE_LENGTHS[0]; i++) {
        args.text[slot].length = HUGE_LENGTHS[i];
        args.text[slot].data = NULL;
        must_fail(row, args, wrong, STRONGROOM_STATUS_TOO_LARGE);
        args.text[slot].data = good->text[slot].data;
        must_fail(row, args, STRONGROOM_STATUS_TOO_LARGE, named);
    }
    if (kind != 'o') {
        args.text[slot].data = NULL;
        args.text[slot].length = STRONGROOM_AUTO_LENGTH;
        bool is_array = strstr(row->name, kind == 's' ? "fallback" : "get_many") != NULL;
        must_fail(row, args, wrong, is_array ? named : wrong);
    }
    /* That a text is no key may also be told by the completion; callbacks.c looks at that. */
    if (kind == 'k' && !has_callback(row)) {
        args.text[slot].length = 0;
        must_fail(row, args, named, named);
        args.text[slot].data = good->text[slot].data;
        must_fail(row, args, named, named);
    }
    if (strchr("kto", kind)) {
        args.text[slot].data = at_the_end(slot, "na\0me", 5);
        args.text[slot].length = 5;
        /* What metadata cannot hold is a wrong value. */
        bool is_field = strncmp(row->name, "strongroom_metadata_set_", strlen("strongroom_metadata_set_")) == 0;
        if (kind != 'k') {
            must_fail(row, args, wrong, is_field ? STRONGROOM_STATUS_INVALID_VALUE : wrong);
        } else if (!has_callback(row)) {
            must_fail(row, args, named, named);
        }
    }
    if (kind != 'v') {
        static const char *const BAD[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\xc0\xaf"};
        for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
            args.text[slot].data = at_the_end(slot, BAD[i], strlen(BAD[i]));
            args.text[slot].length = strlen(BAD[i]);
            must_fail(row, args, named, or_named);
            args.text[slot].length = STRONGROOM_AUTO_LENGTH;
            must_fail(row, args, named, or_named);
        }
    }
}

static void try_row(const row_t *row) {
    char letters[TEXTS + 1] = "";
    world_t world;
    make_world(&world);
    check_about(row->name);
    note_called(row->name);
    args_t good = right_args(row, &world, letters);
    for (size_t slot = 0; row->handles[slot]; slot++) {
        try_handle(row, &world, &good, slot);
    }
    for (size_t slot = 0; letters[slot]; slot++) {
        try_text(row, &good, slot, letters[slot]);
        right_args(row, &world, letters);
    }
    args_t args = good;
    if (has_callback(row)) {
        args.callback = false;
        must_fail(row, args, STRONGROOM_STATUS_INVALID_ARGUMENT, STRONGROOM_STATUS_INVALID_ARGUMENT);
        args.callback = true;
    }
    if (isupper((unsigned char)row->outs[0])) {
        args.out[0] = NULL;
        must_fail(row, args, STRONGROOM_STATUS_INVALID_ARGUMENT, STRONGROOM_STATUS_INVALID_ARGUMENT);
    } else if (row->outs[0]) {
        args.out[0] = NULL;
        must_work(row, args);
    }
    /* After all this the right call still works: with NULL where that means none, else as it is. */
    args = good;
    for (size_t slot = 0; row->handles[slot]; slot++) {
        if (islower((unsigned char)row->handles[slot])) {
            args.handle[slot] = NULL;
        }
    }
    must_work(row, args);
    if (!strstr(row->name, "delete") && !strstr(row->name, "close")) {
        must_work(row, good);
    }
    free_world(&world);
    check_about(NULL);
}

/* ---- getters and frees ---- */

typedef struct getter_t {
    const char *name;
    char handle;
    uintptr_t (*get)(const void *h);
} getter_t;

#define DEFINE_GETTER(function, handle, arguments)                                                                     \
    static uintptr_t get_##function(const void *h) { return (uintptr_t)function arguments; }
TEXT_GETTER_ROWS(DEFINE_GETTER)
NUMBER_GETTER_ROWS(DEFINE_GETTER)
DEFINE_GETTER(strongroom_secret_data, 'S', (h))
DEFINE_GETTER(strongroom_transferred_document, 'Q', (h))
#define GETTER_ROW(function, handle, arguments) {#function, handle, get_##function},
static const getter_t GETTERS[] = {TEXT_GETTER_ROWS(GETTER_ROW) NUMBER_GETTER_ROWS(GETTER_ROW) GETTER_ROW(
    strongroom_secret_data, 'S', (h)) GETTER_ROW(strongroom_transferred_document, 'Q', (h))};

/* What is no metadata is expired: who asks before using a secret must not take it for a good one. */
static uintptr_t none_answers(const getter_t *getter) {
    return strcmp(getter->name, "strongroom_metadata_is_expired") == 0;
}

static void test_getters(void) {
    world_t world;
    make_world(&world);
    int on_the_stack = 0;
    for (size_t i = 0; i < sizeof GETTERS / sizeof GETTERS[0]; i++) {
        const getter_t *getter = &GETTERS[i];
        check_about(getter->name);
        note_called(getter->name);
        const uintptr_t none = none_answers(getter);
        CHECK_NUMBER(getter->get(NULL), none);
        CHECK_NUMBER(getter->get(world.freed[type_of(getter->handle)]), none);
        CHECK_NUMBER(getter->get(&on_the_stack), none);
        CHECK_NUMBER(getter->get((void *)(uintptr_t)3), none);
        CHECK_NUMBER(getter->get((void *)UINTPTR_MAX), none);
        for (size_t type = 0; type < TYPES; type++) {
            if (type != type_of(getter->handle)) {
                CHECK_NUMBER(getter->get(world.live[type]), none);
            }
        }
        getter->get(world.live[type_of(getter->handle)]);
    }
    check_about(NULL);
    free_world(&world);
}

static void test_frees(void) {
#define FREE_ROW(function, letter) {#function, letter},
    static const struct {
        const char *name;
        char letter;
    } FREES[] = {FREE_ROWS(FREE_ROW)};
    world_t world;
    make_world(&world);
    int on_the_stack = 0;
    for (size_t i = 0; i < sizeof FREES / sizeof FREES[0]; i++) {
        char letter = FREES[i].letter;
        check_about(FREES[i].name);
        note_called(FREES[i].name);
        CHECK_OK(free_object(letter, NULL));
        CHECK_STATUS(free_object(letter, world.freed[type_of(letter)]), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_STATUS(free_object(letter, &on_the_stack), STRONGROOM_STATUS_INVALID_HANDLE);
        CHECK_STATUS(free_object(letter, (void *)(uintptr_t)1), STRONGROOM_STATUS_INVALID_HANDLE);
        for (size_t type = 0; type < TYPES; type++) {
            if (type != type_of(letter)) {
                CHECK_STATUS(free_object(letter, world.live[type]), STRONGROOM_STATUS_INVALID_HANDLE);
            }
        }
    }
    check_about(NULL);
    for (size_t i = 0; i < TYPES; i++) {
        CHECK_OK(free_object(LETTERS[i], world.live[i]));
        CHECK_STATUS(free_object(LETTERS[i], world.live[i]), STRONGROOM_STATUS_INVALID_HANDLE);
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        try_row(&ROWS[i]);
    }
    test_getters();
    test_frees();
    test_arrays();
    test_copies();
    test_restore();
    test_buffers();
    test_numbers();
    test_indexes();
    test_what_is_no_error();
    for (int waited = 0; completed < started && waited < 30000; waited++) {
        sleep_ms(1);
    }
    test_library();
    CHECK_NUMBER(completed, started);
    test_all_were_called();
    printf("%zu functions called\n", called_count);
    return check_end();
}
