/* The arguments of a step as the library's own objects. */
#ifndef VECTORS_ARGUMENTS_H
#define VECTORS_ARGUMENTS_H

#include "session.h"

/* The options of a call: those that every verb takes, and of `words` (parted by spaces) those that the step states.
   NULL where nothing is stated. An option that is refused gives the status of that, and the error. */
strongroom_status_t call_of(struct session *session, const cJSON *args, const char *words, strongroom_call_t **call,
                            strongroom_error_t **error);

/* An argument as the text that options take; a text is filled in. */
struct text option_text(struct session *session, const cJSON *option);

/* `provider`, `scope_of_use`, `labels` and an expiry; NULL where none is stated. In an update `null` removes. */
strongroom_status_t metadata_of(struct session *session, const cJSON *args, strongroom_metadata_t **metadata,
                                strongroom_error_t **error);

/* `bytes hex base64 password` as the number of the C API. */
int32_t form_of(const cJSON *args);
size_t size_of(const cJSON *args, const char *name);

#endif
