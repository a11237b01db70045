// The C header alone, in C++: twice, with C linkage, in anyone's namespace afterwards.
#include <strongroom.h>

namespace strongroom {
struct manager;
enum class status;
} // namespace strongroom

static_assert(STRONGROOM_STATUS_OK == 0, "OK is 0");
static_assert(sizeof(strongroom_status_t) == 4, "a status has 32 bits");

extern "C" const char *strongroom_version(void);
