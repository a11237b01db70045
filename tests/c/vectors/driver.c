/* Runs the vectors (tests/vectors/README.md) through the C API, each script in its blocking and its callback form.

   cd tests/c/vectors
   cc -std=c11 -Wall -Wextra -Werror -pedantic -pthread *.c $(pkg-config --cflags --libs strongroom libcjson) -o driver
   ./driver ../../vectors <empty folder> <file for what ran, see docs/parity.md>

   The library needs the feature `testing`. Ends with 0 where every check passed; the last line counts them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strongroom.h>
#include <sys/stat.h>

#include "json.h"
#include "keys.h"
#include "report.h"
#include "session.h"
#include "steps.h"

/* Whether the backend has what the script needs and lacks what it wants lacking. */
static bool suits(const cJSON *backend, const cJSON *script) {
    const cJSON *lacks = json_array(backend, "lacks");
    const cJSON *word;
    cJSON_ArrayForEach(word, json_array(script, "needs")) {
        if (json_contains(lacks, word->valuestring))
            return false;
    }
    cJSON_ArrayForEach(word, json_array(script, "lacks")) {
        if (!json_contains(lacks, word->valuestring))
            return false;
    }
    return true;
}

/* The number of steps that ran as they should. */
static int run_script(enum form form, const cJSON *backend, const cJSON *script, const char *folder) {
    const char *name = json_field(script, "name")->valuestring;
    struct session session;
    int steps = 0;
    if (session_open(&session, form, backend, script, folder)) {
        ran(form, "open", name);
        const cJSON *step;
        cJSON_ArrayForEach(step, json_array(script, "steps")) {
            if (!step_run(&session, step, name)) {
                printf("   through %s, over %s, step %d\n", form_language(form),
                       json_field(backend, "name")->valuestring, steps);
                break;
            }
            steps++;
        }
    }
    session_close(&session);
    return steps;
}

static void run_verbs(enum form form, const char *vectors, const char *scratch) {
    cJSON *file = json_load(vectors, "verbs.json");
    struct arena arena = {0};
    int count = 0;
    int steps = 0;
    int folders = 0;
    const cJSON *script;
    cJSON_ArrayForEach(script, json_array(file, "scripts")) {
        int most = -1;
        const cJSON *backend;
        cJSON_ArrayForEach(backend, json_array(file, "backends")) {
            if (!suits(backend, script))
                continue;
            const char *folder = formatted(&arena, "%s/%s.%d", scratch, form_language(form), folders++).data;
            if (mkdir(folder, 0700) != 0)
                die("cannot make %s", folder);
            int took = run_script(form, backend, script, folder);
            most = took > most ? took : most;
        }
        count += most >= 0;
        steps += most > 0 ? most : 0;
    }
    check(count == json_field(file, "count")->valueint, "%d scripts ran through %s", count, form_language(form));
    check(steps == json_field(file, "steps")->valueint, "%d steps ran through %s", steps, form_language(form));
    arena_clear(&arena);
    cJSON_Delete(file);
}

int main(int count, char **arguments) {
    if (count != 4)
        die("usage: %s <tests/vectors> <scratch folder> <parity file>", arguments[0]);
    run_keys(arguments[1]);
    run_errors(arguments[1]);
    for (enum form form = 0; form < FORMS; form++)
        run_verbs(form, arguments[1], arguments[2]);
    check(strongroom_shutdown(10000, NULL) == STRONGROOM_STATUS_OK, "the library is shut down");
    if (checks_failed() > 0) {
        printf("%lu checks failed, %lu passed\n", checks_failed(), checks_passed());
        return EXIT_FAILURE;
    }
    write_parity(arguments[3]);
    printf("%lu checks passed\n", checks_passed());
    return EXIT_SUCCESS;
}
