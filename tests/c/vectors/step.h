/* What an operation works with, and the operations that have a file of their own. */
#ifndef VECTORS_STEP_H
#define VECTORS_STEP_H

#include "session.h"

struct step {
    struct session *session;
    const strongroom_manager_t *manager;
    enum form form;
    const cJSON *args;
    const strongroom_call_t *call;
};

struct text key_of(const struct step *step);
/* An array of texts as the arrays of pointers and lengths that the library takes. */
size_t texts_of(const struct step *step, const char *name, const char *const **texts, const size_t **lengths);

/* Each makes its call and gives the answer as JSON; NULL where the call failed. */
cJSON *run_explain(const struct step *step, struct outcome *out);
cJSON *run_export(const struct step *step, struct outcome *out);
cJSON *run_import(const struct step *step, struct outcome *out);
cJSON *run_copy_plan(const struct step *step, struct outcome *out);
cJSON *run_key_variable(const struct step *step, struct outcome *out);
cJSON *run_setting(const struct step *step, struct outcome *out);
cJSON *run_fernet_generate(const struct step *step, struct outcome *out);
cJSON *run_fernet_encrypt(const struct step *step, struct outcome *out);
cJSON *run_fernet_decrypt(const struct step *step, struct outcome *out);
cJSON *run_fernet_rotate(const struct step *step, struct outcome *out);
cJSON *run_subscribe(const struct step *step, struct outcome *out);
cJSON *run_next_change(const struct step *step, struct outcome *out);
cJSON *run_metrics(const struct step *step, struct outcome *out);
cJSON *run_copy_to(const struct step *step, struct outcome *out);

#endif
