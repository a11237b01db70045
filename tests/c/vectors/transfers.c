/* The operations that look at many secrets: explanations, documents, copies. */
#include <string.h>

#include "arguments.h"
#include "step.h"

/* ---- explain ---- */

static cJSON *explained(const strongroom_explanation_t *explanation) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *names = cJSON_AddArrayToObject(answer, "names");
    const char *before = "";
    size_t decides = 0;
    size_t at_name = 0;
    bool found = strongroom_explanation_answer(explanation, &decides) == STRONGROOM_STATUS_OK;
    size_t count = strongroom_explanation_len(explanation);
    for (size_t at = 0; at < count; at++) {
        const char *key = strongroom_explanation_key(explanation, at);
        const char *scope = strongroom_explanation_scope(explanation, at);
        check(scope != NULL && strncmp(key, scope, strlen(scope)) == 0, "the scope of %s", key);
        check(strongroom_explanation_word(explanation, at) != NULL, "what was answered about %s", key);
        check(strongroom_explanation_backend(explanation, at) != NULL, "who answered about %s", key);
        if (strcmp(before, key) != 0)
            cJSON_AddItemToArray(names, cJSON_CreateString(key));
        before = key;
        if (found && at == decides)
            at_name = (size_t)cJSON_GetArraySize(names) - 1;
    }
    check(strongroom_explanation_key(explanation, count) == NULL, "an explanation ends");
    cJSON_AddItemToObject(answer, "answer", found ? cJSON_CreateNumber((double)at_name) : cJSON_CreateNull());
    strongroom_metadata_t *metadata = NULL;
    const char *provider = NULL;
    if (found && check(strongroom_explanation_metadata(explanation, decides, &metadata, NULL) == STRONGROOM_STATUS_OK,
                       "the metadata of a step"))
        provider = strongroom_metadata_provider(metadata);
    cJSON_AddItemToObject(answer, "provider", provider ? cJSON_CreateString(provider) : cJSON_CreateNull());
    strongroom_metadata_free(metadata);
    strongroom_error_t *error = NULL;
    strongroom_status_t status = strongroom_explanation_failure(explanation, &error);
    const char *token = status == STRONGROOM_STATUS_OK ? NULL : strongroom_error_token(error);
    cJSON_AddItemToObject(answer, "error", token ? cJSON_CreateString(token) : cJSON_CreateNull());
    strongroom_error_free(error);
    return answer;
}

cJSON *run_explain(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    const char *const *scopes = NULL;
    const size_t *lengths = NULL;
    size_t count = json_field(step->args, "scopes") == NULL ? 0 : texts_of(step, "scopes", &scopes, &lengths);
    CALL(step->form, out, explanation, explain, step->manager, key.data, key.length, scopes, lengths, count,
         step->call);
    return out->status == STRONGROOM_STATUS_OK ? explained(out->explanation) : NULL;
}

/* ---- options ---- */

static const char *const words[] = {"format",  "dialect",         "scope",      "prefix",       "full_names",
                                    "names",   "include_expired", "strict",     "if_exists",    "provider",
                                    "dry_run", "allow_loss",      "skip_unfit", "delete_source"};

static strongroom_status_t set_all(const struct step *step, strongroom_transfer_t *transfer,
                                   strongroom_error_t **error) {
    struct session *session = step->session;
    strongroom_status_t status = STRONGROOM_STATUS_OK;
    for (size_t at = 0; at < sizeof words / sizeof *words && status == STRONGROOM_STATUS_OK; at++) {
        const cJSON *stated = json_field(step->args, words[at]);
        if (stated == NULL)
            continue;
        struct text value = option_text(session, stated);
        status = strongroom_transfer_set(transfer, words[at], STRONGROOM_AUTO_LENGTH, value.data, value.length, error);
    }
    const cJSON *key;
    cJSON_ArrayForEach(key, json_field(step->args, "keys")) {
        struct text text = session_fill(session, json_text_of(&session->arena, key));
        if (status == STRONGROOM_STATUS_OK)
            status = strongroom_transfer_add_key(transfer, text.data, text.length, error);
    }
    const cJSON *keys = json_field(step->args, "fernet_keys");
    if (keys != NULL && status == STRONGROOM_STATUS_OK) {
        struct text text = json_value(&session->arena, keys);
        status = strongroom_transfer_set_secret(transfer, "fernet_keys", STRONGROOM_AUTO_LENGTH, text.data, text.length,
                                                error);
    }
    return status;
}

/* What the step states. */
static strongroom_transfer_t *transfer_of(const struct step *step, struct outcome *out) {
    strongroom_transfer_t *transfer = NULL;
    out->status = strongroom_transfer_new(&transfer, &out->error);
    if (out->status == STRONGROOM_STATUS_OK)
        out->status = set_all(step, transfer, &out->error);
    return transfer;
}

/* ---- answers ---- */

static bool is(const strongroom_transferred_t *told, size_t at, const char *word) {
    return strcmp(strongroom_transferred_word(told, at), word) == 0;
}

/* The items of which this word is told: as an array of keys, or as an object of what more is told of each. */
static void add_items(cJSON *answer, const char *field, const strongroom_transferred_t *told, const char *word,
                      bool with_detail) {
    cJSON *items = with_detail ? cJSON_AddObjectToObject(answer, field) : cJSON_AddArrayToObject(answer, field);
    for (size_t at = 0; at < strongroom_transferred_len(told); at++) {
        const char *key = strongroom_transferred_key(told, at);
        if (!is(told, at, word))
            continue;
        if (with_detail)
            cJSON_AddStringToObject(items, key, strongroom_transferred_detail(told, at));
        else
            cJSON_AddItemToArray(items, cJSON_CreateString(key));
    }
}

static cJSON *exported(struct session *session, const strongroom_transferred_t *told) {
    cJSON *answer = cJSON_CreateObject();
    const char *document = (const char *)strongroom_transferred_document(told);
    size_t length = strongroom_transferred_document_len(told);
    if (check(document != NULL, "an export has a document"))
        cJSON_AddStringToObject(answer, "document", formatted(&session->arena, "%.*s", (int)length, document).data);
    add_items(answer, "names", told, "exported", true);
    add_items(answer, "skipped", told, "skipped", true);
    return answer;
}

/* The first entry that failed gives its status and error instead. */
static cJSON *imported(const strongroom_transferred_t *told, struct outcome *out) {
    for (size_t at = 0; at < strongroom_transferred_len(told) && out->status == STRONGROOM_STATUS_OK; at++) {
        if (is(told, at, "failed"))
            out->status = strongroom_transferred_outcome(told, at, &out->error);
    }
    check(strongroom_transferred_document(told) == NULL, "an import has no document");
    cJSON *answer = cJSON_CreateObject();
    add_items(answer, "imported", told, "created", false);
    add_items(answer, "replaced", told, "replaced", false);
    add_items(answer, "skipped", told, "skipped", true);
    size_t notes = strongroom_transferred_note_count(told);
    for (size_t at = 0; at < notes; at++)
        check(strongroom_transferred_note(told, at) != NULL, "a note has a text");
    check(strongroom_transferred_note(told, notes) == NULL, "notes end");
    cJSON_AddNumberToObject(answer, "notes", (double)notes);
    return answer;
}

static cJSON *copied(const strongroom_transferred_t *told) {
    cJSON *answer = cJSON_CreateObject();
    cJSON *outcomes = cJSON_AddObjectToObject(answer, "outcomes");
    cJSON *losses = cJSON_AddObjectToObject(answer, "losses");
    cJSON *deleted = cJSON_AddArrayToObject(answer, "deleted");
    for (size_t at = 0; at < strongroom_transferred_len(told); at++) {
        const char *key = strongroom_transferred_key(told, at);
        cJSON_AddStringToObject(outcomes, key, strongroom_transferred_word(told, at));
        if (strongroom_transferred_detail(told, at) != NULL)
            cJSON_AddStringToObject(losses, key, strongroom_transferred_detail(told, at));
        if (strongroom_transferred_item_flags(told, at) == STRONGROOM_TRANSFERRED_DELETED)
            cJSON_AddItemToArray(deleted, cJSON_CreateString(key));
    }
    return answer;
}

/* ---- the operations ---- */

cJSON *run_export(const struct step *step, struct outcome *out) {
    strongroom_transfer_t *transfer = transfer_of(step, out);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, transferred, export, step->manager, transfer, step->call);
    strongroom_transfer_free(transfer);
    return out->status == STRONGROOM_STATUS_OK ? exported(step->session, out->transferred) : NULL;
}

cJSON *run_import(const struct step *step, struct outcome *out) {
    struct text document = session_filled(step->session, step->args, "document");
    strongroom_transfer_t *transfer = transfer_of(step, out);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, transferred, import, step->manager, document.data, document.length, transfer, step->call);
    strongroom_transfer_free(transfer);
    return out->status == STRONGROOM_STATUS_OK ? imported(out->transferred, out) : NULL;
}

cJSON *run_copy_plan(const struct step *step, struct outcome *out) {
    strongroom_transfer_t *transfer = transfer_of(step, out);
    const strongroom_manager_t *target = session_beside(step->session);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, transferred, copy_plan, step->manager, target, transfer, step->call);
    strongroom_transfer_free(transfer);
    return out->status == STRONGROOM_STATUS_OK ? copied(out->transferred) : NULL;
}

cJSON *run_copy_to(const struct step *step, struct outcome *out) {
    strongroom_transfer_t *transfer = transfer_of(step, out);
    const strongroom_manager_t *target = session_beside(step->session);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, transferred, copy_to, step->manager, target, transfer, step->call);
    strongroom_transfer_free(transfer);
    return out->status == STRONGROOM_STATUS_OK ? copied(out->transferred) : NULL;
}
