/* The quickstart in C. Opens the store that the `strongroom` command uses (the environment says which), writes a
 * secret, reads one (its own, or the key on the command line), lists, and shows what a failure looks like. */
#include <stdio.h>
#include <strongroom.h>

#define OWN_KEY "app/quickstart/api_key"
#define VALUE "s3cret"

int main(int argc, char **argv) {
    const char *key = argc > 1 ? argv[1] : OWN_KEY;
    strongroom_manager_t *secrets = NULL;
    strongroom_metadata_t *about = NULL, *found_about = NULL;
    strongroom_secret_t *found = NULL;
    strongroom_list_t *names = NULL;
    strongroom_error_t *error = NULL, *expected = NULL;
    strongroom_status_t status;

    /* No options: the application `strongroom`, with the settings of the environment. */
    if ((status = strongroom_manager_open(NULL, NULL, &secrets, &error)) != STRONGROOM_STATUS_OK)
        goto end;

    /* Write a secret and who issued it. */
    if ((status = strongroom_metadata_new(&about, &error)) != STRONGROOM_STATUS_OK)
        goto end;
    status = strongroom_metadata_set_provider(about, "example", STRONGROOM_AUTO_LENGTH, &error);
    if (status != STRONGROOM_STATUS_OK)
        goto end;
    status = strongroom_manager_set(secrets, OWN_KEY, STRONGROOM_AUTO_LENGTH, VALUE, STRONGROOM_AUTO_LENGTH, about,
                                    NULL, NULL, &error);
    if (status != STRONGROOM_STATUS_OK)
        goto end;

    /* Read one. The value is wiped when the secret is freed; a missing one is STRONGROOM_STATUS_NOT_FOUND. */
    status = strongroom_manager_get(secrets, key, STRONGROOM_AUTO_LENGTH, NULL, &found, &error);
    if (status != STRONGROOM_STATUS_OK)
        goto end;
    printf("%s: %zu bytes\n", key, strongroom_secret_len(found)); /* the bytes: strongroom_secret_data(found) */

    /* What is known about it, without its value. */
    status = strongroom_manager_describe(secrets, key, STRONGROOM_AUTO_LENGTH, NULL, &found_about, &error);
    if (status != STRONGROOM_STATUS_OK)
        goto end;
    const char *provider = strongroom_metadata_provider(found_about);
    printf("provider: %s\n", provider ? provider : "none");

    /* Names, never values. */
    if ((status = strongroom_manager_list(secrets, NULL, &names, &error)) != STRONGROOM_STATUS_OK)
        goto end;
    for (size_t i = 0; i < strongroom_list_len(names); i++)
        printf("- %s\n", strongroom_list_key(names, i));

    /* A failure says what is wrong and what to do. This one is expected: only a secret that is there can be updated. */
    status = strongroom_manager_update_value(secrets, "app/quickstart/missing", STRONGROOM_AUTO_LENGTH, VALUE,
                                             STRONGROOM_AUTO_LENGTH, NULL, NULL, &expected);
    printf("expected: %s (%s)\n", strongroom_error_token(expected), strongroom_error_help(expected));

    status = strongroom_manager_delete(secrets, OWN_KEY, STRONGROOM_AUTO_LENGTH, NULL, &error);

end:
    if (status != STRONGROOM_STATUS_OK)
        fprintf(stderr, "%s\n%s\n", strongroom_error_message(error), strongroom_error_help(error));
    strongroom_error_free(expected); /* freeing NULL is fine */
    strongroom_error_free(error);
    strongroom_list_free(names);
    strongroom_metadata_free(found_about);
    strongroom_secret_free(found);
    strongroom_metadata_free(about);
    strongroom_manager_free(secrets);
    return strongroom_status_exit_code(status);
}
