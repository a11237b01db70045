// The other half of unit_one.cpp.
#include <strongroom.hpp>

bool unit_two(const strongroom::error &why);

bool unit_two(const strongroom::error &why) {
    const auto opened = strongroom::manager::try_open(strongroom::options{}.backend("memory"));
    return opened && why.status() == strongroom::status::invalid_config;
}
