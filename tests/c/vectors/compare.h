/* What a step expects against what it was answered. */
#ifndef VECTORS_COMPARE_H
#define VECTORS_COMPARE_H

#include "session.h"

/* Whether everything that is expected is in the answer; else `field` says what is not. */
bool answer_fits(struct session *session, const cJSON *expected, const cJSON *found, const char **field);

#endif
