/* The header needs nothing before it. */
#include <strongroom.h>

/* It gives constants that the preprocessor and the compiler can use. */
#if STRONGROOM_ABI_VERSION < 1
#error "no ABI version"
#endif
typedef char lengths_are_sizes[STRONGROOM_AUTO_LENGTH == SIZE_MAX ? 1 : -1];
typedef char ok_is_zero[STRONGROOM_STATUS_OK == 0 ? 1 : -1];
typedef char status_is_32_bits[sizeof(strongroom_status_t) == 4 ? 1 : -1];
typedef char flags_differ[(STRONGROOM_ITEM_EXPIRED | STRONGROOM_ITEM_CURRENT | STRONGROOM_ITEM_REFERENCE |
                           STRONGROOM_ITEM_CREATED) == 15
                              ? 1
                              : -1];
