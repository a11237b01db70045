/* Every function that answers a status, and what its arguments are.

   X(function, handles, texts, outs, arguments)

   handles: a letter each, a capital where NULL is refused and a small one where it means "none":
     O options  C call  X cancel  D metadata  S secret  W written  B batch  L list  R report  M manager  E error
     Y explanation  T transfer  Q transferred  U subscription  H change
   texts: parted by `|`, each a letter and a value that is right:
     k key  K key whose form is checked at use  s scope  t text  v bytes  o text that may be NULL
   outs: a letter each, a capital where NULL is refused: the letters above, and n for a number, f for a bool
   A function with a callback ends in _async; its callback may not be NULL. */
#ifndef STRONGROOM_TESTS_ARGUMENTS_TABLE_H
#define STRONGROOM_TESTS_ARGUMENTS_TABLE_H

#define TEXT_AT(i) a->text[i].data, a->text[i].length
#define THEN(type) a->callback ? on_##type : NULL, NULL

#define FERNET_KEY "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define FERNET_TOKEN                                                                                                   \
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="

#define LIBRARY_ROWS(X)                                                                                                \
    X(strongroom_library_info, "", "", "R", (a->out[0], a->error))                                                     \
    X(strongroom_harden_process, "", "", "r", (a->out[0], a->error))                                                   \
    X(strongroom_generate, "c", "", "S", (STRONGROOM_FORM_HEX, 8, a->handle[0], a->out[0], a->error))                  \
    X(strongroom_key_parse, "", "korg/acme/name@target", "R", (TEXT_AT(0), a->out[0], a->error))                       \
    X(strongroom_key_escape, "", "va word", "N", (TEXT_AT(0), room, sizeof room, a->out[0], a->error))                 \
    X(strongroom_key_unescape, "", "ka=20word", "N", (TEXT_AT(0), room, sizeof room, a->out[0], a->error))             \
    X(strongroom_key_variable, "", "korg/acme/name|oAPP_|tplain", "N",                                                 \
      (TEXT_AT(0), TEXT_AT(1), TEXT_AT(2), room, sizeof room, a->out[0], a->error))                                    \
    X(strongroom_fernet_generate, "", "", "S", (a->out[0], a->error))                                                  \
    X(strongroom_fernet_encrypt, "", "v" FERNET_KEY "|vvalue", "S", (TEXT_AT(0), TEXT_AT(1), a->out[0], a->error))     \
    X(strongroom_fernet_decrypt, "", "v" FERNET_KEY "|v" FERNET_TOKEN, "S",                                            \
      (TEXT_AT(0), TEXT_AT(1), -1, a->out[0], a->error))                                                               \
    X(strongroom_fernet_rotate, "", "v" FERNET_KEY "|v" FERNET_TOKEN, "S",                                             \
      (TEXT_AT(0), TEXT_AT(1), a->out[0], a->error))                                                                   \
    X(strongroom_options_set_config_file, "O", "tsettings.toml", "", ((void *)a->handle[0], TEXT_AT(0), a->error))     \
    X(strongroom_options_set_config_text, "O", "tjson|t{}", "",                                                        \
      ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))                                                        \
    X(strongroom_transfer_new, "", "", "T", (a->out[0], a->error))                                                     \
    X(strongroom_transfer_set, "T", "tformat|tjson", "", ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))     \
    X(strongroom_transfer_set_secret, "T", "tfernet_keys|vkeys", "",                                                   \
      ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))                                                        \
    X(strongroom_transfer_add_key, "T", "Kkey", "", ((void *)a->handle[0], TEXT_AT(0), a->error))                      \
    X(strongroom_transfer_set_progress, "T", "", "",                                                                   \
      ((void *)a->handle[0], a->callback ? ignore_progress : NULL, NULL, NULL, a->error))                              \
    X(strongroom_options_new, "", "", "O", (a->out[0], a->error))                                                      \
    X(strongroom_options_set_app, "O", "tan_app", "", ((void *)a->handle[0], TEXT_AT(0), a->error))                    \
    X(strongroom_options_set, "O", "tcache|toff", "", ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))        \
    X(strongroom_options_set_secret, "O", "tencrypted.key|vsecret", "",                                                \
      ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))                                                        \
    X(strongroom_options_set_provider, "O", "tencrypted.key", "",                                                      \
      ((void *)a->handle[0], TEXT_AT(0), a->callback ? provide_nothing : NULL, NULL, NULL, a->error))                  \
    X(strongroom_options_ignore_environment, "O", "", "", ((void *)a->handle[0], a->error))                            \
    X(strongroom_call_new, "", "", "C", (a->out[0], a->error))                                                         \
    X(strongroom_call_set, "C", "tactor|tsomeone", "", ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))       \
    X(strongroom_call_set_cancel, "CX", "", "", ((void *)a->handle[0], a->handle[1], a->error))                        \
    X(strongroom_cancel_new, "", "", "X", (a->out[0], a->error))                                                       \
    X(strongroom_cancel_fire, "X", "", "", (a->handle[0]))

#define OBJECT_ROWS(X)                                                                                                 \
    X(strongroom_metadata_new, "", "", "D", (a->out[0], a->error))                                                     \
    X(strongroom_metadata_set_provider, "D", "topenai", "", ((void *)a->handle[0], TEXT_AT(0), a->error))              \
    X(strongroom_metadata_set_scope_of_use, "D", "trepo", "", ((void *)a->handle[0], TEXT_AT(0), a->error))            \
    X(strongroom_metadata_set_label, "D", "tname|tvalue", "",                                                          \
      ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->error))                                                        \
    X(strongroom_metadata_set_expires_at, "D", "", "", ((void *)a->handle[0], INT64_C(4102444800000000), a->error))    \
    X(strongroom_metadata_clear, "D", "tlabels", "", ((void *)a->handle[0], TEXT_AT(0), a->error))                     \
    X(strongroom_metadata_expires_at, "D", "", "N", (a->handle[0], a->out[0]))                                         \
    X(strongroom_metadata_created_at, "D", "", "N", (a->handle[0], a->out[0]))                                         \
    X(strongroom_metadata_updated_at, "D", "", "N", (a->handle[0], a->out[0]))                                         \
    X(strongroom_metadata_version_number, "D", "", "N", (a->handle[0], a->out[0]))                                     \
    X(strongroom_secret_metadata, "S", "", "D", (a->handle[0], a->out[0], a->error))                                   \
    X(strongroom_written_version_number, "W", "", "N", (a->handle[0], a->out[0]))                                      \
    X(strongroom_batch_new, "", "", "B", (a->out[0], a->error))                                                        \
    X(strongroom_batch_add, "Bd", "Kadded|vvalue", "",                                                                 \
      ((void *)a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->error))                                          \
    X(strongroom_list_metadata, "L", "", "D", (a->handle[0], 0, a->out[0], a->error))                                  \
    X(strongroom_list_secret, "L", "", "S", (a->handle[0], 0, a->out[0], a->error))                                    \
    X(strongroom_list_outcome, "L", "", "", (a->handle[0], 0, a->error))                                               \
    X(strongroom_explanation_outcome, "Y", "", "", (a->handle[0], 0, a->error))                                        \
    X(strongroom_explanation_metadata, "Y", "", "D", (a->handle[0], 0, a->out[0], a->error))                           \
    X(strongroom_explanation_answer, "Y", "", "N", (a->handle[0], a->out[0]))                                          \
    X(strongroom_explanation_failure, "Y", "", "", (a->handle[0], a->error))                                           \
    X(strongroom_transferred_outcome, "Q", "", "", (a->handle[0], 0, a->error))                                        \
    X(strongroom_report_number, "R", "tabi_version", "N", (a->handle[0], TEXT_AT(0), a->out[0]))

#define MANAGER_ROWS(X)                                                                                                \
    X(strongroom_manager_open, "oc", "", "M", (a->handle[0], a->handle[1], a->out[0], a->error))                       \
    X(strongroom_manager_scoped, "M", "sorg/acme", "M", (a->handle[0], TEXT_AT(0), a->out[0], a->error))               \
    X(strongroom_manager_info, "M", "", "R", (a->handle[0], a->out[0], a->error))                                      \
    X(strongroom_manager_setting, "M", "tbackend", "R", (a->handle[0], TEXT_AT(0), a->out[0], a->error))               \
    X(strongroom_manager_explain, "Mc", "kkey|sglobal", "Y",                                                           \
      (a->handle[0], TEXT_AT(0), &a->text[1].data, &a->text[1].length, 1, a->handle[1], a->out[0], a->error))          \
    X(strongroom_manager_export, "MTc", "", "Q", (a->handle[0], a->handle[1], a->handle[2], a->out[0], a->error))      \
    X(strongroom_manager_import, "MTc", "v{}", "q",                                                                    \
      (a->handle[0], TEXT_AT(0), a->handle[1], a->handle[2], a->out[0], a->error))                                     \
    X(strongroom_manager_get, "Mc", "kkey", "S", (a->handle[0], TEXT_AT(0), a->handle[1], a->out[0], a->error))        \
    X(strongroom_manager_get_into, "Mc", "kkey", "N",                                                                  \
      (a->handle[0], TEXT_AT(0), a->handle[1], room, sizeof room, a->out[0], a->error))                                \
    X(strongroom_manager_get_value, "Mc", "kkey", "N",                                                                 \
      (a->handle[0], TEXT_AT(0), a->handle[1], room, sizeof room, a->out[0], a->error))                                \
    X(strongroom_manager_get_version, "Mc", "kkey|t1", "S",                                                            \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->out[0], a->error))                                       \
    X(strongroom_manager_get_many, "Mc", "kkey", "L",                                                                  \
      (a->handle[0], &a->text[0].data, &a->text[0].length, 1, a->handle[1], a->out[0], a->error))                      \
    X(strongroom_manager_get_with_fallback, "Mc", "kkey|sglobal", "S",                                                 \
      (a->handle[0], TEXT_AT(0), &a->text[1].data, &a->text[1].length, 1, a->handle[1], a->out[0], a->error))          \
    X(strongroom_manager_exists, "Mc", "kkey", "F", (a->handle[0], TEXT_AT(0), a->handle[1], a->out[0], a->error))     \
    X(strongroom_manager_describe, "Mc", "kkey", "D", (a->handle[0], TEXT_AT(0), a->handle[1], a->out[0], a->error))   \
    X(strongroom_manager_list, "Mc", "", "L", (a->handle[0], a->handle[1], a->out[0], a->error))                       \
    X(strongroom_manager_versions, "Mc", "kkey", "L", (a->handle[0], TEXT_AT(0), a->handle[1], a->out[0], a->error))   \
    X(strongroom_manager_set, "Mdc", "kkey|vvalue", "w",                                                               \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->handle[2], a->out[0], a->error))                         \
    X(strongroom_manager_set_many, "MBc", "", "l", (a->handle[0], a->handle[1], a->handle[2], a->out[0], a->error))    \
    X(strongroom_manager_set_api_key, "Mc", "kkey|vvalue|oopenai", "w",                                                \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), TEXT_AT(2), a->handle[1], a->out[0], a->error))                           \
    X(strongroom_manager_update_value, "Mc", "kkey|vvalue", "w",                                                       \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->out[0], a->error))                                       \
    X(strongroom_manager_update_metadata, "MDc", "kkey", "w",                                                          \
      (a->handle[0], TEXT_AT(0), a->handle[1], a->handle[2], a->out[0], a->error))                                     \
    X(strongroom_manager_get_or_generate, "Mdc", "kgenerated", "S",                                                    \
      (a->handle[0], TEXT_AT(0), STRONGROOM_FORM_HEX, 8, a->handle[1], a->handle[2], a->out[0], a->error))             \
    X(strongroom_manager_rotate, "Mc", "kkey|vvalue", "w",                                                             \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->out[0], a->error))                                       \
    X(strongroom_manager_rotate_generate, "Mc", "kkey", "w",                                                           \
      (a->handle[0], TEXT_AT(0), STRONGROOM_FORM_HEX, 8, a->handle[1], a->out[0], a->error))                           \
    X(strongroom_manager_delete, "Mc", "kkey", "", (a->handle[0], TEXT_AT(0), a->handle[1], a->error))                 \
    X(strongroom_manager_rollback, "Mc", "kkey|o1", "w",                                                               \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->out[0], a->error))                                       \
    X(strongroom_manager_health, "Mc", "", "R", (a->handle[0], a->handle[1], a->out[0], a->error))                     \
    X(strongroom_manager_verify, "Mc", "", "R", (a->handle[0], a->handle[1], a->out[0], a->error))                     \
    X(strongroom_manager_refresh, "Mc", "", "", (a->handle[0], a->handle[1], a->error))                                \
    X(strongroom_manager_resolve, "Mc", "tsecret://key", "S",                                                          \
      (a->handle[0], TEXT_AT(0), a->handle[1], a->out[0], a->error))                                                   \
    X(strongroom_manager_subscribe, "Mc", "kkey", "U",                                                                 \
      (a->handle[0], &a->text[0].data, &a->text[0].length, 1, a->handle[1], a->out[0], a->error))                      \
    X(strongroom_manager_subscribe_callback, "Mc", "kkey", "U",                                                        \
      (a->handle[0], &a->text[0].data, &a->text[0].length, 1, a->handle[1], a->callback ? ignore_change : NULL, NULL,  \
       NULL, a->out[0], a->error))                                                                                     \
    X(strongroom_manager_metrics, "M", "", "R", (a->handle[0], a->out[0], a->error))                                   \
    X(strongroom_subscription_next, "U", "", "H", (a->handle[0], 10000, a->out[0], a->error))                          \
    X(strongroom_manager_lock, "Mc", "", "", (a->handle[0], a->handle[1], a->error))                                   \
    X(strongroom_manager_close, "Mc", "", "", (a->handle[0], a->handle[1], a->error))

#define ASYNC_ROWS(X)                                                                                                  \
    X(strongroom_manager_open_async, "oc", "", "", (a->handle[0], a->handle[1], THEN(manager), a->error))              \
    X(strongroom_manager_explain_async, "Mc", "kkey|sglobal", "",                                                      \
      (a->handle[0], TEXT_AT(0), &a->text[1].data, &a->text[1].length, 1, a->handle[1], THEN(explanation), a->error))  \
    X(strongroom_manager_export_async, "MTc", "", "",                                                                  \
      (a->handle[0], a->handle[1], a->handle[2], THEN(transferred), a->error))                                         \
    X(strongroom_manager_import_async, "MTc", "v{}", "",                                                               \
      (a->handle[0], TEXT_AT(0), a->handle[1], a->handle[2], THEN(transferred), a->error))                             \
    X(strongroom_manager_get_async, "Mc", "kkey", "",                                                                  \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(secret), a->error))                                                \
    X(strongroom_manager_get_version_async, "Mc", "kkey|t1", "",                                                       \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], THEN(secret), a->error))                                    \
    X(strongroom_manager_get_many_async, "Mc", "kkey", "",                                                             \
      (a->handle[0], &a->text[0].data, &a->text[0].length, 1, a->handle[1], THEN(list), a->error))                     \
    X(strongroom_manager_get_with_fallback_async, "Mc", "kkey|sglobal", "",                                            \
      (a->handle[0], TEXT_AT(0), &a->text[1].data, &a->text[1].length, 1, a->handle[1], THEN(secret), a->error))       \
    X(strongroom_manager_exists_async, "Mc", "kkey", "",                                                               \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(exists), a->error))                                                \
    X(strongroom_manager_describe_async, "Mc", "kkey", "",                                                             \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(metadata), a->error))                                              \
    X(strongroom_manager_list_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(list), a->error))                 \
    X(strongroom_manager_versions_async, "Mc", "kkey", "",                                                             \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(list), a->error))                                                  \
    X(strongroom_manager_set_async, "Mdc", "kkey|vvalue", "",                                                          \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], a->handle[2], THEN(written), a->error))                     \
    X(strongroom_manager_set_many_async, "MBc", "", "",                                                                \
      (a->handle[0], a->handle[1], a->handle[2], THEN(list), a->error))                                                \
    X(strongroom_manager_set_api_key_async, "Mc", "kkey|vvalue|oopenai", "",                                           \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), TEXT_AT(2), a->handle[1], THEN(written), a->error))                       \
    X(strongroom_manager_update_value_async, "Mc", "kkey|vvalue", "",                                                  \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], THEN(written), a->error))                                   \
    X(strongroom_manager_update_metadata_async, "MDc", "kkey", "",                                                     \
      (a->handle[0], TEXT_AT(0), a->handle[1], a->handle[2], THEN(written), a->error))                                 \
    X(strongroom_manager_get_or_generate_async, "Mdc", "kgenerated", "",                                               \
      (a->handle[0], TEXT_AT(0), STRONGROOM_FORM_HEX, 8, a->handle[1], a->handle[2], THEN(secret), a->error))          \
    X(strongroom_manager_rotate_async, "Mc", "kkey|vvalue", "",                                                        \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], THEN(written), a->error))                                   \
    X(strongroom_manager_rotate_generate_async, "Mc", "kkey", "",                                                      \
      (a->handle[0], TEXT_AT(0), STRONGROOM_FORM_HEX, 8, a->handle[1], THEN(written), a->error))                       \
    X(strongroom_manager_delete_async, "Mc", "kkey", "",                                                               \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(done), a->error))                                                  \
    X(strongroom_manager_rollback_async, "Mc", "kkey|o1", "",                                                          \
      (a->handle[0], TEXT_AT(0), TEXT_AT(1), a->handle[1], THEN(written), a->error))                                   \
    X(strongroom_manager_health_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(report), a->error))             \
    X(strongroom_manager_verify_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(report), a->error))             \
    X(strongroom_manager_refresh_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(done), a->error))              \
    X(strongroom_manager_resolve_async, "Mc", "tsecret://key", "",                                                     \
      (a->handle[0], TEXT_AT(0), a->handle[1], THEN(secret), a->error))                                                \
    X(strongroom_manager_subscribe_async, "Mc", "kkey", "",                                                            \
      (a->handle[0], &a->text[0].data, &a->text[0].length, 1, a->handle[1], THEN(subscription), a->error))             \
    X(strongroom_manager_lock_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(done), a->error))                 \
    X(strongroom_manager_close_async, "Mc", "", "", (a->handle[0], a->handle[1], THEN(done), a->error))

/* Getters, which answer NULL, 0 or false for a handle that is none. X(function, handle, arguments) */
#define TEXT_GETTER_ROWS(X)                                                                                            \
    X(strongroom_error_operation, 'E', (h))                                                                            \
    X(strongroom_error_backend, 'E', (h))                                                                              \
    X(strongroom_error_key, 'E', (h))                                                                                  \
    X(strongroom_error_setting, 'E', (h))                                                                              \
    X(strongroom_metadata_provider, 'D', (h))                                                                          \
    X(strongroom_metadata_scope_of_use, 'D', (h))                                                                      \
    X(strongroom_metadata_label_name, 'D', (h, 0))                                                                     \
    X(strongroom_metadata_label_value, 'D', (h, 0))                                                                    \
    X(strongroom_metadata_label, 'D', (h, TEXT("label")))                                                              \
    X(strongroom_metadata_version, 'D', (h))                                                                           \
    X(strongroom_written_version, 'W', (h))                                                                            \
    X(strongroom_list_key, 'L', (h, 0))                                                                                \
    X(strongroom_list_next, 'L', (h))                                                                                  \
    X(strongroom_explanation_key, 'Y', (h, 0))                                                                         \
    X(strongroom_explanation_scope, 'Y', (h, 0))                                                                       \
    X(strongroom_explanation_backend, 'Y', (h, 0))                                                                     \
    X(strongroom_explanation_word, 'Y', (h, 0))                                                                        \
    X(strongroom_explanation_detail, 'Y', (h, 0))                                                                      \
    X(strongroom_transferred_key, 'Q', (h, 0))                                                                         \
    X(strongroom_transferred_word, 'Q', (h, 0))                                                                        \
    X(strongroom_transferred_detail, 'Q', (h, 0))                                                                      \
    X(strongroom_transferred_note, 'Q', (h, 0))                                                                        \
    X(strongroom_change_kind, 'H', (h))                                                                                \
    X(strongroom_change_key, 'H', (h))                                                                                 \
    X(strongroom_change_version, 'H', (h))                                                                             \
    X(strongroom_change_health, 'H', (h))                                                                              \
    X(strongroom_change_reason, 'H', (h))                                                                              \
    X(strongroom_report_name, 'R', (h, 0))                                                                             \
    X(strongroom_report_text, 'R', (h, TEXT("version")))

#define NUMBER_GETTER_ROWS(X)                                                                                          \
    X(strongroom_error_is_retryable, 'E', (h))                                                                         \
    X(strongroom_error_foreign_code, 'E', (h))                                                                         \
    X(strongroom_metadata_label_count, 'D', (h))                                                                       \
    X(strongroom_metadata_is_expired, 'D', (h))                                                                        \
    X(strongroom_secret_len, 'S', (h))                                                                                 \
    X(strongroom_written_created, 'W', (h))                                                                            \
    X(strongroom_list_len, 'L', (h))                                                                                   \
    X(strongroom_list_flags, 'L', (h, 0))                                                                              \
    X(strongroom_explanation_len, 'Y', (h))                                                                            \
    X(strongroom_explanation_flags, 'Y', (h, 0))                                                                       \
    X(strongroom_explanation_took, 'Y', (h, 0))                                                                        \
    X(strongroom_transferred_len, 'Q', (h))                                                                            \
    X(strongroom_transferred_line, 'Q', (h, 0))                                                                        \
    X(strongroom_transferred_item_flags, 'Q', (h, 0))                                                                  \
    X(strongroom_transferred_flags, 'Q', (h))                                                                          \
    X(strongroom_transferred_note_count, 'Q', (h))                                                                     \
    X(strongroom_transferred_document_len, 'Q', (h))                                                                   \
    X(strongroom_report_len, 'R', (h))

/* X(function, letter) */
#define FREE_ROWS(X)                                                                                                   \
    X(strongroom_options_free, 'O')                                                                                    \
    X(strongroom_call_free, 'C')                                                                                       \
    X(strongroom_cancel_free, 'X')                                                                                     \
    X(strongroom_metadata_free, 'D')                                                                                   \
    X(strongroom_secret_free, 'S')                                                                                     \
    X(strongroom_written_free, 'W')                                                                                    \
    X(strongroom_batch_free, 'B')                                                                                      \
    X(strongroom_list_free, 'L')                                                                                       \
    X(strongroom_report_free, 'R')                                                                                     \
    X(strongroom_explanation_free, 'Y')                                                                                \
    X(strongroom_transfer_free, 'T')                                                                                   \
    X(strongroom_transferred_free, 'Q')                                                                                \
    X(strongroom_subscription_free, 'U')                                                                               \
    X(strongroom_change_free, 'H')                                                                                     \
    X(strongroom_manager_free, 'M')                                                                                    \
    X(strongroom_error_free, 'E')

#endif
