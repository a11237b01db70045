/* The operations of a script: one verb each. */
#ifndef VECTORS_STEPS_H
#define VECTORS_STEPS_H

#include "session.h"

/* Makes the call of a step and compares its answer; false where it is not as it should be. `script` names it. */
bool step_run(struct session *session, const cJSON *step, const char *script);

#endif
