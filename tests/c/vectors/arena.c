#include "arena.h"

#include <stdlib.h>

#include "report.h"

struct block {
    struct block *next;
    max_align_t memory[];
};

void *arena_alloc(struct arena *arena, size_t size) {
    struct block *block = calloc(1, sizeof *block + size);
    if (block == NULL)
        die("out of memory");
    block->next = arena->blocks;
    arena->blocks = block;
    return block->memory;
}

void arena_clear(struct arena *arena) {
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}
