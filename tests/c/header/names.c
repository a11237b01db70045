/* The header takes no name that is not its own: a C program may call its things as it likes, by words that are keywords
 * in C++ too. */
static int class, delete, new, namespace, template, this, operator, private, export, try, catch, throw;
struct secret;
typedef int status, error, manager, call, options, metadata;
enum level { ERROR, WARN, INFO, DEBUG, TRACE };
enum form { BYTES, HEX, BASE64, PASSWORD };
#define OK ok
#define NOT_FOUND not_found
#define UNUSED unused

#include <strongroom.h>

int names_are_mine(struct secret *secret);
int names_are_mine(struct secret *secret) {
    status key = 0, value = 0, list = 0, report = 0, batch = 0, cancel = 0, written = 0;
    return secret != 0 && class + delete + new + namespace + template + this +
                                                                        operator+ private + export + try + catch +
                              throw + key + value + list + report + batch + cancel + written + ERROR + BYTES != 0;
}
