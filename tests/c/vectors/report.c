#include "report.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long passed;
static unsigned long failed;
static cJSON *operations[FORMS];

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

bool check(bool holds, const char *format, ...) {
    if (holds) {
        passed++;
        return true;
    }
    failed++;
    va_list arguments;
    va_start(arguments, format);
    fputs("FAILED ", stdout);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    return false;
}

unsigned long checks_passed(void) { return passed; }

unsigned long checks_failed(void) { return failed; }

const char *form_language(enum form form) { return form == BLOCKING ? "c" : "c-callback"; }

void ran(enum form form, const char *operation, const char *vector) {
    if (operations[form] == NULL)
        operations[form] = cJSON_CreateObject();
    if (!cJSON_HasObjectItem(operations[form], operation))
        cJSON_AddStringToObject(operations[form], operation, vector);
}

void write_parity(const char *path) {
    cJSON *languages = cJSON_CreateArray();
    for (enum form form = 0; form < FORMS; form++) {
        cJSON *language = cJSON_CreateObject();
        cJSON_AddStringToObject(language, "language", form_language(form));
        cJSON_AddItemToObject(language, "ops", operations[form] ? operations[form] : cJSON_CreateObject());
        operations[form] = NULL;
        cJSON_AddItemToArray(languages, language);
    }
    char *text = cJSON_Print(languages);
    FILE *file = fopen(path, "w");
    if (file == NULL || fprintf(file, "%s\n", text) < 0 || fclose(file) != 0)
        die("cannot write %s", path);
    cJSON_free(text);
    cJSON_Delete(languages);
}
