/* What the library exports with the Cargo feature `testing` only. Not in strongroom.h, and in no installed library. */
#ifndef STRONGROOM_TESTS_TESTING_H
#define STRONGROOM_TESTS_TESTING_H

#include <strongroom.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Panics inside the guard that every export has. */
strongroom_status_t strongroom_testing_panic(strongroom_error_t **error);
/* The future of a started call panics. */
strongroom_status_t strongroom_testing_panic_async(strongroom_done_callback_t callback, void *context,
                                                   strongroom_error_t **error);
strongroom_status_t strongroom_testing_emit_log(int32_t level, const char *message, size_t length,
                                                strongroom_error_t **error);
/* How many handles of any type are alive. */
size_t strongroom_testing_live_handles(void);

/* What the `fault` backends of this process have counted, all summed. */
enum { FAULT_STARTED, FAULT_FINISHED, FAULT_CANCELLED, FAULT_IN_FLIGHT, FAULT_WAITING, FAULT_COUNTERS };
strongroom_status_t strongroom_testing_fault_counters(uint64_t counters[5], strongroom_error_t **error);
/* Releases every call that hangs or blocks now. */
strongroom_status_t strongroom_testing_fault_wake(strongroom_error_t **error);
/* Waits until a counter is at least so high; else `timeout`. */
strongroom_status_t strongroom_testing_fault_wait(uint32_t counter, uint64_t at_least, uint32_t patience_ms,
                                                  strongroom_error_t **error);

#ifdef __cplusplus
}
#endif
#endif
