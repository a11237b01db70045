/* The floors, which floor/ exports: the least that could do the same job, behind the same kind of call. Functions that
   answer an int answer 0 when it worked. Nothing is ever freed. */
#ifndef STRONGROOM_FLOOR_H
#define STRONGROOM_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/* A map behind an ArcSwap in which every key has this value; without an expiry 0. */
typedef struct floor_map_t floor_map_t;
floor_map_t *floor_map_new(const char *const *keys, size_t count, const char *value, int64_t expires_at);
/* Looks the key up, reads the coarse clock (and the wall's, where there is an expiry), copies the value. */
int floor_map_get_into(const floor_map_t *map, const char *key, size_t key_length, void *buffer, size_t capacity,
                       size_t *length);

/* A manager of the Rust library on a new encrypted store, filled like the map. */
typedef struct floor_manager_t floor_manager_t;
floor_manager_t *floor_manager_new(const char *path, const char *const *keys, size_t count, const char *value,
                                   int64_t expires_at);
/* The blocking `get` of Rust, so many times; the loop is Rust's too. */
int floor_manager_get(const floor_manager_t *manager, const char *key, size_t key_length, uint32_t operations);

/* A `fault` backend over memory that holds one secret, and two ways of waiting for its `get`. */
typedef struct floor_waiting_t floor_waiting_t;
floor_waiting_t *floor_waiting_new(const char *script, const char *key, const char *value);
/* tokio's `block_on` on a runtime of this thread. */
int floor_waiting_block_on(const floor_waiting_t *waiting);
/* A task on a runtime of two threads that sends the answer over a channel on which this thread waits. */
int floor_waiting_spawn(const floor_waiting_t *waiting);

#endif
