/* Whether the library that was found works and is the version that was asked for. */
#include <string.h>
#include <strongroom.h>

int main(int argc, char **argv) {
    if (argc < 2 || strcmp(strongroom_version(), argv[1]) != 0) {
        return 1;
    }
    return strongroom_abi_version() == STRONGROOM_ABI_VERSION ? 0 : 2;
}
