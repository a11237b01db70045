/* A callback of every type, as C programs write them, and each handle passed where it belongs. */
#include <strongroom.h>

static void take_secret(void *context, strongroom_status_t status, strongroom_secret_t *secret,
                        strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_secret_free(secret), (void)strongroom_error_free(error);
}
static void take_list(void *context, strongroom_status_t status, strongroom_list_t *list, strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_list_free(list), (void)strongroom_error_free(error);
}
static void take_exists(void *context, strongroom_status_t status, bool exists, strongroom_error_t *error) {
    (void)context, (void)status, (void)exists, (void)strongroom_error_free(error);
}
static void take_metadata(void *context, strongroom_status_t status, strongroom_metadata_t *metadata,
                          strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_metadata_free(metadata), (void)strongroom_error_free(error);
}
static void take_written(void *context, strongroom_status_t status, strongroom_written_t *written,
                         strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_written_free(written), (void)strongroom_error_free(error);
}
static void take_report(void *context, strongroom_status_t status, strongroom_report_t *report,
                        strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_report_free(report), (void)strongroom_error_free(error);
}
static void take_done(void *context, strongroom_status_t status, strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_error_free(error);
}
static void take_manager(void *context, strongroom_status_t status, strongroom_manager_t *manager,
                         strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_manager_free(manager), (void)strongroom_error_free(error);
}
static void take_explanation(void *context, strongroom_status_t status, strongroom_explanation_t *explanation,
                             strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_explanation_free(explanation), (void)strongroom_error_free(error);
}
static void take_transferred(void *context, strongroom_status_t status, strongroom_transferred_t *transferred,
                             strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_transferred_free(transferred), (void)strongroom_error_free(error);
}
static void take_subscription(void *context, strongroom_status_t status, strongroom_subscription_t *subscription,
                              strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_subscription_free(subscription), (void)strongroom_error_free(error);
}
static void take_change(void *context, strongroom_status_t status, strongroom_change_t *change,
                        strongroom_error_t *error) {
    (void)context, (void)status, (void)strongroom_change_free(change), (void)strongroom_error_free(error);
}
static void take_progress(void *context, const char *phase, size_t done, size_t total, const char *key) {
    (void)context, (void)phase, (void)done, (void)total, (void)key;
}
static void take_event(void *context, int32_t level, const char *target, const char *message) {
    (void)context, (void)level, (void)target, (void)message;
}
static int32_t provide(void *context, const char *setting, uint8_t *buffer, size_t capacity, size_t *length) {
    (void)context, (void)setting, (void)buffer, (void)capacity, *length = 0;
    return STRONGROOM_STATUS_LOCKED;
}

const strongroom_secret_callback_t secret_callback = take_secret;
const strongroom_list_callback_t list_callback = take_list;
const strongroom_exists_callback_t exists_callback = take_exists;
const strongroom_metadata_callback_t metadata_callback = take_metadata;
const strongroom_written_callback_t written_callback = take_written;
const strongroom_report_callback_t report_callback = take_report;
const strongroom_done_callback_t done_callback = take_done;
const strongroom_manager_callback_t manager_callback = take_manager;
const strongroom_explanation_callback_t explanation_callback = take_explanation;
const strongroom_transferred_callback_t transferred_callback = take_transferred;
const strongroom_subscription_callback_t subscription_callback = take_subscription;
const strongroom_change_callback_t change_callback = take_change;
const strongroom_progress_callback_t progress_callback = take_progress;
const strongroom_log_callback_t log_callback = take_event;
const strongroom_provider_t provider = provide;

/* Values go in as they are: text, bytes, or anything that has an address. */
strongroom_status_t values(const strongroom_manager_t *manager, const uint8_t bytes[32]);
strongroom_status_t values(const strongroom_manager_t *manager, const uint8_t bytes[32]) {
    strongroom_status_t status = strongroom_manager_set(manager, "text", STRONGROOM_AUTO_LENGTH, "value",
                                                        STRONGROOM_AUTO_LENGTH, NULL, NULL, NULL, NULL);
    if (status != STRONGROOM_STATUS_OK)
        return status;
    return strongroom_manager_set(manager, "bytes", 5, bytes, 32, NULL, NULL, NULL, NULL);
}
