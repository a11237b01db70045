// With unit_two.cpp: both headers in two units of one program, which links if every definition is inline.
#include <strongroom.hpp>

bool unit_two(const strongroom::error &why);

int main() {
    const auto opened = strongroom::manager::try_open(strongroom::options{}.backend("no such backend"));
    return !opened && unit_two(opened.error()) ? 0 : 1;
}
