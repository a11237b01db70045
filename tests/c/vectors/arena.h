/* Memory that lives as long as one step: everything that a step makes is freed at once, whichever way it ends. */
#ifndef VECTORS_ARENA_H
#define VECTORS_ARENA_H

#include <stddef.h>

struct block;

struct arena {
    struct block *blocks;
};

/* Zeroed; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_clear(struct arena *arena);

#endif
