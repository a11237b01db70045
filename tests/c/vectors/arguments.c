#include "arguments.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The names of what every verb takes. */
static const char common[] = "prompt actor reason request_id";

/* Microseconds since 1970 of an expiry; false where none is stated. */
static bool expiry(const cJSON *args, int64_t *microseconds) {
    const cJSON *seconds = json_field(args, "expires_in_s");
    const cJSON *absolute = json_field(args, "expires_at");
    if (cJSON_IsNumber(seconds))
        *microseconds = ((int64_t)time(NULL) + (int64_t)seconds->valuedouble) * 1000000;
    else if (cJSON_IsNumber(absolute))
        *microseconds = (int64_t)absolute->valuedouble;
    else
        return false;
    return true;
}

struct text option_text(struct session *session, const cJSON *option) {
    if (cJSON_IsBool(option))
        return formatted(&session->arena, "%s", cJSON_IsTrue(option) ? "true" : "false");
    if (cJSON_IsNumber(option))
        return formatted(&session->arena, "%" PRId64, (int64_t)option->valuedouble);
    struct text word = json_text_of(&session->arena, option);
    const struct saved *saved = session_saved(session, word.data);
    return saved == NULL ? session_fill(session, word) : formatted(&session->arena, "%s", saved->word);
}

static strongroom_status_t set_option(strongroom_call_t **call, const char *name, struct text value,
                                      strongroom_error_t **error) {
    strongroom_status_t status = STRONGROOM_STATUS_OK;
    if (*call == NULL)
        status = strongroom_call_new(call, error);
    if (status == STRONGROOM_STATUS_OK)
        status = strongroom_call_set(*call, name, strlen(name), value.data, value.length, error);
    return status;
}

strongroom_status_t call_of(struct session *session, const cJSON *args, const char *words, strongroom_call_t **call,
                            strongroom_error_t **error) {
    strongroom_status_t status = STRONGROOM_STATUS_OK;
    const cJSON *timeout = json_field(args, "timeout_ms");
    if (timeout != NULL)
        status = set_option(call, "timeout", formatted(&session->arena, "%dms", timeout->valueint), error);
    char *rest = formatted(&session->arena, "%s %s", common, words).data;
    for (char *word; status == STRONGROOM_STATUS_OK && rest != NULL;) {
        word = rest;
        rest = strchr(rest, ' ');
        if (rest != NULL)
            *rest++ = '\0';
        int64_t at;
        const cJSON *option = json_field(args, word);
        if (strcmp(word, "every_ms") == 0 && option != NULL)
            status = set_option(call, "every", formatted(&session->arena, "%dms", option->valueint), error);
        else if (strcmp(word, "expires_at") == 0 && expiry(args, &at))
            status = set_option(call, word, formatted(&session->arena, "%" PRId64, at), error);
        else if (option != NULL)
            status = set_option(call, word, option_text(session, option), error);
    }
    return status;
}

typedef strongroom_status_t (*text_setter)(strongroom_metadata_t *, const char *, size_t, strongroom_error_t **);

static strongroom_status_t set_text(struct session *session, strongroom_metadata_t *metadata, const cJSON *args,
                                    const char *name, text_setter set, strongroom_error_t **error) {
    const cJSON *field = json_field(args, name);
    if (field == NULL)
        return STRONGROOM_STATUS_OK;
    if (cJSON_IsNull(field))
        return strongroom_metadata_clear(metadata, name, STRONGROOM_AUTO_LENGTH, error);
    struct text value = json_text_of(&session->arena, field);
    return set(metadata, value.data, value.length, error);
}

static strongroom_status_t set_labels(struct session *session, strongroom_metadata_t *metadata, const cJSON *labels,
                                      strongroom_error_t **error) {
    /* Cleared first: an update with no labels removes those that there are. */
    strongroom_status_t status = strongroom_metadata_clear(metadata, "labels", STRONGROOM_AUTO_LENGTH, error);
    const cJSON *label;
    cJSON_ArrayForEach(label, labels) {
        if (status == STRONGROOM_STATUS_OK) {
            struct text value = json_text_of(&session->arena, label);
            status = strongroom_metadata_set_label(metadata, label->string, strlen(label->string), value.data,
                                                   value.length, error);
        }
    }
    return status;
}

strongroom_status_t metadata_of(struct session *session, const cJSON *args, strongroom_metadata_t **metadata,
                                strongroom_error_t **error) {
    static const char *const fields[] = {"provider",     "scope_of_use", "labels",
                                         "expires_in_s", "expires_at",   "clear_expiry"};
    bool stated = false;
    for (size_t at = 0; at < sizeof fields / sizeof *fields; at++)
        stated |= json_field(args, fields[at]) != NULL;
    if (!stated)
        return STRONGROOM_STATUS_OK;
    strongroom_status_t status = strongroom_metadata_new(metadata, error);
    if (status == STRONGROOM_STATUS_OK)
        status = set_text(session, *metadata, args, "provider", strongroom_metadata_set_provider, error);
    if (status == STRONGROOM_STATUS_OK)
        status = set_text(session, *metadata, args, "scope_of_use", strongroom_metadata_set_scope_of_use, error);
    if (status == STRONGROOM_STATUS_OK && json_field(args, "labels") != NULL)
        status = set_labels(session, *metadata, json_field(args, "labels"), error);
    int64_t at;
    if (status == STRONGROOM_STATUS_OK && expiry(args, &at))
        status = strongroom_metadata_set_expires_at(*metadata, at, error);
    if (status == STRONGROOM_STATUS_OK && cJSON_IsTrue(json_field(args, "clear_expiry")))
        status = strongroom_metadata_clear(*metadata, "expires_at", STRONGROOM_AUTO_LENGTH, error);
    return status;
}

int32_t form_of(const cJSON *args) {
    static const char *const forms[] = {"bytes", "hex", "base64", "password"};
    static const int32_t numbers[] = {STRONGROOM_FORM_BYTES, STRONGROOM_FORM_HEX, STRONGROOM_FORM_BASE64,
                                      STRONGROOM_FORM_PASSWORD};
    const cJSON *form = json_field(args, "form");
    for (size_t at = 0; cJSON_IsString(form) && at < sizeof forms / sizeof *forms; at++) {
        if (strcmp(form->valuestring, forms[at]) == 0)
            return numbers[at];
    }
    die("a form is expected");
}

size_t size_of(const cJSON *args, const char *name) {
    const cJSON *size = json_field(args, name);
    if (!cJSON_IsNumber(size))
        die("`%s` is no number", name);
    return (size_t)size->valuedouble;
}
