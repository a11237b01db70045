/* The vectors' JSON: files, and the fields and values of the schema in tests/vectors/README.md. */
#ifndef VECTORS_JSON_H
#define VECTORS_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* Bytes with a NUL behind them that does not count; there may be others inside. */
struct text {
    char *data;
    size_t length;
};

/* Reads a file of the vectors; ends the program where that cannot be done. The caller deletes it. */
cJSON *json_load(const char *folder, const char *name);

/* NULL where the field is absent. */
const cJSON *json_field(const cJSON *object, const char *name);
/* A field that must be there and an array. */
const cJSON *json_array(const cJSON *object, const char *name);
/* A field that must be there and a text. */
struct text json_text(struct arena *arena, const cJSON *object, const char *name);
struct text json_text_of(struct arena *arena, const cJSON *item);
/* Whether the array of texts has this one. */
bool json_contains(const cJSON *array, const char *word);

/* The bytes that {"utf8": …}, {"base64": …} or {"repeat": …, "count": …} stand for. */
struct text json_value(struct arena *arena, const cJSON *value);
/* Bytes as a text that JSON can hold, to be compared. */
char *json_hex(struct arena *arena, const uint8_t *bytes, size_t length);

/* Equal in all their parts. */
bool json_same(const cJSON *left, const cJSON *right);

/* printf into the arena. */
struct text formatted(struct arena *arena, const char *format, ...);

#endif
