#include "session.h"

#include <stdio.h>
#include <string.h>

/* What a backend can do, in the words of verbs.json and of strongroom_manager_info. */
static const char *const capabilities[] = {"list",         "versions", "metadata",    "expiry", "cas",
                                           "atomic_batch", "binary",   "empty_value", "verify", "restore"};

static bool set_options(struct session *session, strongroom_options_t *options, const cJSON *settings,
                        const char *folder) {
    static const char folder_mark[] = "{dir}";
    const cJSON *setting;
    bool set = true;
    cJSON_ArrayForEach(setting, settings) {
        const char *value = setting->valuestring;
        if (strncmp(value, folder_mark, strlen(folder_mark)) == 0)
            value = formatted(&session->arena, "%s%s", folder, value + strlen(folder_mark)).data;
        set &= strongroom_options_set(options, setting->string, STRONGROOM_AUTO_LENGTH, value, STRONGROOM_AUTO_LENGTH,
                                      NULL) == STRONGROOM_STATUS_OK;
    }
    return set;
}

static bool set_secret_options(struct session *session, strongroom_options_t *options, const cJSON *settings) {
    const cJSON *setting;
    bool set = true;
    cJSON_ArrayForEach(setting, settings) {
        struct text value = json_value(&session->arena, setting);
        set &= strongroom_options_set_secret(options, setting->string, strlen(setting->string),
                                             (const uint8_t *)value.data, value.length, NULL) == STRONGROOM_STATUS_OK;
    }
    return set;
}

static bool can(const strongroom_report_t *info, const char *word) {
    uint64_t number = 2;
    strongroom_status_t status = strongroom_report_number(info, word, STRONGROOM_AUTO_LENGTH, &number);
    check(status == STRONGROOM_STATUS_OK && number < 2, "`info` tells whether there is %s", word);
    return number == 1;
}

/* Whether the backend is what verbs.json says of it. */
static void compare_capabilities(const struct session *session, const cJSON *backend) {
    const cJSON *lacks = json_array(backend, "lacks");
    strongroom_report_t *info = NULL;
    if (!check(strongroom_manager_info(session_manager(session), &info, NULL) == STRONGROOM_STATUS_OK, "info"))
        return;
    const char *name = json_field(backend, "name")->valuestring;
    check(can(info, "read_only") == json_contains(lacks, "write"), "%s: `lacks` is right about `write`", name);
    for (size_t at = 0; at < sizeof capabilities / sizeof *capabilities; at++)
        check(can(info, capabilities[at]) != json_contains(lacks, capabilities[at]), "%s: `lacks` is right about `%s`",
              name, capabilities[at]);
    strongroom_report_free(info);
}

static bool set_documents(strongroom_options_t *options, const cJSON *documents) {
    const cJSON *document;
    bool set = true;
    cJSON_ArrayForEach(document, documents) {
        set &=
            strongroom_options_set_config_text(options, document->string, STRONGROOM_AUTO_LENGTH, document->valuestring,
                                               STRONGROOM_AUTO_LENGTH, NULL) == STRONGROOM_STATUS_OK;
    }
    return set;
}

static bool set_all(struct session *session, strongroom_options_t *options, const cJSON *stated) {
    bool set = set_documents(options, json_field(stated, "config_text"));
    set &= set_options(session, options, json_field(stated, "options"), session->folder);
    set &= set_secret_options(session, options, json_field(stated, "secret_options"));
    return set;
}

/* Opens a manager with what both state; `more` may be NULL. */
static void open_with(struct session *session, const cJSON *stated, const cJSON *more, struct outcome *outcome) {
    strongroom_options_t *options = NULL;
    bool set = strongroom_options_new(&options, NULL) == STRONGROOM_STATUS_OK;
    set &= strongroom_options_ignore_environment(options, NULL) == STRONGROOM_STATUS_OK;
    set &= strongroom_options_set_app(options, "vectors", STRONGROOM_AUTO_LENGTH, NULL) == STRONGROOM_STATUS_OK;
    set &= set_all(session, options, stated);
    set &= more == NULL || set_all(session, options, more);
    check(set, "every option is taken");
    CALL(session->form, outcome, manager, open, options, NULL);
    strongroom_options_free(options);
}

bool session_open(struct session *session, enum form form, const cJSON *backend, const cJSON *script,
                  const char *folder) {
    static unsigned number;
    *session = (struct session){.form = form, .folder = folder};
    snprintf(session->id, sizeof session->id, "vectors.%u", ++number);
    struct outcome outcome = {0};
    open_with(session, backend, script, &outcome);
    arena_clear(&session->arena);
    const char *message = strongroom_error_message(outcome.error);
    bool opened = check(outcome.status == STRONGROOM_STATUS_OK, "open: %s", message ? message : "no message");
    if (opened) {
        session_add_view(session, outcome.manager);
        outcome.manager = NULL;
        compare_capabilities(session, backend);
    }
    outcome_free(&outcome);
    return opened;
}

/* Puts each manager with its views in the place of the other. */
static void exchange(struct session *session) {
    for (size_t at = 0; at < MOST_VIEWS; at++) {
        strongroom_manager_t *view = session->views[at];
        session->views[at] = session->other_views[at];
        session->other_views[at] = view;
    }
    size_t count = session->view_count;
    session->view_count = session->other_count;
    session->other_count = count;
}

void session_other(struct session *session, const cJSON *args, struct outcome *outcome) {
    if (session->other_count == 0) {
        open_with(session, args, NULL, outcome);
        if (outcome->status != STRONGROOM_STATUS_OK)
            return;
        session->other_views[session->other_count++] = outcome->manager;
        outcome->manager = NULL;
    }
    exchange(session);
}

const strongroom_manager_t *session_beside(const struct session *session) {
    if (session->other_count == 0)
        die("a script copies and has no other manager");
    return session->other_views[session->other_count - 1];
}

static void free_views(struct session *session) {
    while (session->view_count > 0)
        check(strongroom_manager_free(session->views[--session->view_count]) == STRONGROOM_STATUS_OK,
              "a manager is freed");
}

void session_close(struct session *session) {
    while (session->subscription_count > 0)
        subscription_end(&session->subscriptions[--session->subscription_count]);
    free_views(session);
    exchange(session);
    free_views(session);
    arena_clear(&session->arena);
}

const strongroom_manager_t *session_manager(const struct session *session) {
    return session->views[session->view_count - 1];
}

void session_add_view(struct session *session, strongroom_manager_t *view) {
    if (session->view_count == MOST_VIEWS)
        die("a script makes more views than this program keeps");
    session->views[session->view_count++] = view;
}

void session_add_subscription(struct session *session, struct subscription subscription) {
    if (session->subscription_count == MOST_SUBSCRIPTIONS)
        die("a script makes more subscriptions than this program keeps");
    session->subscriptions[session->subscription_count++] = subscription;
}

const struct subscription *session_subscription(const struct session *session, const char *name) {
    for (size_t at = 0; at < session->subscription_count; at++) {
        if (strcmp(session->subscriptions[at].name, name) == 0)
            return &session->subscriptions[at];
    }
    die("there is no subscription %s", name);
}

struct text session_fill(struct session *session, struct text template) {
    static const struct {
        const char *mark;
        const char *before_id;
    } marks[] = {{"{scope}", "project/"}, {"{id}", ""}, {"{global}", "G."}};
    /* Every mark is longer than nothing, so that the text grows by less than this for each byte. */
    size_t most = template.length * (sizeof "project/" + sizeof session->id) + 1;
    struct text filled = {arena_alloc(&session->arena, most), 0};
    for (size_t at = 0; at < template.length;) {
        size_t found = 0;
        const size_t count = sizeof marks / sizeof *marks;
        while (found < count && strncmp(template.data + at, marks[found].mark, strlen(marks[found].mark)) != 0)
            found++;
        if (found == count) {
            filled.data[filled.length++] = template.data[at++];
        } else {
            filled.length += (size_t)sprintf(filled.data + filled.length, "%s%s", marks[found].before_id, session->id);
            at += strlen(marks[found].mark);
        }
    }
    return filled;
}

struct text session_filled(struct session *session, const cJSON *args, const char *name) {
    return session_fill(session, json_text(&session->arena, args, name));
}

const struct saved *session_saved(const struct session *session, const char *word) {
    if (word[0] != '@')
        return NULL;
    for (size_t at = 0; at < session->saved_count; at++) {
        if (strcmp(session->saved[at].name, word + 1) == 0)
            return &session->saved[at];
    }
    die("nothing was saved as %s", word);
}

struct text session_version(struct session *session, const cJSON *args, const char *name) {
    struct text word = json_text(&session->arena, args, name);
    const struct saved *saved = session_saved(session, word.data);
    return saved == NULL ? word : formatted(&session->arena, "%s", saved->word);
}

void session_save(struct session *session, const char *name, const strongroom_written_t *written) {
    const char *word = strongroom_written_version(written);
    if (!check(word != NULL, "the backend tells the version that is saved as %s", name))
        return;
    if (session->saved_count == MOST_SAVED)
        die("a script saves more versions than this program keeps");
    struct saved *saved = &session->saved[session->saved_count++];
    snprintf(saved->name, sizeof saved->name, "%s", name);
    snprintf(saved->word, sizeof saved->word, "%s", word);
    check(strlen(word) < sizeof saved->word, "the version %s is short", word);
    strongroom_written_version_number(written, &saved->number);
}
