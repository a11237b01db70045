// The C header first, then the C++ header, in a file that uses the whole namespaces.
#include <strongroom.h>
#include <strongroom.hpp>

using namespace std;
using namespace strongroom;

optional<secret> found(const manager &secrets) { return secrets.get("org/acme/api_key", strongroom::call{}); }
