/* What a call gave as JSON, in the fields of tests/vectors/README.md. The caller deletes it. */
#ifndef VECTORS_ANSWERS_H
#define VECTORS_ANSWERS_H

#include "session.h"

cJSON *answer_secret(struct session *session, const strongroom_secret_t *secret);
cJSON *answer_bytes(struct session *session, const uint8_t *bytes, size_t length);
cJSON *answer_generated(const strongroom_secret_t *secret);
cJSON *answer_metadata(const strongroom_metadata_t *metadata);
cJSON *answer_written(const strongroom_written_t *written);
cJSON *answer_found(struct session *session, const strongroom_list_t *list);
cJSON *answer_listed(const strongroom_list_t *list);
cJSON *answer_versions(const strongroom_list_t *list);
/* The outcomes of set_many; the first that failed gives its status and error instead. */
cJSON *answer_batch(const strongroom_list_t *list, strongroom_status_t *status, strongroom_error_t **error);
cJSON *answer_verified(const strongroom_report_t *report);

#endif
