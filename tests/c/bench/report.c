/* The rows that a benchmark prints and leaves behind. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>

#include "bench.h"

enum { CELL = 64, WIDE_CELL = 96 };

static FILE *lines;
static const char *bench;

void report_begin(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/c-%s.jsonl", folder, name);
    lines = fopen(path, "w");
    if (!lines) {
        stop(path, "cannot be written");
    }
    bench = name;
    printf("\n## C ABI: %s\n\n| name | floor | ours | ratio | target | ok? |\n|---|---|---|---|---|---|\n", name);
}

static void with_unit(char cell[CELL], double value, const char *unit) {
    bool is_time = unit[0] == 'n';
    if (is_time && value >= 1e6) {
        value /= 1e6;
        unit = "ms";
    } else if (is_time && value >= 1e4) {
        value /= 1e3;
        unit = "µs";
    } else if (!is_time && value >= 1e6) {
        value /= 1e6;
        unit = "MB";
    }
    snprintf(cell, CELL, "%.*f %s", value >= 1000 ? 0 : value >= 10 ? 1 : 3, value, unit);
}

static void target_text(char cell[WIDE_CELL], target_t target, const char *unit) {
    char limit[CELL];
    with_unit(limit, target.limit, unit);
    switch (target.kind) {
    case TARGET_RATIO:
        snprintf(cell, WIDE_CELL, "<= %gx", target.limit);
        break;
    case TARGET_OURS:
        snprintf(cell, WIDE_CELL, "<= %s", limit);
        break;
    case TARGET_ABOVE:
        snprintf(cell, WIDE_CELL, "floor + <= %s", limit);
        break;
    case TARGET_FASTER:
        snprintf(cell, WIDE_CELL, ">= %gx faster", target.limit);
        break;
    case TARGET_NONE:
        snprintf(cell, WIDE_CELL, "-");
        break;
    }
}

static const char *verdict(target_t target, pair_t pair) {
    bool ok = false;
    switch (target.kind) {
    case TARGET_RATIO:
        ok = pair.ratio <= target.limit;
        break;
    case TARGET_OURS:
        ok = pair.ours <= target.limit;
        break;
    case TARGET_ABOVE:
        ok = pair.ours - pair.floor <= target.limit;
        break;
    case TARGET_FASTER:
        ok = pair.ratio * target.limit <= 1;
        break;
    case TARGET_NONE:
        return "-";
    }
    return ok ? "yes" : "NO";
}

static void add(const char *row, const char *unit, pair_t pair, target_t target) {
    bool has_floor = pair.floor > 0;
    char floor[CELL] = "-", ours[CELL], ratio[CELL] = "-", wanted[WIDE_CELL];
    with_unit(ours, pair.ours, unit);
    target_text(wanted, target, unit);
    const char *ok = verdict(target, pair);
    fprintf(lines, "{\"bench\":\"c-%s\",\"name\":\"%s\",\"unit\":\"%s\",\"ours\":%.3f,", bench, row, unit, pair.ours);
    if (has_floor) {
        with_unit(floor, pair.floor, unit);
        if (target.kind == TARGET_FASTER) {
            snprintf(ratio, CELL, "%.0fx faster", 1 / pair.ratio);
        } else if (target.kind == TARGET_ABOVE) {
            snprintf(ratio, CELL, "%+.0f ns", pair.ours - pair.floor);
        } else {
            snprintf(ratio, CELL, "%.2fx", pair.ratio);
        }
        fprintf(lines, "\"floor\":%.3f,\"ratio\":%.6f,", pair.floor, pair.ratio);
    }
    const char *kept = ok[0] == '-' ? "null" : ok[0] == 'y' ? "true" : "false";
    fprintf(lines, "\"target\":\"%s\",\"ok\":%s}\n", wanted, kept);
    printf("| %s | %s | %s | %s | %s | %s |\n", row, floor, ours, ratio, wanted, ok);
    fflush(stdout);
}

void report_pair(const char *row, pair_t pair, target_t target) {
    if (pair.ours == 0) {
        const char *why = "this machine has one processor, or is busy";
        fprintf(lines, "{\"bench\":\"c-%s\",\"name\":\"%s\",\"skipped\":\"%s\"}\n", bench, row, why);
        printf("| %s | - | - | - | not measured: %s | - |\n", row, why);
        return;
    }
    add(row, "ns", pair, target);
}

void report_alone(const char *row, const char *unit, double ours, target_t target) {
    add(row, unit, (pair_t){0, ours, 0}, target);
}

void report_end(void) {
    fclose(lines);
}
