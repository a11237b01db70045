/* The operations that ask no backend. */
#include <string.h>

#include "answers.h"
#include "step.h"

cJSON *run_key_variable(const struct step *step, struct outcome *out) {
    struct text key = key_of(step);
    struct text mapping = json_text(&step->session->arena, step->args, "mapping");
    struct text prefix = {NULL, 0};
    if (json_field(step->args, "prefix") != NULL)
        prefix = json_text(&step->session->arena, step->args, "prefix");
    char name[256];
    size_t length = 0;
    out->status = strongroom_key_variable(key.data, key.length, prefix.data, prefix.length, mapping.data,
                                          mapping.length, name, sizeof name, &length, &out->error);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    check(strlen(name) == length, "the name of a variable has its length");
    return cJSON_CreateString(name);
}

cJSON *run_setting(const struct step *step, struct outcome *out) {
    struct text name = json_text(&step->session->arena, step->args, "name");
    out->status = strongroom_manager_setting(step->manager, name.data, name.length, &out->report, &out->error);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    const char *text = strongroom_report_text(out->report, "value", STRONGROOM_AUTO_LENGTH);
    check(strongroom_report_text(out->report, "origin", STRONGROOM_AUTO_LENGTH) != NULL, "a setting has an origin");
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddItemToObject(answer, "text", text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
    return answer;
}

cJSON *run_fernet_generate(const struct step *step, struct outcome *out) {
    (void)step;
    out->status = strongroom_fernet_generate(&out->secret, &out->error);
    return out->status == STRONGROOM_STATUS_OK ? answer_generated(out->secret) : NULL;
}

static struct text keys_of(const struct step *step) {
    return json_value(&step->session->arena, json_field(step->args, "keys"));
}

static int64_t ttl_of(const struct step *step) {
    const cJSON *seconds = json_field(step->args, "ttl_s");
    return seconds == NULL ? -1 : (int64_t)seconds->valuedouble;
}

/* What the token that a call gave holds. */
static cJSON *held(const struct step *step, const struct outcome *out) {
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    struct text keys = keys_of(step);
    strongroom_secret_t *value = NULL;
    cJSON *answer = NULL;
    if (check(strongroom_fernet_decrypt(keys.data, keys.length, strongroom_secret_data(out->secret),
                                        strongroom_secret_len(out->secret), -1, &value, NULL) == STRONGROOM_STATUS_OK,
              "a new token can be read"))
        answer = answer_bytes(step->session, strongroom_secret_data(value), strongroom_secret_len(value));
    strongroom_secret_free(value);
    return answer;
}

cJSON *run_fernet_encrypt(const struct step *step, struct outcome *out) {
    struct text keys = keys_of(step);
    struct text value = json_value(&step->session->arena, json_field(step->args, "value"));
    out->status =
        strongroom_fernet_encrypt(keys.data, keys.length, value.data, value.length, &out->secret, &out->error);
    return held(step, out);
}

cJSON *run_fernet_rotate(const struct step *step, struct outcome *out) {
    struct text keys = keys_of(step);
    struct text token = json_text(&step->session->arena, step->args, "token");
    out->status = strongroom_fernet_rotate(keys.data, keys.length, token.data, token.length, &out->secret, &out->error);
    return held(step, out);
}

cJSON *run_fernet_decrypt(const struct step *step, struct outcome *out) {
    struct text keys = keys_of(step);
    struct text token = json_text(&step->session->arena, step->args, "token");
    out->status = strongroom_fernet_decrypt(keys.data, keys.length, token.data, token.length, ttl_of(step),
                                            &out->secret, &out->error);
    if (out->status != STRONGROOM_STATUS_OK)
        return NULL;
    return answer_bytes(step->session, strongroom_secret_data(out->secret), strongroom_secret_len(out->secret));
}
