/* The subject of the leak scan, in C: handles a canary through one path of the C API and stops at stages, at which
   another process searches its memory. The protocol is that of tests/leak/src/subject: it says
   `stage <name> <found|nothing|any>` and waits for a line. Canaries travel masked. Only what an installed library has.

   subject list | seed CASE MASKED | CASE MASKED */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strongroom.h>
#include <sys/prctl.h>

#define TEXT(text) (text), STRONGROOM_AUTO_LENGTH
#define KEY TEXT("app/leak/value")
#define OTHER TEXT("nothing to see here")

/* ---- the scanner's side ---- */

static void say(const char *word, const char *name, const char *expect) {
    printf("%s %s%s%s\n", word, name, expect[0] ? " " : "", expect);
    fflush(stdout);
}

static void stage(const char *name, const char *expect) {
    char line[16];
    say("stage", name, expect);
    if (!fgets(line, sizeof line, stdin)) {
        exit(3); /* nobody scans any more */
    }
}

/* Anything else than what was expected. */
static void must(strongroom_status_t status, strongroom_status_t wanted, const char *what) {
    if (status != wanted) {
        say("error", what, strongroom_status_token(status));
        exit(1);
    }
}
#define OK(call) must((call), STRONGROOM_STATUS_OK, #call)

static unsigned char mask(size_t index) {
    return (unsigned char)((unsigned char)(index % 251) * 7u ^ 0xa5u);
}

static unsigned digit(char character) {
    return character <= '9' ? (unsigned)(character - '0') : (unsigned)(character - 'a' + 10);
}

/* ---- memory of our own, which we wipe ---- */

static void wipe(void *bytes, size_t length) {
    memset(bytes, 0, length);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

typedef struct canary_t {
    unsigned char *bytes;
    size_t length;
} canary_t;

/* Byte by byte into the only place that holds it. */
static canary_t unmask(const char *masked) {
    canary_t canary = {malloc(strlen(masked) / 2), strlen(masked) / 2};
    for (size_t i = 0; i < canary.length; i++) {
        canary.bytes[i] = (unsigned char)(digit(masked[2 * i]) << 4 | digit(masked[2 * i + 1])) ^ mask(i);
    }
    return canary;
}

static void drop(canary_t canary) {
    wipe(canary.bytes, canary.length);
    free(canary.bytes);
}

/* Tells the scanner a canary that the library made. */
static void announce(const strongroom_secret_t *secret) {
    const uint8_t *data = strongroom_secret_data(secret);
    printf("canary ");
    for (size_t i = 0; i < strongroom_secret_len(secret); i++) {
        printf("%02x", data[i] ^ mask(i));
    }
    printf("\n");
    fflush(stdout);
}

/* ---- waiting for completions ---- */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t arrived;
    int completed;
    strongroom_status_t status;
    strongroom_secret_t *secret;
} answer = {.mutex = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER};

static void complete(strongroom_status_t status, strongroom_secret_t *secret, strongroom_error_t *error) {
    strongroom_error_free(error);
    pthread_mutex_lock(&answer.mutex);
    answer.completed++;
    answer.status = status;
    answer.secret = secret;
    pthread_cond_signal(&answer.arrived);
    pthread_mutex_unlock(&answer.mutex);
}

static void on_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                      strongroom_error_t *error) {
    (void)context;
    complete(status, secret, error);
}

static void on_written(void *context, strongroom_status_t status, strongroom_written_t *written,
                       strongroom_error_t *error) {
    (void)context;
    strongroom_written_free(written);
    complete(status, NULL, error);
}

static strongroom_secret_t *wait_for_answer(void) {
    pthread_mutex_lock(&answer.mutex);
    while (answer.completed == 0) {
        pthread_cond_wait(&answer.arrived, &answer.mutex);
    }
    answer.completed = 0;
    pthread_mutex_unlock(&answer.mutex);
    OK(answer.status);
    return answer.secret;
}

/* ---- the cases ---- */

typedef struct scene_t {
    strongroom_manager_t *manager;
    const char *masked;
} scene_t;

static strongroom_manager_t *open_manager(const char *cache) {
    strongroom_options_t *options = NULL;
    strongroom_manager_t *manager = NULL;
    OK(strongroom_options_new(&options, NULL));
    OK(strongroom_options_set_app(options, TEXT("rig"), NULL));
    OK(strongroom_options_set(options, TEXT("cache"), TEXT(cache), NULL));
    OK(strongroom_manager_open(options, NULL, &manager, NULL));
    OK(strongroom_options_free(options));
    return manager;
}

static void set(scene_t *s) {
    canary_t canary = unmask(s->masked);
    stage("live", "found");
    OK(strongroom_manager_set(s->manager, KEY, canary.bytes, canary.length, NULL, NULL, NULL, NULL));
    drop(canary);
    stage("written", "nothing");
}

static void set_async(scene_t *s) {
    canary_t canary = unmask(s->masked);
    stage("live", "found");
    OK(strongroom_manager_set_async(s->manager, KEY, canary.bytes, canary.length, NULL, NULL, on_written, NULL, NULL));
    drop(canary);
    wait_for_answer();
    stage("written", "nothing");
}

static void set_api_key(scene_t *s) {
    canary_t canary = unmask(s->masked);
    OK(strongroom_manager_set_api_key(s->manager, KEY, canary.bytes, canary.length, TEXT("openai"), NULL, NULL, NULL));
    drop(canary);
    stage("written", "nothing");
}

static void update_value(scene_t *s) {
    canary_t canary = unmask(s->masked);
    OK(strongroom_manager_update_value(s->manager, KEY, canary.bytes, canary.length, NULL, NULL, NULL));
    drop(canary);
    stage("written", "nothing");
}

static void rotate(scene_t *s) {
    canary_t canary = unmask(s->masked);
    OK(strongroom_manager_rotate(s->manager, KEY, canary.bytes, canary.length, NULL, NULL, NULL));
    drop(canary);
    stage("written", "nothing");
}

static void batch(scene_t *s) {
    canary_t canary = unmask(s->masked);
    strongroom_batch_t *batch = NULL;
    OK(strongroom_batch_new(&batch, NULL));
    OK(strongroom_batch_add(batch, KEY, canary.bytes, canary.length, NULL, NULL));
    OK(strongroom_batch_add(batch, TEXT("app/leak/second"), canary.bytes, canary.length, NULL, NULL));
    drop(canary);
    stage("in the batch", "found");
    OK(strongroom_manager_set_many(s->manager, batch, NULL, NULL, NULL));
    OK(strongroom_batch_free(batch));
    stage("written", "nothing");
}

static void conflict(scene_t *s) {
    canary_t canary = unmask(s->masked);
    strongroom_call_t *call = NULL;
    strongroom_error_t *error = NULL;
    OK(strongroom_call_new(&call, NULL));
    OK(strongroom_call_set(call, TEXT("if_version"), TEXT("none"), NULL));
    must(strongroom_manager_set(s->manager, KEY, canary.bytes, canary.length, NULL, call, NULL, &error),
         STRONGROOM_STATUS_CONFLICT, "conflict");
    OK(strongroom_call_free(call));
    drop(canary);
    stage("refused, the error in hand", "nothing");
    OK(strongroom_error_free(error));
}

static void get(scene_t *s) {
    strongroom_secret_t *secret = NULL;
    OK(strongroom_manager_get(s->manager, KEY, NULL, &secret, NULL));
    stage("live", "found");
    OK(strongroom_secret_free(secret));
    stage("freed", "nothing");
}

static void get_async(scene_t *s) {
    OK(strongroom_manager_get_async(s->manager, KEY, NULL, on_secret, NULL, NULL));
    strongroom_secret_t *secret = wait_for_answer();
    stage("live", "found");
    OK(strongroom_secret_free(secret));
    stage("freed", "nothing");
}

static void get_into(scene_t *s) {
    unsigned char *buffer = malloc(100);
    size_t length = 0;
    OK(strongroom_manager_get_into(s->manager, KEY, NULL, buffer, 100, &length, NULL));
    stage("live", "found");
    wipe(buffer, 100);
    stage("wiped", "nothing");
    must(strongroom_manager_get_into(s->manager, KEY, NULL, buffer, 5, &length, NULL),
         STRONGROOM_STATUS_BUFFER_TOO_SMALL, "buffer");
    stage("too small", "nothing");
    free(buffer);
}

static void get_value(scene_t *s) {
    char *buffer = malloc(100);
    size_t length = 0;
    OK(strongroom_manager_get_value(s->manager, KEY, NULL, buffer, 100, &length, NULL));
    stage("live", "found");
    wipe(buffer, 100);
    free(buffer);
    stage("wiped", "nothing");
}

static void get_version(scene_t *s) {
    strongroom_list_t *versions = NULL;
    strongroom_metadata_t *metadata = NULL;
    strongroom_secret_t *secret = NULL;
    OK(strongroom_manager_versions(s->manager, KEY, NULL, &versions, NULL));
    OK(strongroom_list_metadata(versions, 1, &metadata, NULL));
    stage("listed", "nothing");
    OK(strongroom_manager_get_version(s->manager, KEY, TEXT(strongroom_metadata_version(metadata)), NULL, &secret,
                                      NULL));
    stage("live", "found");
    OK(strongroom_secret_free(secret));
    OK(strongroom_metadata_free(metadata));
    OK(strongroom_list_free(versions));
}

static void get_many(scene_t *s) {
    const char *keys[] = {"app/leak/value", "app/leak/none"};
    strongroom_list_t *list = NULL;
    strongroom_secret_t *copy = NULL;
    OK(strongroom_manager_get_many(s->manager, keys, NULL, 2, NULL, &list, NULL));
    OK(strongroom_list_secret(list, 0, &copy, NULL));
    OK(strongroom_list_free(list));
    stage("a copy lives", "found");
    OK(strongroom_secret_free(copy));
    stage("freed", "nothing");
}

static void rollback(scene_t *s) {
    OK(strongroom_manager_rollback(s->manager, KEY, NULL, 0, NULL, NULL, NULL));
    stage("written", "nothing");
}

static void generate(scene_t *s) {
    strongroom_secret_t *secret = NULL;
    OK(strongroom_manager_get_or_generate(s->manager, KEY, STRONGROOM_FORM_HEX, 24, NULL, NULL, &secret, NULL));
    announce(secret);
    stage("live", "found");
    OK(strongroom_secret_free(secret));
    stage("freed", "nothing");
}

/* A value in the cache lives there until a lock or the end. */
static strongroom_manager_t *fill_cache(void) {
    strongroom_manager_t *manager = open_manager("on");
    strongroom_secret_t *secret = NULL;
    OK(strongroom_manager_get(manager, KEY, NULL, &secret, NULL));
    OK(strongroom_secret_free(secret));
    stage("cached", "found");
    return manager;
}

static void cache_and_lock(scene_t *s) {
    (void)s;
    strongroom_manager_t *manager = fill_cache();
    OK(strongroom_manager_lock(manager, NULL, NULL));
    stage("locked", "nothing");
    OK(strongroom_manager_free(manager));
}

static void cache_and_free(scene_t *s) {
    (void)s;
    OK(strongroom_manager_free(fill_cache()));
    stage("freed", "nothing");
}

static void cache_and_shutdown(scene_t *s) {
    strongroom_manager_t *manager = fill_cache();
    OK(strongroom_shutdown(10000, NULL));
    stage("shut down", "nothing");
    OK(strongroom_manager_free(manager));
    OK(strongroom_manager_free(s->manager));
    s->manager = open_manager("off");
}

/* A provider that gives the canary, which is no key: neither error nor buffer keep it. */
static strongroom_status_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity,
                                   size_t *length) {
    (void)setting, (void)capacity;
    const char *masked = context;
    canary_t canary = unmask(masked);
    memcpy(buffer, canary.bytes, canary.length);
    *length = canary.length;
    drop(canary);
    stage("provided", "found");
    return STRONGROOM_STATUS_OK;
}

static strongroom_options_t *provided_options(const char *masked) {
    strongroom_options_t *options = NULL;
    OK(strongroom_options_new(&options, NULL));
    OK(strongroom_options_set_app(options, TEXT("provided"), NULL));
    OK(strongroom_options_set_provider(options, TEXT("encrypted.key"), provide, (void *)masked, NULL, NULL));
    return options;
}

static void provider(scene_t *s) {
    strongroom_options_t *options = provided_options(s->masked);
    strongroom_manager_t *manager = NULL;
    strongroom_error_t *error = NULL;
    must(strongroom_manager_open(options, NULL, &manager, &error), STRONGROOM_STATUS_INVALID_CONFIG, "provider");
    stage("refused", "nothing");
    OK(strongroom_error_free(error));
    OK(strongroom_options_free(options));
}

/* ---- the frame ---- */

enum seed { NOTHING, CURRENT, FORMER };

static const struct case_t {
    const char *name;
    enum seed seed;
    void (*run)(scene_t *);
} CASES[] = {
    {"set", NOTHING, set},
    {"set-async", NOTHING, set_async},
    {"set-api-key", NOTHING, set_api_key},
    {"update-value", FORMER, update_value},
    {"rotate", FORMER, rotate},
    {"batch", NOTHING, batch},
    {"conflict", FORMER, conflict},
    {"get", CURRENT, get},
    {"get-async", CURRENT, get_async},
    {"get-into", CURRENT, get_into},
    {"get-value", CURRENT, get_value},
    {"get-version", FORMER, get_version},
    {"get-many", CURRENT, get_many},
    {"rollback", FORMER, rollback},
    {"generate", NOTHING, generate},
    {"cache-and-lock", CURRENT, cache_and_lock},
    {"cache-and-free", CURRENT, cache_and_free},
    {"cache-and-shutdown", CURRENT, cache_and_shutdown},
    {"provider", NOTHING, provider},
};

/* Blocks of many sizes, taken and given back: one that was reused may give its content up again. */
static void churn(void) {
    void *blocks[64];
    for (size_t round = 1; round <= 50; round++) {
        for (size_t i = 0; i < 64; i++) {
            blocks[i] = memset(malloc(8 + i * round), 0xee, 8 + i * round);
        }
        for (size_t i = 0; i < 64; i++) {
            free(blocks[i]);
        }
    }
}

/* Fills the store before a case; in a process of its own. */
static void seed(const struct case_t *c, const char *masked) {
    strongroom_manager_t *manager = open_manager("off");
    canary_t canary = unmask(masked);
    for (int version = 0; version < 2 && c->seed != NOTHING; version++) {
        bool is_canary = (c->seed == CURRENT) == (version == 1);
        if (is_canary) {
            OK(strongroom_manager_set(manager, KEY, canary.bytes, canary.length, NULL, NULL, NULL, NULL));
        } else {
            OK(strongroom_manager_set(manager, KEY, OTHER, NULL, NULL, NULL, NULL));
        }
    }
    drop(canary);
    OK(strongroom_manager_free(manager));
}

static void run(const struct case_t *c, const char *masked) {
    scene_t scene = {open_manager("off"), masked};
    c->run(&scene);
    stage("dropped", "nothing");
    OK(strongroom_manager_close(scene.manager, NULL, NULL));
    OK(strongroom_manager_free(scene.manager));
    stage("closed", "nothing");
    churn();
    stage("churned", "nothing");
}

/* The key of a store, provided: gone when the store is closed. */
static void key(const char *masked) {
    strongroom_options_t *options = provided_options(masked);
    strongroom_manager_t *manager = NULL;
    OK(strongroom_manager_open(options, NULL, &manager, NULL));
    OK(strongroom_manager_set(manager, KEY, OTHER, NULL, NULL, NULL, NULL));
    stage("open", "any");
    OK(strongroom_manager_lock(manager, NULL, NULL));
    stage("locked", "nothing");
    OK(strongroom_manager_free(manager));
    OK(strongroom_options_free(options));
    stage("closed", "nothing");
}

/* The controls: memory of C that nobody wipes, and the same wiped. */
static void control(const char *masked, bool wiping) {
    canary_t canary = unmask(masked);
    stage("live", "found");
    if (wiping) {
        drop(canary);
    } else {
        free(canary.bytes);
    }
    stage("dropped", wiping ? "nothing" : "any");
}

int main(int argc, char **argv) {
    /* Whoever started us may die first. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char *word = argc > 1 ? argv[1] : "", *masked = argc > 2 ? argv[argc - 1] : "";
    bool listing = strcmp(word, "list") == 0, seeding = strcmp(word, "seed") == 0;
    if (strcmp(word, "string") == 0 || strcmp(word, "wiped") == 0) {
        control(masked, word[0] == 'w');
        return 0;
    }
    if (strcmp(word, "key") == 0) {
        key(masked);
        return 0;
    }
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        if (listing) {
            printf("%s\n", CASES[i].name);
        } else if (seeding && strcmp(argv[2], CASES[i].name) == 0) {
            seed(&CASES[i], masked);
            return 0;
        } else if (strcmp(word, CASES[i].name) == 0) {
            run(&CASES[i], masked);
            return 0;
        }
    }
    if (!listing) {
        say("error", "no such case", "");
    }
    return listing ? 0 : 1;
}
