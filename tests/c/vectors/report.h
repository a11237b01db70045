/* What was checked, what failed, and which vector ran which operation. */
#ifndef VECTORS_REPORT_H
#define VECTORS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Ends the program: something without which no vector can be run. */
_Noreturn void die(const char *format, ...);

/* Counts a check; where it does not hold, says so and counts a failure. Answers whether it held. */
bool check(bool holds, const char *format, ...);
unsigned long checks_passed(void);
unsigned long checks_failed(void);

enum form { BLOCKING, CALLBACK, FORMS };

/* The form's word as a language of docs/parity.md. */
const char *form_language(enum form form);

/* The first vector of an operation is the one that is named. */
void ran(enum form form, const char *operation, const char *vector);
/* Writes what was run through each form, as tests/vectors/README.md says. */
void write_parity(const char *path);

#endif
