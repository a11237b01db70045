/* One script over one newly opened backend. */
#ifndef VECTORS_SESSION_H
#define VECTORS_SESSION_H

#include <stdint.h>

#include "calls.h"
#include "changes.h"
#include "json.h"

#define MOST_VIEWS 8
#define MOST_SAVED 8

/* A version that a step kept for the steps after it. */
struct saved {
    char name[16];
    char word[64];
    uint64_t number;
};

struct session {
    enum form form;
    /* What the script began with, and each view that `scoped` made; the last one takes the calls. */
    strongroom_manager_t *views[MOST_VIEWS];
    size_t view_count;
    /* The manager that the calls do not go through at present, with its views; none until a script makes it. */
    strongroom_manager_t *other_views[MOST_VIEWS];
    size_t other_count;
    /* Where managers have their files. */
    const char *folder;
    /* What keeps scripts apart. */
    char id[32];
    struct saved saved[MOST_SAVED];
    size_t saved_count;
    struct subscription subscriptions[MOST_SUBSCRIPTIONS];
    size_t subscription_count;
    /* Emptied after each step. */
    struct arena arena;
};

/* Opens a backend of verbs.json in a folder of its own, with the script's options; false where that failed. */
bool session_open(struct session *session, enum form form, const cJSON *backend, const cJSON *script,
                  const char *folder);
void session_close(struct session *session);
/* Has the calls go through the script's other manager, which is opened with what `args` states where there is none
   yet. A failure to open is left in `outcome`. */
void session_other(struct session *session, const cJSON *args, struct outcome *outcome);
/* The manager that the calls do not go through. */
const strongroom_manager_t *session_beside(const struct session *session);

const strongroom_manager_t *session_manager(const struct session *session);
void session_add_view(struct session *session, strongroom_manager_t *view);

void session_add_subscription(struct session *session, struct subscription subscription);
/* Ends the program where there is none of that name. */
const struct subscription *session_subscription(const struct session *session, const char *name);

/* A text with {scope}, {id} and {global} filled in. */
struct text session_fill(struct session *session, struct text template);
/* The same of a field. */
struct text session_filled(struct session *session, const cJSON *args, const char *name);

/* What @name stands for; NULL for a text that is no such name. Ends the program where nothing was saved so. */
const struct saved *session_saved(const struct session *session, const char *word);
/* The version that a field names. */
struct text session_version(struct session *session, const cJSON *args, const char *name);
void session_save(struct session *session, const char *name, const strongroom_written_t *written);

#endif
