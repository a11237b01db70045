#include "compare.h"

#include <string.h>

static bool value_fits(struct session *session, const cJSON *expected, const cJSON *found) {
    struct text value = json_value(&session->arena, expected);
    const char *hex = json_hex(&session->arena, (const uint8_t *)value.data, value.length);
    return cJSON_IsString(found) && strcmp(hex, found->valuestring) == 0;
}

static bool name_fits(struct session *session, const cJSON *expected, const cJSON *found) {
    struct text name = session_fill(session, json_text_of(&session->arena, expected));
    return cJSON_IsString(found) && strcmp(name.data, found->valuestring) == 0;
}

/* Whether two objects by key are equal as a whole. */
static bool entries_fit(struct session *session, const cJSON *expected, const cJSON *found, bool are_values) {
    if (cJSON_GetArraySize(expected) != cJSON_GetArraySize(found))
        return false;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, expected) {
        struct text key = session_fill(session, formatted(&session->arena, "%s", entry->string));
        const cJSON *beside = json_field(found, key.data);
        if (!(are_values ? value_fits(session, entry, beside) : name_fits(session, entry, beside)))
            return false;
    }
    return true;
}

static bool version_fits(struct session *session, const cJSON *expected, const cJSON *found) {
    const struct saved *saved = session_saved(session, expected->valuestring);
    const char *word = saved == NULL ? expected->valuestring : saved->word;
    return cJSON_IsString(found) && strcmp(word, found->valuestring) == 0;
}

typedef bool (*item_fits)(struct session *, const cJSON *, const cJSON *);

static bool items_fit(struct session *session, const cJSON *expected, const cJSON *found, item_fits fits) {
    if (cJSON_GetArraySize(expected) != cJSON_GetArraySize(found))
        return false;
    const cJSON *beside = found->child;
    const cJSON *item;
    cJSON_ArrayForEach(item, expected) {
        if (!fits(session, item, beside))
            return false;
        beside = beside->next;
    }
    return true;
}

/* Whether the words, parted by spaces, have this one. */
static bool is_one_of(const char *word, const char *words) {
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool field_fits(struct session *session, const cJSON *expected, const cJSON *answer) {
    const char *field = expected->string;
    const cJSON *found = json_field(answer, field);
    if (strcmp(field, "newer_than") == 0) {
        const cJSON *number = json_field(answer, "number");
        const struct saved *saved = session_saved(session, expected->valuestring);
        return saved != NULL && cJSON_IsNumber(number) && number->valuedouble > (double)saved->number;
    }
    if (found == NULL)
        return false;
    if (strcmp(field, "value") == 0)
        return value_fits(session, expected, found);
    if (strcmp(field, "values") == 0)
        return entries_fit(session, expected, found, true);
    if (is_one_of(field, "failures skipped outcomes losses") || (is_one_of(field, "names") && cJSON_IsObject(expected)))
        return entries_fit(session, expected, found, false);
    if (is_one_of(field, "names expired imported replaced deleted") && cJSON_IsArray(expected))
        return items_fit(session, expected, found, name_fits);
    if (is_one_of(field, "next key") && cJSON_IsString(expected))
        return name_fits(session, expected, found);
    if (is_one_of(field, "version current") && cJSON_IsString(expected))
        return version_fits(session, expected, found);
    if (strcmp(field, "versions") == 0 && cJSON_IsArray(expected))
        return items_fit(session, expected, found, version_fits);
    return json_same(expected, found);
}

bool answer_fits(struct session *session, const cJSON *expected, const cJSON *found, const char **field) {
    *field = "the answer";
    if (!cJSON_IsObject(expected))
        return json_same(expected, found);
    if (!cJSON_IsObject(found))
        return false;
    const cJSON *part;
    cJSON_ArrayForEach(part, expected) {
        *field = part->string;
        if (!field_fits(session, part, found))
            return false;
    }
    return true;
}
