// The C++ header needs nothing before it, and may come twice and with the C header.
#include <strongroom.hpp>

#include <strongroom.h>
#include <strongroom.hpp>

// It gives what its users name without including anything else.
using moment = std::chrono::system_clock::time_point;
using labels = std::map<std::string, std::string>;
using pending = std::future<std::optional<strongroom::secret>>;

// Macros with our words do no harm if they come later, as Windows' headers do.
#define ERROR 0
#define call 0
