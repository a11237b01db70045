/* keys.json and errors.json. */
#ifndef VECTORS_KEYS_H
#define VECTORS_KEYS_H

void run_keys(const char *folder);
void run_errors(const char *folder);

#endif
