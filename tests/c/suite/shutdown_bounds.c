/* How long a shutdown takes: with backends that do not close, with callers that do not stop, with managers that are
   being opened. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "answer.h"
#include "open.h"
#include "testing.h"

enum { PATIENCE = 10000, GRACE = 5000 };
static const char STORE_KEY[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/* Wakes what hangs and shuts down. A close that had not begun to hang when it was to be woken is woken later. */
static void shut_down_at_last(void) {
    strongroom_status_t status;
    int64_t end = now_ms() + PATIENCE;
    do {
        CHECK_OK(strongroom_testing_fault_wake(NULL));
        status = strongroom_shutdown(100, NULL);
    } while (status == STRONGROOM_STATUS_TIMEOUT && now_ms() < end);
    CHECK_STATUS(status, STRONGROOM_STATUS_OK);
}

/* However many do not close, they are closed at once: their times do not add up. */
static void test_backends_that_do_not_close(void) {
    enum { MANAGERS = 3 };
    strongroom_manager_t *managers[MANAGERS], *encrypted = open_encrypted("closes");
    strongroom_error_t *error = NULL;
    CHECK_OK(set(encrypted, "key", "value"));
    for (size_t i = 0; i < MANAGERS; i++) {
        managers[i] = open_fault("close*1:hang");
    }
    int64_t begin = now_ms();
    CHECK_STATUS(strongroom_shutdown(100, &error), STRONGROOM_STATUS_TIMEOUT);
    CHECK(now_ms() - begin < 100 + GRACE);
    check_error(error, STRONGROOM_STATUS_TIMEOUT);
    /* They count as closed all the same. */
    for (size_t i = 0; i < MANAGERS; i++) {
        CHECK_STATUS(set(managers[i], "key", "value"), STRONGROOM_STATUS_CLOSED);
    }
    CHECK_STATUS(set(encrypted, "key", "value"), STRONGROOM_STATUS_CLOSED);
    shut_down_at_last();
    for (size_t i = 0; i < MANAGERS; i++) {
        CHECK_OK(strongroom_manager_free(managers[i]));
    }
    CHECK_OK(strongroom_manager_free(encrypted));
    strongroom_manager_t *anew = open_encrypted("closes");
    check_value(anew, "key", "value");
    CHECK_OK(strongroom_manager_free(anew));
}

/* A time of 0 is a time too. */
static void test_no_time_at_all(void) {
    strongroom_manager_t *manager = open_fault("close*1:hang");
    int64_t begin = now_ms();
    CHECK_STATUS(strongroom_shutdown(0, NULL), STRONGROOM_STATUS_TIMEOUT);
    CHECK(now_ms() - begin < GRACE);
    shut_down_at_last();
    CHECK_OK(strongroom_manager_free(manager));
}

/* ---- callers that do not stop ---- */

static strongroom_manager_t *shared;
static atomic_bool over, is_down;
static atomic_long starts, completions, after;

static bool is_expected(strongroom_status_t status) {
    return status == STRONGROOM_STATUS_OK || status == STRONGROOM_STATUS_CANCELLED ||
           status == STRONGROOM_STATUS_CLOSED;
}

static void on_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                      strongroom_error_t *error) {
    (void)context;
    if (!is_expected(status)) {
        CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
    }
    CHECK((status == STRONGROOM_STATUS_OK) == (secret != NULL));
    CHECK_OK(strongroom_secret_free(secret));
    CHECK_OK(strongroom_error_free(error));
    completions++;
}

static void *keep_starting(void *context) {
    while (!over) {
        bool was_down = is_down;
        strongroom_status_t status = strongroom_manager_get_async(shared, TEXT("key"), NULL, on_secret, NULL, NULL);
        if (status == STRONGROOM_STATUS_OK) {
            starts++;
        } else {
            CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
        }
        after += was_down;
        if (starts - completions > 50 || was_down) {
            sleep_ms(1);
        }
    }
    return context;
}

static void *keep_calling(void *context) {
    while (!over) {
        bool was_down = is_down;
        strongroom_secret_t *secret = NULL;
        strongroom_status_t status = strongroom_manager_get(shared, TEXT("key"), NULL, &secret, NULL);
        if (was_down || !is_expected(status)) {
            CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
        }
        CHECK_OK(strongroom_secret_free(secret));
        after += was_down;
        if (was_down) {
            sleep_ms(1);
        }
    }
    return context;
}

static void test_callers_that_do_not_stop(void) {
    static void *(*const WORK[])(void *) = {keep_starting, keep_starting, keep_calling, keep_calling};
    enum { THREADS = sizeof WORK / sizeof WORK[0], ROUNDS = 5 };
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        shared = open_fault("get:latency(20ms)");
        over = is_down = false;
        starts = completions = after = 0;
        CHECK_OK(set(shared, "key", "value"));
        for (size_t i = 0; i < THREADS; i++) {
            CHECK_NUMBER(pthread_create(&threads[i], NULL, WORK[i], NULL), 0);
        }
        sleep_ms(150);
        int64_t begin = now_ms();
        CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
        CHECK(now_ms() - begin < GRACE);
        is_down = true;
        for (int64_t end = now_ms() + 20000; after < 20 && now_ms() < end;) {
            sleep_ms(1);
        }
        CHECK(after >= 20);
        over = true;
        for (size_t i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        begin = now_ms();
        CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
        CHECK(now_ms() - begin < GRACE);
        /* Whatever was started has completed. */
        CHECK_NUMBER(completions, starts);
        CHECK_OK(strongroom_manager_free(shared));
    }
}

/* ---- managers that are being opened ---- */

static atomic_int asked;
static atomic_bool release;

static int32_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity, size_t *length) {
    (void)context, (void)setting;
    CHECK(capacity >= sizeof STORE_KEY - 1);
    asked++;
    while (!release) {
        sleep_ms(1);
    }
    memcpy(buffer, STORE_KEY, sizeof STORE_KEY - 1);
    *length = sizeof STORE_KEY - 1;
    return STRONGROOM_STATUS_OK;
}

static void *open_slowly(void *context) {
    strongroom_options_t *options = encrypted_options("opens");
    strongroom_manager_t *opened = NULL;
    strongroom_error_t *error = NULL;
    CHECK_OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, NULL, NULL, NULL));
    CHECK_STATUS(strongroom_manager_open(options, NULL, &opened, &error), STRONGROOM_STATUS_CANCELLED);
    CHECK(opened == NULL);
    check_error(error, STRONGROOM_STATUS_CANCELLED);
    CHECK_OK(strongroom_options_free(options));
    return context;
}

static void wait_until_asked(void) {
    for (int64_t end = now_ms() + 20000; asked == 0 && now_ms() < end;) {
        sleep_ms(1);
    }
    CHECK_NUMBER(asked, 1);
}

/* One that waits for its key, for as long as it likes: nothing waits for it, and it is cancelled. */
static void test_an_opening_that_waits(void) {
    pthread_t thread;
    CHECK_NUMBER(pthread_create(&thread, NULL, open_slowly, NULL), 0);
    wait_until_asked();
    int64_t begin = now_ms();
    CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
    CHECK(now_ms() - begin < GRACE);
    release = true;
    pthread_join(thread, NULL);
    strongroom_manager_t *anew = open_encrypted("opens");
    CHECK_OK(set(anew, "key", "value"));
    CHECK_OK(strongroom_manager_free(anew));
}

static void *keep_opening(void *context) {
    while (!over) {
        strongroom_options_t *options = options_of((const char *const[]){"backend", "memory", NULL});
        strongroom_manager_t *opened = NULL;
        strongroom_status_t status = strongroom_manager_open(options, NULL, &opened, NULL);
        if (!is_expected(status)) {
            CHECK_STATUS(status, STRONGROOM_STATUS_CANCELLED);
        }
        CHECK((status == STRONGROOM_STATUS_OK) == (opened != NULL));
        if (opened) {
            /* Open, or closed by a shutdown meanwhile. */
            status = set(opened, "key", "value");
            if (!is_expected(status)) {
                CHECK_STATUS(status, STRONGROOM_STATUS_CLOSED);
            }
        }
        CHECK_OK(strongroom_manager_free(opened));
        CHECK_OK(strongroom_options_free(options));
    }
    return context;
}

static void test_shutdowns_while_others_open(void) {
    enum { THREADS = 3, ROUNDS = 50 };
    pthread_t threads[THREADS];
    over = false;
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_NUMBER(pthread_create(&threads[i], NULL, keep_opening, NULL), 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        CHECK_OK(strongroom_shutdown(PATIENCE, NULL));
        sleep_ms(1);
    }
    over = true;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_backends_that_do_not_close();
    test_no_time_at_all();
    test_callers_that_do_not_stop();
    test_an_opening_that_waits();
    test_shutdowns_while_others_open();
    return check_end();
}
