/* Which functions were called, and whether those are all there are. */
#ifndef STRONGROOM_TESTS_ARGUMENTS_CALLED_H
#define STRONGROOM_TESTS_ARGUMENTS_CALLED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { MOST_FUNCTIONS = 400 };
static const char *called_names[MOST_FUNCTIONS];
static size_t called_count;

static void note_called(const char *name) {
    for (size_t i = 0; i < called_count; i++) {
        if (strcmp(called_names[i], name) == 0) {
            return;
        }
    }
    if (CHECK(called_count < MOST_FUNCTIONS)) {
        called_names[called_count++] = name;
    }
}
#define CALLED(function) (note_called(#function), function)

/* Every name of include/strongroom.symbols, where the environment says where that is. */
static void test_all_were_called(void) {
    const char *path = getenv("STRONGROOM_SYMBOLS");
    if (!path) {
        skipped("comparing with the list of exports", "STRONGROOM_SYMBOLS names none");
        return;
    }
    FILE *symbols = fopen(path, "r");
    if (!CHECK(symbols != NULL)) {
        return;
    }
    char line[256];
    size_t listed = 0;
    while (fgets(line, sizeof line, symbols)) {
        char *name = strstr(line, "strongroom_");
        if (!name || strstr(name, "_testing_")) {
            continue;
        }
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] = '\0';
        listed++;
        size_t at = 0;
        while (at < called_count && strcmp(called_names[at], name) != 0) {
            at++;
        }
        if (at == called_count) {
            check_failed(__FILE__, __LINE__, "%s is exported and was never called", name);
        }
    }
    fclose(symbols);
    CHECK_NUMBER(called_count, listed);
}

#endif
