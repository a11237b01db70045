/* valgrind
   A key that the program provides when it is needed: at open, and again after a lock. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "open.h"

typedef struct provider_t {
    strongroom_status_t status;
    size_t length;      /* what it claims to have written */
    const char *text;   /* what it writes; NULL: nothing */
    uint8_t byte;       /* or 32 of these */
    atomic_int asked, destroyed;
} provider_t;

static strongroom_status_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity,
                                   size_t *length) {
    provider_t *provider = context;
    provider->asked++;
    CHECK_NUMBER(provider->destroyed, 0);
    CHECK_TEXT(setting, "encrypted.key");
    CHECK_NUMBER(capacity, 65536);
    if (provider->text) {
        memcpy(buffer, provider->text, strlen(provider->text));
    } else {
        memset(buffer, provider->byte, 32);
    }
    *length = provider->length;
    return provider->status;
}

static void destroy(void *context) {
    ((provider_t *)context)->destroyed++;
}

static strongroom_options_t *provided_options(const char *name, provider_t *provider) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.strongroom", folder(), name);
    strongroom_options_t *options =
        options_of((const char *const[]){"backend", "encrypted", "encrypted.path", path, NULL});
    CHECK_OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, provider, destroy, NULL));
    return options;
}

static void test_the_key_is_asked_for_at_open_and_after_a_lock(void) {
    provider_t provider = {.length = 32, .byte = 9};
    strongroom_options_t *options = provided_options("asked", &provider);
    strongroom_manager_t *manager = NULL;
    CHECK_NUMBER(provider.asked, 0);
    CHECK_OK(strongroom_manager_open(options, NULL, &manager, NULL));
    int asked = provider.asked;
    CHECK(asked >= 1);
    CHECK_OK(set(manager, "key", "value"));
    check_value(manager, "key", "value");
    CHECK_NUMBER(provider.asked, asked);
    CHECK_OK(strongroom_manager_lock(manager, NULL, NULL));
    CHECK_NUMBER(provider.asked, asked);
    check_value(manager, "key", "value");
    CHECK_NUMBER(provider.asked, asked + 1);
    /* From a call with a callback too. */
    answer_t answer;
    CHECK_OK(strongroom_manager_lock(manager, NULL, NULL));
    CHECK_ANSWER(&answer, strongroom_manager_get_async(manager, TEXT("key"), NULL, answer_secret, &answer, NULL),
                 STRONGROOM_STATUS_OK);
    CHECK_NUMBER(provider.asked, asked + 2);
    /* What it answers then is what the verb answers; the next use asks again. */
    CHECK_OK(strongroom_manager_lock(manager, NULL, NULL));
    provider.status = STRONGROOM_STATUS_LOCKED;
    strongroom_secret_t *secret = NULL;
    CHECK_STATUS(strongroom_manager_get(manager, TEXT("key"), NULL, &secret, NULL), STRONGROOM_STATUS_LOCKED);
    provider.status = STRONGROOM_STATUS_OK;
    check_value(manager, "key", "value");
    /* The options and the manager both own it: the last of them destroys it. */
    CHECK_OK(strongroom_options_free(options));
    CHECK_NUMBER(provider.destroyed, 0);
    CHECK_OK(strongroom_manager_free(manager));
    CHECK_NUMBER(provider.destroyed, 1);
}

static void test_the_last_owner_destroys(void) {
    provider_t provider = {.length = 32, .byte = 9}, other = {.length = 32, .byte = 9};
    strongroom_manager_t *first = NULL, *second = NULL;
    /* Never opened. */
    CHECK_OK(strongroom_options_free(provided_options("asked", &provider)));
    CHECK_NUMBER(provider.destroyed, 1);
    CHECK_NUMBER(provider.asked, 0);
    /* Set again: the first one goes at once. */
    provider.destroyed = 0;
    strongroom_options_t *options = provided_options("asked", &provider);
    CHECK_OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, &other, destroy, NULL));
    CHECK_NUMBER(provider.destroyed, 1);
    /* Two managers of the same options. */
    CHECK_OK(strongroom_manager_open(options, NULL, &first, NULL));
    CHECK_OK(strongroom_manager_open(options, NULL, &second, NULL));
    CHECK_OK(strongroom_manager_free(first));
    CHECK_OK(strongroom_options_free(options));
    check_value(second, "key", "value");
    CHECK_NUMBER(other.destroyed, 0);
    CHECK_OK(strongroom_manager_free(second));
    CHECK_NUMBER(other.destroyed, 1);
    /* A provider that was not taken is not destroyed. */
    other.destroyed = 0;
    options = options_of(NULL);
    CHECK_STATUS(strongroom_options_set_provider(options, TEXT("colour"), provide, &other, destroy, NULL),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_STATUS(strongroom_options_set_provider(options, TEXT("cache"), provide, &other, destroy, NULL),
                 STRONGROOM_STATUS_INVALID_CONFIG);
    CHECK_OK(strongroom_options_free(options));
    CHECK_NUMBER(other.destroyed, 0);
}

/* Opens with a provider and gives what that answers, in both forms. */
static void check_open(const char *name, provider_t *provider, strongroom_status_t wanted, const char *never) {
    strongroom_options_t *options = provided_options(name, provider);
    strongroom_manager_t *manager = NULL;
    strongroom_error_t *error = NULL;
    answer_t answer;
    CHECK_STATUS(strongroom_manager_open(options, NULL, &manager, &error), wanted);
    CHECK(manager == NULL);
    CHECK(provider->asked >= 1);
    if (never && CHECK(error != NULL)) {
        CHECK(strstr(strongroom_error_message(error), never) == NULL);
    }
    check_error(error, wanted);
    CHECK_ANSWER(&answer, strongroom_manager_open_async(options, NULL, answer_manager, &answer, NULL), wanted);
    CHECK_OK(strongroom_options_free(options));
    CHECK_NUMBER(provider->destroyed, 1);
}

static void test_a_provider_that_fails(void) {
    for (size_t i = 0; i < KIND_COUNT; i++) {
        provider_t provider = {.status = KINDS[i].status, .length = 32};
        check_about(KINDS[i].token);
        check_open("failing", &provider, KINDS[i].status, NULL);
    }
    /* A number that is no kind. */
    const int32_t unknown[] = {1, -1, 99999};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        provider_t provider = {.length = 32};
        memcpy(&provider.status, &unknown[i], sizeof unknown[i]);
        check_about("a number that is no kind");
        strongroom_options_t *options = provided_options("failing", &provider);
        strongroom_manager_t *manager = NULL;
        CHECK(strongroom_manager_open(options, NULL, &manager, NULL) != STRONGROOM_STATUS_OK);
        CHECK(manager == NULL);
        CHECK_OK(strongroom_options_free(options));
        CHECK_NUMBER(provider.destroyed, 1);
    }
    check_about(NULL);
}

static void test_a_provider_that_lies_about_the_length(void) {
    const size_t lengths[] = {65537, SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 31};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        provider_t provider = {.length = lengths[i]};
        strongroom_options_t *options = provided_options("lying", &provider);
        strongroom_manager_t *manager = NULL;
        CHECK(strongroom_manager_open(options, NULL, &manager, NULL) != STRONGROOM_STATUS_OK);
        CHECK(manager == NULL);
        CHECK_OK(strongroom_options_free(options));
        CHECK_NUMBER(provider.destroyed, 1);
    }
}

static void test_a_provider_that_gives_no_key(void) {
    provider_t nothing = {.length = 0}, text = {.text = "hunter2-canary", .length = 14};
    provider_t other = {.length = 32, .byte = 1};
    check_open("asked", &nothing, STRONGROOM_STATUS_INVALID_CONFIG, NULL);
    check_open("asked", &text, STRONGROOM_STATUS_INVALID_CONFIG, "hunter2");
    check_open("asked", &other, STRONGROOM_STATUS_WRONG_KEY, NULL);
}

/* A lock in one thread while others read: each read works, whoever is asked. */
static strongroom_manager_t *shared;
static atomic_bool over;

static void *keep_reading(void *context) {
    while (!over) {
        check_value(shared, "key", "value");
    }
    return context;
}

static void test_it_is_asked_from_many_threads(void) {
    enum { THREADS = 4 };
    provider_t provider = {.length = 32, .byte = 9};
    strongroom_options_t *options = provided_options("asked", &provider);
    pthread_t threads[THREADS];
    CHECK_OK(strongroom_manager_open(options, NULL, &shared, NULL));
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, keep_reading, NULL), 0);
    }
    for (size_t i = 0; i < many(200, 30); i++) {
        CHECK_OK(strongroom_manager_lock(shared, NULL, NULL));
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_OK(strongroom_manager_free(shared));
    CHECK_OK(strongroom_options_free(options));
    CHECK_NUMBER(provider.destroyed, 1);
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_the_key_is_asked_for_at_open_and_after_a_lock();
    test_the_last_owner_destroys();
    test_a_provider_that_fails();
    test_a_provider_that_lies_about_the_length();
    test_a_provider_that_gives_no_key();
    test_it_is_asked_from_many_threads();
    return check_end();
}
