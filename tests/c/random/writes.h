/* The writes of the random driver. Part of driver.c: works on its `m`, `store`, `entry` and `key`. */
#ifndef STRONGROOM_TESTS_WRITES_H
#define STRONGROOM_TESTS_WRITES_H

#define VALUE(version) (version).value, (version).length

static void do_set(void) {
    version_t version = new_version();
    strongroom_metadata_t *metadata = metadata_of(&version);
    strongroom_written_t *written = NULL;
    CHECK_OK(strongroom_manager_set(m, TEXT(key), VALUE(version), metadata, NULL, &written, NULL));
    CHECK_OK(strongroom_metadata_free(metadata));
    push_written(entry, version, written);
}

static void do_set_async(void) {
    version_t version = new_version();
    strongroom_metadata_t *metadata = metadata_of(&version);
    answer_t answer;
    answer_init(&answer);
    CHECK_OK(START(&answer, strongroom_manager_set_async(m, TEXT(key), VALUE(version), metadata, NULL, answer_written,
                                                         &answer, NULL)));
    CHECK_OK(strongroom_metadata_free(metadata));
    CHECK_OK(answer_wait(&answer));
    push_written(entry, version, answer.written);
    answer.written = NULL;
    answer_end(&answer, 1);
}

/* Only if there is none, or only if the version is the current one; else a conflict that changes nothing. */
static void do_set_if(void) {
    version_t version = new_version();
    version.provider = 0;
    version.expiry = NEVER;
    bool absent = choose(2);
    const version_t *demanded = entry->count && choose(3) ? &entry->versions[choose(entry->count)] : NULL;
    strongroom_call_t *call =
        call_of(absent ? (const char *const[]){"if_absent", "true", NULL}
                       : (const char *const[]){"if_version", demanded ? demanded->word : "none", NULL});
    bool holds = absent ? entry->count == 0 : demanded && demanded == current(entry);
    strongroom_written_t *written = NULL;
    CHECK_STATUS(strongroom_manager_set(m, TEXT(key), VALUE(version), NULL, call, &written, NULL),
                 holds ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_CONFLICT);
    if (written) {
        push_written(entry, version, written);
    }
    CHECK_OK(strongroom_call_free(call));
}

static void do_set_many(void) {
    version_t versions[3];
    size_t first = choose(KEYS);
    bool twice = choose(5) == 0;
    char text[64];
    strongroom_batch_t *batch = NULL;
    strongroom_list_t *list = NULL;
    CHECK_OK(strongroom_batch_new(&batch, NULL));
    for (size_t i = 0; i < 3; i++) {
        versions[i] = new_version();
        strongroom_metadata_t *metadata = metadata_of(&versions[i]);
        key_text((first + (twice && i == 2 ? 0 : 5 * i)) % KEYS, text);
        CHECK_OK(strongroom_batch_add(batch, TEXT(text), VALUE(versions[i]), metadata, NULL));
        CHECK_OK(strongroom_metadata_free(metadata));
    }
    CHECK_STATUS(strongroom_manager_set_many(m, batch, NULL, &list, NULL),
                 twice ? STRONGROOM_STATUS_INVALID_ARGUMENT : STRONGROOM_STATUS_OK);
    for (size_t i = 0; list && i < 3; i++) {
        entry_t *written = &store->entries[(first + 5 * i) % KEYS];
        strongroom_metadata_t *metadata = NULL;
        uint64_t number = 0;
        CHECK_OK(strongroom_list_outcome(list, i, NULL));
        CHECK_NUMBER((strongroom_list_flags(list, i) & STRONGROOM_ITEM_CREATED) != 0, written->count == 0);
        CHECK_OK(strongroom_list_metadata(list, i, &metadata, NULL));
        CHECK_OK(strongroom_metadata_version_number(metadata, &number));
        push_version(written, versions[i], strongroom_metadata_version(metadata), number);
        CHECK_OK(strongroom_metadata_free(metadata));
    }
    CHECK_OK(strongroom_list_free(list));
    CHECK_OK(strongroom_batch_free(batch));
}

/* What a new value keeps of the current version: all but an expiry that has passed. */
static version_t kept(version_t version) {
    const version_t *former = current(entry);
    version.provider = former ? former->provider : 0;
    version.expiry = former && former->expiry != PAST ? former->expiry : NEVER;
    return version;
}

static void do_set_api_key(void) {
    version_t version = kept(new_version());
    int provider = (int)choose(PROVIDERS);
    strongroom_written_t *written = NULL;
    version.provider = provider ? provider : version.provider;
    const char *name = PROVIDER_NAMES[provider];
    CHECK_OK(strongroom_manager_set_api_key(m, TEXT(key), VALUE(version), TEXT(name), NULL, &written, NULL));
    push_written(entry, version, written);
}

static void do_update_value(void) {
    version_t version = kept(new_version());
    bool clearing = choose(3) == 0;
    strongroom_call_t *call = clearing ? call_of((const char *const[]){"clear_expiry", "true", NULL}) : NULL;
    strongroom_written_t *written = NULL;
    strongroom_status_t wanted = read_status(current(entry));
    if (clearing && wanted == STRONGROOM_STATUS_EXPIRED) {
        wanted = STRONGROOM_STATUS_OK;
    }
    version.expiry = clearing ? NEVER : version.expiry;
    CHECK_STATUS(strongroom_manager_update_value(m, TEXT(key), VALUE(version), call, &written, NULL), wanted);
    if (written) {
        push_written(entry, version, written);
    }
    CHECK_OK(strongroom_call_free(call));
}

/* No new version: the current one gets other metadata. */
static void do_update_metadata(void) {
    version_t change = new_version(), *version = current(entry);
    strongroom_metadata_t *update = NULL;
    CHECK_OK(strongroom_metadata_new(&update, NULL));
    bool has_provider = choose(2), has_expiry = choose(2);
    if (has_provider && change.provider) {
        CHECK_OK(strongroom_metadata_set_provider(update, TEXT(PROVIDER_NAMES[change.provider]), NULL));
    } else if (has_provider) {
        CHECK_OK(strongroom_metadata_clear(update, TEXT("provider"), NULL));
    }
    if (has_expiry && change.expiry != NEVER) {
        CHECK_OK(strongroom_metadata_set_expires_at(update, EXPIRIES[change.expiry], NULL));
    } else if (has_expiry) {
        CHECK_OK(strongroom_metadata_clear(update, TEXT("expires_at"), NULL));
    }
    CHECK_STATUS(strongroom_manager_update_metadata(m, TEXT(key), update, NULL, NULL, NULL),
                 version ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_metadata_free(update));
    if (version) {
        version->provider = has_provider ? change.provider : version->provider;
        version->expiry = has_expiry ? change.expiry : version->expiry;
    }
}

static void do_rotate(void) {
    version_t version = kept(new_version());
    strongroom_written_t *written = NULL;
    CHECK_STATUS(strongroom_manager_rotate(m, TEXT(key), VALUE(version), NULL, &written, NULL),
                 entry->count ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    if (written) {
        push_written(entry, version, written);
    }
}

static void do_get_or_generate(void) {
    version_t version = new_version();
    const version_t *former = current(entry);
    version.expiry = version.expiry == PAST ? NEVER : version.expiry;
    strongroom_metadata_t *metadata = metadata_of(&version);
    strongroom_secret_t *secret = NULL;
    const int32_t form = STRONGROOM_FORM_HEX;
    CHECK_STATUS(strongroom_manager_get_or_generate(m, TEXT(key), form, 8, metadata, NULL, &secret, NULL),
                 former ? read_status(former) : STRONGROOM_STATUS_OK);
    CHECK_OK(strongroom_metadata_free(metadata));
    if (secret && former) {
        check_secret(secret, former);
    } else if (secret) {
        uint64_t number = 0;
        CHECK_NUMBER(strongroom_secret_len(secret), 16);
        version.length = 16;
        memcpy(version.value, strongroom_secret_data(secret), 16);
        CHECK_OK(strongroom_secret_metadata(secret, &metadata, NULL));
        CHECK_OK(strongroom_metadata_version_number(metadata, &number));
        push_version(entry, version, strongroom_metadata_version(metadata), number);
        check_metadata(metadata, current(entry));
    }
    CHECK_OK(strongroom_secret_free(secret));
}

/* To the one before, or to a version; it comes back as a new version without its expiry. */
static void do_rollback(void) {
    const version_t *target = entry->count >= 2 ? &entry->versions[entry->count - 2] : NULL;
    const char *word = NULL;
    if (choose(2)) {
        target = entry->count && choose(5) ? &entry->versions[choose(entry->count)] : NULL;
        word = target ? target->word : "none";
    }
    strongroom_written_t *written = NULL;
    CHECK_STATUS(strongroom_manager_rollback(m, TEXT(key), TEXT(word), NULL, &written, NULL),
                 target ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    if (written) {
        version_t version = *target;
        version.expiry = NEVER;
        push_written(entry, version, written);
    }
}

static void do_delete(void) {
    bool missing_ok = choose(2);
    strongroom_call_t *call = missing_ok ? call_of((const char *const[]){"missing_ok", "true", NULL}) : NULL;
    CHECK_STATUS(strongroom_manager_delete(m, TEXT(key), call, NULL),
                 entry->count || missing_ok ? STRONGROOM_STATUS_OK : STRONGROOM_STATUS_NOT_FOUND);
    CHECK_OK(strongroom_call_free(call));
    entry->count = 0;
}

#endif
