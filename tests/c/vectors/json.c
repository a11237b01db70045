#include "json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* cJSON ends a text at an escaped NUL. Before it reads a file, NULs are written as a character that no vector has, and
   they become NULs again when a text is taken out. */
static const char escaped_nul[] = "\\u0000";
static const char escaped_stand_in[] = "\\ue000";
static const char stand_in[] = "\xee\x80\x80";

static char *read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        die("cannot read %s", path);
    long length = ftell(file);
    char *text = length < 0 ? NULL : calloc(1, (size_t)length + 1);
    rewind(file);
    if (text == NULL || fread(text, 1, (size_t)length, file) != (size_t)length)
        die("cannot read %s", path);
    fclose(file);
    return text;
}

cJSON *json_load(const char *folder, const char *name) {
    struct arena arena = {0};
    const char *path = formatted(&arena, "%s/%s", folder, name).data;
    char *text = read_file(path);
    if (strstr(text, escaped_stand_in) != NULL || strstr(text, stand_in) != NULL)
        die("%s has a character that stands for NUL in this program", path);
    for (char *nul = text; (nul = strstr(nul, escaped_nul)) != NULL; nul += strlen(escaped_nul)) {
        /* Behind an odd number of backslashes its own is an escaped one, and no NUL follows. */
        size_t before = 0;
        while (nul - text > (ptrdiff_t)before && nul[-1 - (ptrdiff_t)before] == '\\')
            before++;
        if (before % 2 == 0)
            memcpy(nul, escaped_stand_in, strlen(escaped_stand_in));
    }
    cJSON *file = cJSON_Parse(text);
    free(text);
    const cJSON *schema = file == NULL ? NULL : json_field(file, "schema");
    if (schema == NULL || schema->valueint != 1)
        die("%s is not JSON of schema 1", path);
    arena_clear(&arena);
    return file;
}

const cJSON *json_field(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const cJSON *json_array(const cJSON *object, const char *name) {
    const cJSON *array = json_field(object, name);
    if (!cJSON_IsArray(array))
        die("`%s` is no array", name);
    return array;
}

struct text json_text_of(struct arena *arena, const cJSON *item) {
    if (!cJSON_IsString(item))
        die("a text is expected");
    const char *rest = item->valuestring;
    struct text text = {arena_alloc(arena, strlen(rest) + 1), 0};
    while (*rest != '\0') {
        bool is_nul = strncmp(rest, stand_in, strlen(stand_in)) == 0;
        text.data[text.length++] = is_nul ? '\0' : *rest;
        rest += is_nul ? strlen(stand_in) : 1;
    }
    return text;
}

struct text json_text(struct arena *arena, const cJSON *object, const char *name) {
    const cJSON *item = json_field(object, name);
    if (item == NULL)
        die("`%s` is missing", name);
    return json_text_of(arena, item);
}

bool json_contains(const cJSON *array, const char *word) {
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (strcmp(item->valuestring, word) == 0)
            return true;
    }
    return false;
}

static struct text from_base64(struct arena *arena, struct text base64) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct text bytes = {arena_alloc(arena, base64.length + 1), 0};
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t at = 0; at < base64.length && base64.data[at] != '='; at++) {
        const char *digit = strchr(alphabet, base64.data[at]);
        if (digit == NULL)
            die("`%s` is no base64", base64.data);
        bits = bits << 6 | (uint32_t)(digit - alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.data[bytes.length++] = (char)(bits >> count & 0xff);
        }
    }
    return bytes;
}

static struct text repeated(struct arena *arena, struct text word, size_t count) {
    struct text bytes = {arena_alloc(arena, word.length * count + 1), word.length * count};
    for (size_t at = 0; at < count; at++)
        memcpy(bytes.data + at * word.length, word.data, word.length);
    return bytes;
}

struct text json_value(struct arena *arena, const cJSON *value) {
    if (json_field(value, "utf8") != NULL)
        return json_text(arena, value, "utf8");
    if (json_field(value, "base64") != NULL)
        return from_base64(arena, json_text(arena, value, "base64"));
    const cJSON *count = json_field(value, "count");
    if (count == NULL)
        die("a value is expected");
    return repeated(arena, json_text(arena, value, "repeat"), (size_t)count->valuedouble);
}

char *json_hex(struct arena *arena, const uint8_t *bytes, size_t length) {
    static const char digits[] = "0123456789abcdef";
    char *hex = arena_alloc(arena, 2 * length + 1);
    for (size_t at = 0; at < length; at++) {
        hex[2 * at] = digits[bytes[at] >> 4];
        hex[2 * at + 1] = digits[bytes[at] & 15];
    }
    return hex;
}

bool json_same(const cJSON *left, const cJSON *right) {
    if (left == NULL || right == NULL || (left->type & 0xff) != (right->type & 0xff))
        return false;
    if (cJSON_IsString(left))
        return strcmp(left->valuestring, right->valuestring) == 0;
    if (cJSON_IsNumber(left))
        /* cJSON's own comparison lets neighbouring microseconds pass as equal. */
        return (int64_t)left->valuedouble == (int64_t)right->valuedouble;
    if (cJSON_GetArraySize(left) != cJSON_GetArraySize(right))
        return false;
    const cJSON *mine;
    const cJSON *other = right->child;
    cJSON_ArrayForEach(mine, left) {
        const cJSON *beside = cJSON_IsObject(left) ? json_field(right, mine->string) : other;
        if (!json_same(mine, beside))
            return false;
        other = other->next;
    }
    return true;
}

struct text formatted(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        die("cannot format `%s`", format);
    struct text text = {arena_alloc(arena, (size_t)length + 1), (size_t)length};
    va_start(arguments, format);
    vsnprintf(text.data, text.length + 1, format, arguments);
    va_end(arguments);
    return text;
}
