/* What the shared library weighs, and how long a fresh process takes to load it. Not linked with it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { PROCESSES = 201 };

/* The child: loads the library, asks for its version, says how long that took, ends without running destructors. */
static int load(const char *library) {
    double begun = now_ns();
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        stop(library, dlerror());
    }
    const char *(*version)(void);
    void *symbol = dlsym(handle, "strongroom_version");
    memcpy(&version, &symbol, sizeof version);
    if (!symbol || strlen(version()) == 0) {
        stop(library, "it tells no version");
    }
    printf("%.0f\n", now_ns() - begun);
    return 0;
}

/* How a process is started: this program again, with or without the library. */
typedef struct start_t {
    const char *program;
    const char *library;
    /* What each child said, where it loads the library. */
    double *said;
    size_t count;
} start_t;

static void start(void *context, uint32_t processes) {
    start_t *begin = context;
    for (uint32_t n = 0; n < processes; n++) {
        int ends[2];
        if (pipe(ends) != 0) {
            stop("a pipe", "the system gives none");
        }
        pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[0]);
            close(ends[1]);
            execl(begin->program, begin->program, "--child", begin->library, (char *)NULL);
            _exit(127);
        }
        close(ends[1]);
        char text[64] = "";
        ssize_t got = read(ends[0], text, sizeof text - 1);
        close(ends[0]);
        int status;
        waitpid(child, &status, 0);
        if (child < 0 || got < 0 || status != 0) {
            stop("a child", "it failed");
        }
        if (begin->said) {
            begin->said[begin->count++] = strtod(text, NULL);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        return load(argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "--child") == 0) {
        return 0;
    }
    if (argc != 3) {
        stop("usage", "loading LIBRARY REPORTS");
    }
    struct stat file;
    if (stat(argv[1], &file) != 0) {
        stop(argv[1], "is not there");
    }
    /* `in_turns` runs a few more than it is asked for. */
    static double said[PROCESSES + 8];
    start_t nothing = {.program = "/proc/self/exe"}, library = {"/proc/self/exe", argv[1], said, 0};
    pair_t process = in_turns(PROCESSES, (subject_t){start, &nothing, 1}, (subject_t){start, &library, 1});

    report_begin(argv[2], "loading");
    report_alone("shared library, stripped", "B", (double)file.st_size, (target_t){TARGET_OURS, 5e6});
    report_alone("dlopen and strongroom_version in a fresh process", "ns", median(said, library.count),
                 (target_t){TARGET_NONE, 0});
    report_pair("a process that loads it and ends (floor: one that does not)", process, (target_t){TARGET_NONE, 0});
    report_end();
    return 0;
}
