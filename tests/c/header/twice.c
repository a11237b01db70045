/* The header may come twice, and after every header that it could need itself. */
#include <strongroom.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <strongroom.h>

strongroom_status_t (*const free_is_a_function)(strongroom_secret_t *) = strongroom_secret_free;
