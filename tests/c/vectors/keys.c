#include "keys.h"

#include <stdlib.h>
#include <string.h>
#include <strongroom.h>

#include "json.h"
#include "report.h"

/* Whether a part of the key is this text, or absent where it is null. */
static bool has_part(const strongroom_report_t *report, const char *part, const cJSON *expected) {
    const char *found = strongroom_report_text(report, part, STRONGROOM_AUTO_LENGTH);
    if (cJSON_IsNull(expected))
        return found == NULL;
    return found != NULL && strcmp(found, expected->valuestring) == 0;
}

static void is_read(struct text text, const cJSON *vector) {
    static const char *const parts[] = {"canonical", "kind", "id", "name", "target"};
    strongroom_report_t *report = NULL;
    strongroom_status_t status = strongroom_key_parse(text.data, text.length, &report, NULL);
    check(status == STRONGROOM_STATUS_OK, "the key %.80s answers %d", text.data, (int)status);
    for (size_t at = 0; at < sizeof parts / sizeof *parts; at++)
        check(has_part(report, parts[at], json_field(vector, parts[at])), "`%s` of the key %.80s", parts[at],
              text.data);
    strongroom_report_free(report);
}

/* Whether an error is of the class that a vector names, told by its text. */
static void is_refused(const cJSON *file, const cJSON *vector, strongroom_status_t status, strongroom_error_t *error) {
    const char *reason = json_field(vector, "reason")->valuestring;
    const char *part = json_field(json_field(file, "reasons"), reason)->valuestring;
    const char *message = strongroom_error_message(error);
    check(status == STRONGROOM_STATUS_INVALID_KEY && message != NULL && strstr(message, part) != NULL,
          "a key is refused as %s, not: %d %s", reason, (int)status, message ? message : "");
    strongroom_error_free(error);
}

static void is_escaped(struct arena *arena, struct text word, struct text escaped) {
    /* One byte more than may be needed, so that the NUL is seen; and the exact size. */
    size_t capacity = 3 * word.length + 3;
    char *buffer = arena_alloc(arena, capacity);
    size_t needed = 0;
    const uint8_t *bytes = (const uint8_t *)word.data;
    strongroom_status_t status = strongroom_key_escape(bytes, word.length, buffer, capacity, &needed, NULL);
    check(status == STRONGROOM_STATUS_OK && needed == escaped.length && strcmp(buffer, escaped.data) == 0,
          "%s is escaped as %s (%d)", escaped.data, buffer, (int)status);
    status = strongroom_key_escape(bytes, word.length, buffer, escaped.length, &needed, NULL);
    check(status == STRONGROOM_STATUS_BUFFER_TOO_SMALL && needed == escaped.length, "%s without a NUL: %d, %zu",
          escaped.data, (int)status, needed);
    uint8_t *back = arena_alloc(arena, word.length + 1);
    status = strongroom_key_unescape(escaped.data, escaped.length, back, word.length, &needed, NULL);
    check(status == STRONGROOM_STATUS_OK && needed == word.length && memcmp(back, word.data, word.length) == 0,
          "%s is unescaped (%d)", escaped.data, (int)status);
}

static struct text escaped(struct arena *arena, struct text word) {
    struct text text = {arena_alloc(arena, 3 * word.length + 3), 0};
    strongroom_key_escape((const uint8_t *)word.data, word.length, text.data, 3 * word.length + 3, &text.length, NULL);
    return text;
}

static void is_account(struct arena *arena, const cJSON *vector) {
    struct text service = escaped(arena, json_text(arena, vector, "service"));
    struct text account = escaped(arena, json_text(arena, vector, "account"));
    struct text key = formatted(arena, "app/%s/%s", service.data, account.data);
    check(strcmp(key.data, json_field(vector, "key")->valuestring) == 0, "the key of an account: %s", key.data);
    strongroom_report_t *report = NULL;
    check(strongroom_key_parse(key.data, key.length, &report, NULL) == STRONGROOM_STATUS_OK, "%s is a key", key.data);
    strongroom_report_free(report);
}

void run_keys(const char *folder) {
    cJSON *file = json_load(folder, "keys.json");
    struct arena arena = {0};
    int count = 0;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, json_array(file, "valid")) {
        is_read(json_text(&arena, vector, "text"), vector);
        /* The canonical text is a key, too: the same. */
        is_read(json_text(&arena, vector, "canonical"), vector);
        count++;
    }
    cJSON_ArrayForEach(vector, json_array(file, "invalid")) {
        struct text text = json_text(&arena, vector, "text");
        strongroom_report_t *report = NULL;
        strongroom_error_t *error = NULL;
        strongroom_status_t status = strongroom_key_parse(text.data, text.length, &report, &error);
        is_refused(file, vector, status, error);
        check(report == NULL, "a refused key has no parts");
        count++;
    }
    cJSON_ArrayForEach(vector, json_array(file, "escape")) {
        is_escaped(&arena, json_value(&arena, json_field(vector, "word")), json_text(&arena, vector, "escaped"));
        count++;
    }
    cJSON_ArrayForEach(vector, json_array(file, "unescape_invalid")) {
        struct text text = json_text(&arena, vector, "text");
        size_t needed = 0;
        uint8_t *buffer = arena_alloc(&arena, text.length + 1);
        strongroom_error_t *error = NULL;
        strongroom_status_t status =
            strongroom_key_unescape(text.data, text.length, buffer, text.length, &needed, &error);
        is_refused(file, vector, status, error);
        count++;
    }
    cJSON_ArrayForEach(vector, json_array(file, "keyring")) {
        is_account(&arena, vector);
        count++;
    }
    check(count == json_field(file, "count")->valueint, "%d vectors of keys ran", count);
    ran(BLOCKING, "key_parse", "valid");
    ran(BLOCKING, "key_escape", "escape");
    ran(BLOCKING, "key_unescape", "escape");
    arena_clear(&arena);
    cJSON_Delete(file);
}

void run_errors(const char *folder) {
    cJSON *file = json_load(folder, "errors.json");
    int count = 0;
    const cJSON *vector;
    cJSON_ArrayForEach(vector, json_array(file, "kinds")) {
        const char *token = json_field(vector, "token")->valuestring;
        int number = json_field(vector, "number")->valueint;
        const char *found = strongroom_status_token(number);
        const char *help = strongroom_status_help(number);
        check(found != NULL && strcmp(found, token) == 0, "the token of %d is %s", number, token);
        check(help != NULL && help[0] != '\0', "%s has a help", token);
        check(strongroom_status_is_retryable(number) == (bool)cJSON_IsTrue(json_field(vector, "retryable")),
              "whether to retry after %s", token);
        check(strongroom_status_exit_code(number) == json_field(vector, "exit_code")->valueint, "the exit code of %s",
              token);
        count++;
    }
    check(count == json_field(file, "count")->valueint, "%d vectors of errors ran", count);
    /* Nothing else is a kind: every kind has its vector. */
    int kinds = 0;
    for (int number = 1; number < 2000; number++)
        kinds += strongroom_status_token(number) != NULL;
    check(kinds == count, "the library knows %d kinds", kinds);
    cJSON_Delete(file);
}
