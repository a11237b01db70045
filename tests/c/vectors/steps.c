#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "arguments.h"
#include "compare.h"
#include "step.h"

struct text key_of(const struct step *step) {
    return session_filled(step->session, step->args, "key");
}

static struct text value_of(const struct step *step) {
    return json_value(&step->session->arena, json_field(step->args, "value"));
}

static const uint8_t *bytes(struct text text) { return (const uint8_t *)text.data; }

size_t texts_of(const struct step *step, const char *name, const char *const **texts, const size_t **lengths) {
    const cJSON *array = json_array(step->args, name);
    size_t count = (size_t)cJSON_GetArraySize(array);
    const char **pointers = arena_alloc(&step->session->arena, (count + 1) * sizeof *pointers);
    size_t *sizes = arena_alloc(&step->session->arena, (count + 1) * sizeof *sizes);
    size_t at = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        struct text text = session_fill(step->session, json_text_of(&step->session->arena, item));
        pointers[at] = text.data;
        sizes[at++] = text.length;
    }
    *texts = pointers;
    *lengths = sizes;
    return count;
}

static cJSON *done(const struct outcome *out) {
    return out->status == STRONGROOM_STATUS_OK ? cJSON_CreateNull() : NULL;
}

static cJSON *written(const struct outcome *out) {
    return out->status == STRONGROOM_STATUS_OK ? answer_written(out->written) : NULL;
}

/* A secret that is not there is an answer of the vectors and a status of the C API. */
static bool is_absent(struct outcome *out) {
    if (out->status != STRONGROOM_STATUS_NOT_FOUND)
        return false;
    check(out->secret == NULL && out->metadata == NULL, "nothing comes with not_found");
    strongroom_error_free(out->error);
    out->error = NULL;
    out->status = STRONGROOM_STATUS_OK;
    return true;
}

static cJSON *secret_or_null(const struct step *step, struct outcome *out) {
    if (is_absent(out))
        return cJSON_CreateNull();
    return out->status == STRONGROOM_STATUS_OK ? answer_secret(step->session, out->secret) : NULL;
}

static cJSON *scoped(const struct step *step, struct outcome *out) {
    struct text scope = session_filled(step->session, step->args, "scope");
    strongroom_manager_t *view = NULL;
    out->status = strongroom_manager_scoped(step->manager, scope.data, scope.length, &view, &out->error);
    if (out->status == STRONGROOM_STATUS_OK)
        session_add_view(step->session, view);
    return done(out);
}

static cJSON *other(const struct step *step, struct outcome *out) {
    session_other(step->session, step->args, out);
    return done(out);
}

static cJSON *get(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL(step->form, out, secret, get, step->manager, key.data, key.length, step->call);
    return secret_or_null(step, out);
}

static cJSON *get_version(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text version = session_version(step->session, step->args, "version");
    CALL(step->form, out, secret, get_version, step->manager, key.data, key.length, version.data, version.length,
         step->call);
    return secret_or_null(step, out);
}

static cJSON *get_value(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    const size_t capacity = 4096;
    char *buffer = arena_alloc(&step->session->arena, capacity);
    size_t length = 0;
    out->status = strongroom_manager_get_value(step->manager, key.data, key.length, step->call, buffer, capacity,
                                               &length, &out->error);
    if (is_absent(out))
        return cJSON_CreateNull();
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    check(strlen(buffer) == length, "a text has its length");
    return cJSON_CreateString(buffer);
}

static cJSON *get_into(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    size_t capacity = size_of(step->args, "capacity");
    /* Of exactly this size, so that a byte too much is seen. */
    uint8_t *buffer = capacity == 0 ? NULL : malloc(capacity);
    if (capacity != 0 && buffer == NULL)
        die("out of memory");
    size_t length = 0;
    out->status = strongroom_manager_get_into(step->manager, key.data, key.length, step->call, buffer, capacity,
                                              &length, &out->error);
    cJSON *answer = NULL;
    if (is_absent(out))
        answer = cJSON_CreateNull();
    else if (out->status == STRONGROOM_STATUS_OK)
        answer = answer_bytes(step->session, buffer, length);
    else if (out->status == STRONGROOM_STATUS_BUFFER_TOO_SMALL)
        check(length > capacity, "buffer_too_small tells the length");
    free(buffer);
    return answer;
}

static cJSON *get_many(const struct step *step, struct outcome *out) {
    const char *const *keys;
    const size_t *lengths;
    size_t count = texts_of(step, "keys", &keys, &lengths);
    CALL(step->form, out, list, get_many, step->manager, keys, lengths, count, step->call);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    check(strongroom_list_len(out->list) == count, "get_many has one item for each key");
    return answer_found(step->session, out->list);
}

static cJSON *get_with_fallback(const struct step *step, struct outcome *out) {
    struct text name = json_text(&step->session->arena, step->args, "name");
    const char *const *scopes;
    const size_t *lengths;
    size_t count = texts_of(step, "scopes", &scopes, &lengths);
    CALL(step->form, out, secret, get_with_fallback, step->manager, name.data, name.length, scopes, lengths, count,
         step->call);
    return secret_or_null(step, out);
}

static cJSON *exists(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL(step->form, out, exists, exists, step->manager, key.data, key.length, step->call);
    return out->status == STRONGROOM_STATUS_OK ? cJSON_CreateBool(out->exists) : NULL;
}

static cJSON *describe(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL(step->form, out, metadata, describe, step->manager, key.data, key.length, step->call);
    if (is_absent(out))
        return cJSON_CreateNull();
    return out->status == STRONGROOM_STATUS_OK ? answer_metadata(out->metadata) : NULL;
}

static cJSON *list(const struct step *step, struct outcome *out) {
    CALL(step->form, out, list, list, step->manager, step->call);
    return out->status == STRONGROOM_STATUS_OK ? answer_listed(out->list) : NULL;
}

static cJSON *versions(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL(step->form, out, list, versions, step->manager, key.data, key.length, step->call);
    return out->status == STRONGROOM_STATUS_OK ? answer_versions(out->list) : NULL;
}

static cJSON *set(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text value = value_of(step);
    strongroom_metadata_t *metadata = NULL;
    out->status = metadata_of(step->session, step->args, &metadata, &out->error);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, written, set, step->manager, key.data, key.length, bytes(value), value.length, metadata,
             step->call);
    strongroom_metadata_free(metadata);
    return written(out);
}

static cJSON *set_many(const struct step *step, struct outcome *out) {
    strongroom_batch_t *batch = NULL;
    out->status = strongroom_batch_new(&batch, &out->error);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_array(step->args, "entries")) {
        if (out->status != STRONGROOM_STATUS_OK)
            break;
        struct text key = session_filled(step->session, entry, "key");
        struct text value = json_value(&step->session->arena, json_field(entry, "value"));
        strongroom_metadata_t *metadata = NULL;
        out->status = metadata_of(step->session, entry, &metadata, &out->error);
        if (out->status == STRONGROOM_STATUS_OK)
            out->status =
                strongroom_batch_add(batch, key.data, key.length, bytes(value), value.length, metadata, &out->error);
        strongroom_metadata_free(metadata);
    }
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, list, set_many, step->manager, batch, step->call);
    strongroom_batch_free(batch);
    return out->status == STRONGROOM_STATUS_OK ? answer_batch(out->list, &out->status, &out->error) : NULL;
}

static cJSON *set_api_key(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text value = value_of(step);
    struct text provider = {NULL, 0};
    if (json_field(step->args, "provider") != NULL)
        provider = json_text(&step->session->arena, step->args, "provider");
    CALL(step->form, out, written, set_api_key, step->manager, key.data, key.length, bytes(value), value.length,
         provider.data, provider.length, step->call);
    return written(out);
}

static cJSON *update_value(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text value = value_of(step);
    CALL(step->form, out, written, update_value, step->manager, key.data, key.length, bytes(value), value.length,
         step->call);
    return written(out);
}

static cJSON *update_metadata(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    strongroom_metadata_t *update = NULL;
    out->status = metadata_of(step->session, step->args, &update, &out->error);
    if (out->status == STRONGROOM_STATUS_OK && update == NULL)
        out->status = strongroom_metadata_new(&update, &out->error);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, written, update_metadata, step->manager, key.data, key.length, update, step->call);
    strongroom_metadata_free(update);
    return written(out);
}

static cJSON *generate(const struct step *step, struct outcome *out) {
    int32_t form = form_of(step->args);
    size_t length = size_of(step->args, "length");
    out->status = strongroom_generate(form, length, step->call, &out->secret, &out->error);
    return out->status == STRONGROOM_STATUS_OK ? answer_generated(out->secret) : NULL;
}

static cJSON *get_or_generate(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    int32_t form = form_of(step->args);
    size_t length = size_of(step->args, "length");
    strongroom_metadata_t *metadata = NULL;
    out->status = metadata_of(step->session, step->args, &metadata, &out->error);
    if (out->status == STRONGROOM_STATUS_OK)
        CALL(step->form, out, secret, get_or_generate, step->manager, key.data, key.length, form, length, metadata,
             step->call);
    strongroom_metadata_free(metadata);
    return out->status == STRONGROOM_STATUS_OK ? answer_generated(out->secret) : NULL;
}

static cJSON *rotate(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text value = value_of(step);
    CALL(step->form, out, written, rotate, step->manager, key.data, key.length, bytes(value), value.length, step->call);
    return written(out);
}

static cJSON *rotate_generate(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    int32_t form = form_of(step->args);
    size_t length = size_of(step->args, "length");
    CALL(step->form, out, written, rotate_generate, step->manager, key.data, key.length, form, length, step->call);
    return written(out);
}

static cJSON *delete (const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL_DONE(step->form, out, delete, step->manager, key.data, key.length, step->call);
    return done(out);
}

static cJSON *restore(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    CALL(step->form, out, written, restore, step->manager, key.data, key.length, step->call);
    return written(out);
}

/* The text of a reference, with the version that it names filled in. */
static struct text reference_of(const struct step *step) {
    static const char mark[] = "{version}";
    struct text reference = session_filled(step->session, step->args, "reference");
    const char *at = json_field(step->args, "version") == NULL ? NULL : strstr(reference.data, mark);
    if (at == NULL)
        return reference;
    struct text version = session_version(step->session, step->args, "version");
    return formatted(&step->session->arena, "%.*s%s%s", (int)(at - reference.data), reference.data, version.data,
                     at + strlen(mark));
}

static cJSON *resolve(const struct step *step, struct outcome *out) {
    struct text reference = reference_of(step);
    CALL(step->form, out, secret, resolve, step->manager, reference.data, reference.length, step->call);
    return secret_or_null(step, out);
}

static cJSON *refresh(const struct step *step, struct outcome *out) {
    CALL_DONE(step->form, out, refresh, step->manager, step->call);
    return done(out);
}

static cJSON *rollback(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text version = {NULL, 0};
    if (json_field(step->args, "version") != NULL)
        version = session_version(step->session, step->args, "version");
    CALL(step->form, out, written, rollback, step->manager, key.data, key.length, version.data, version.length,
         step->call);
    return written(out);
}

static cJSON *health(const struct step *step, struct outcome *out) {
    CALL(step->form, out, report, health, step->manager, step->call);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    const char *state = strongroom_report_text(out->report, "state", STRONGROOM_AUTO_LENGTH);
    return state == NULL ? cJSON_CreateNull() : cJSON_CreateString(state);
}

static cJSON *verify(const struct step *step, struct outcome *out) {
    CALL(step->form, out, report, verify, step->manager, step->call);
    return out->status == STRONGROOM_STATUS_OK ? answer_verified(out->report) : NULL;
}

static cJSON *lock(const struct step *step, struct outcome *out) {
    CALL_DONE(step->form, out, lock, step->manager, step->call);
    return done(out);
}

static cJSON *close_manager(const struct step *step, struct outcome *out) {
    CALL_DONE(step->form, out, close, step->manager, step->call);
    return done(out);
}

/* An operation: the options of its call, and whether it has a callback form. */
static const struct operation {
    const char *name;
    cJSON *(*run)(const struct step *step, struct outcome *out);
    const char *options;
    bool has_callback;
} operations[] = {
    {"scoped", scoped, "", false},
    {"get", get, "include_expired version fresh", true},
    {"get_version", get_version, "include_expired fresh", true},
    {"get_value", get_value, "", false},
    {"get_into", get_into, "", false},
    {"get_many", get_many, "", true},
    {"get_with_fallback", get_with_fallback, "allow_unavailable", true},
    {"exists", exists, "", true},
    {"describe", describe, "", true},
    {"explain", run_explain, "", true},
    {"export", run_export, "", true},
    {"import", run_import, "", true},
    {"copy_plan", run_copy_plan, "", true},
    {"copy_to", run_copy_to, "", true},
    {"other", other, "", false},
    {"key_variable", run_key_variable, "", false},
    {"setting", run_setting, "", false},
    {"fernet_generate", run_fernet_generate, "", false},
    {"fernet_encrypt", run_fernet_encrypt, "", false},
    {"fernet_decrypt", run_fernet_decrypt, "", false},
    {"fernet_rotate", run_fernet_rotate, "", false},
    {"list", list, "scope prefix provider after limit full_metadata", true},
    {"versions", versions, "", true},
    {"set", set, "if_absent if_version created_at", true},
    {"set_many", set_many, "", true},
    {"set_api_key", set_api_key, "", true},
    {"update_value", update_value, "expires_at clear_expiry if_version", true},
    {"update_metadata", update_metadata, "if_version", true},
    {"generate", generate, "symbols", false},
    {"get_or_generate", get_or_generate, "symbols", true},
    {"rotate", rotate, "", true},
    {"rotate_generate", rotate_generate, "symbols", true},
    {"delete", delete, "missing_ok soft force version", true},
    {"restore", restore, "", true},
    {"resolve", resolve, "", true},
    {"refresh", refresh, "", true},
    {"metrics", run_metrics, "", false},
    {"subscribe", run_subscribe, "scope prefix every_ms", true},
    {"next_change", run_next_change, "", true},
    {"rollback", rollback, "back", true},
    {"health", health, "", true},
    {"verify", verify, "", true},
    {"lock", lock, "", true},
    {"close", close_manager, "", true},
};

static const struct operation *operation_called(const char *name) {
    for (size_t at = 0; at < sizeof operations / sizeof *operations; at++) {
        if (strcmp(operations[at].name, name) == 0)
            return &operations[at];
    }
    die("there is no operation `%s`", name);
}

/* A failed call comes with an error that says the same; one that worked with none. */
static void compare_error(const struct outcome *out, const char *operation) {
    if (out->status == STRONGROOM_STATUS_OK) {
        check(out->error == NULL, "%s worked and gives no error", operation);
        return;
    }
    const char *token = strongroom_status_token((int32_t)out->status);
    const char *same = strongroom_error_token(out->error);
    const char *message = strongroom_error_message(out->error);
    check(strongroom_error_status(out->error) == out->status && token != NULL && same != NULL &&
              strcmp(token, same) == 0,
          "%s: status and error are of one kind", operation);
    check(message != NULL && token != NULL && strncmp(message, token, strlen(token)) == 0,
          "%s: the message names the kind", operation);
}

static bool compare_step(struct session *session, const cJSON *step, const struct outcome *out, const cJSON *answer,
                         const char *script) {
    const cJSON *error = json_field(step, "error");
    const cJSON *expected = json_field(step, "expect");
    const char *operation = json_field(step, "op")->valuestring;
    const char *token = strongroom_status_token((int32_t)out->status);
    const char *message = strongroom_error_message(out->error);
    if (token == NULL)
        return check(false, "%s: %s answered %d, which is no status", script, operation, (int)out->status);
    if (error != NULL)
        return check(strcmp(token, error->valuestring) == 0, "%s: %s should have answered %s, not %s", script,
                     operation, error->valuestring, message ? message : token);
    if (!check(out->status == STRONGROOM_STATUS_OK, "%s: %s answered %s", script, operation, message ? message : token))
        return false;
    const char *field = "";
    if (expected == NULL || answer_fits(session, expected, answer, &field))
        return check(true, "%s", script);
    char *found = cJSON_PrintUnformatted(answer);
    check(false, "%s: %s: %s differs: %.300s", script, operation, field, found);
    cJSON_free(found);
    return false;
}

bool step_run(struct session *session, const cJSON *json, const char *script) {
    const struct operation *operation = operation_called(json_field(json, "op")->valuestring);
    const cJSON *args = json_field(json, "args");
    struct outcome out = {0};
    strongroom_call_t *call = NULL;
    cJSON *answer = NULL;
    out.status = call_of(session, args, operation->options, &call, &out.error);
    if (out.status == STRONGROOM_STATUS_OK) {
        struct step step = {session, session_manager(session), session->form, args, call};
        answer = operation->run(&step, &out);
    }
    strongroom_call_free(call);
    compare_error(&out, operation->name);
    const cJSON *save = json_field(json_field(json, "save"), "version");
    if (save != NULL && out.status == STRONGROOM_STATUS_OK)
        session_save(session, save->valuestring, out.written);
    bool good = compare_step(session, json, &out, answer, script);
    /* `other` is `open` once more. */
    bool counts = operation->run != other;
    if (good && counts && out.status == STRONGROOM_STATUS_OK && (session->form == BLOCKING || operation->has_callback))
        ran(session->form, operation->name, script);
    cJSON_Delete(answer);
    outcome_free(&out);
    arena_clear(&session->arena);
    return good;
}
