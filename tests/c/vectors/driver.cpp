// Runs the vectors (tests/vectors/README.md) through strongroom.hpp, each script through the throwing forms and through
// futures.
//
//     cd tests/c/vectors
//     c++ -std=c++17 -Wall -Wextra -Werror -pedantic *.cpp $(pkg-config --cflags --libs strongroom) -o driver
//     ./driver ../../vectors <empty folder> <file for what ran, see docs/parity.md>
//
// The library needs the feature `testing`. Ends with 0 where every check passed; the last line counts them.

#include <algorithm>
#include <fstream>
#include <iostream>

#include "session.hpp"

namespace vectors {

namespace {

json load(const std::filesystem::path &path) {
    std::ifstream file(path);
    auto read = json::parse(file);
    if (read.at("schema") != 1) {
        throw std::runtime_error(path.string() + " is not of schema 1");
    }
    return read;
}

/// Whether the backend has what the script needs and lacks what it wants lacking.
bool suits(const json &backend, const json &script) {
    const auto &lacks = backend.at("lacks");
    const auto is_lacking = [&](const json &word) {
        return std::find(lacks.begin(), lacks.end(), word) != lacks.end();
    };
    const auto &needs = script.at("needs");
    const auto &unwanted = script.at("lacks");
    return std::none_of(needs.begin(), needs.end(), is_lacking) &&
           std::all_of(unwanted.begin(), unwanted.end(), is_lacking);
}

/// The number of steps that ran as they should.
std::size_t run_script(report &to, form how, const json &backend, const json &script,
                       const std::filesystem::path &folder) {
    const std::string name = script.at("name");
    std::filesystem::create_directory(folder);
    std::size_t steps = 0;
    try {
        session in(to, how, backend, script, folder);
        to.ran(how, "open", name);
        for (const auto &step : script.at("steps")) {
            if (!run_step(in, step, name)) {
                std::cout << "   as " << language(how) << ", over " << backend.at("name") << ", step " << steps << "\n";
                break;
            }
            ++steps;
        }
    } catch (const strongroom::error &why) {
        to.check(false, name + ": " + why.what());
    }
    return steps;
}

void run_verbs(report &to, form how, const json &file, const std::filesystem::path &scratch) {
    std::size_t count = 0;
    std::size_t steps = 0;
    std::size_t folders = 0;
    for (const auto &script : file.at("scripts")) {
        std::optional<std::size_t> most;
        for (const auto &backend : file.at("backends")) {
            if (suits(backend, script)) {
                const auto folder = scratch / (how == form::blocking ? "blocking." : "future.");
                const auto took = run_script(to, how, backend, script, folder.string() + std::to_string(folders++));
                most = std::max(most.value_or(0), took);
            }
        }
        count += most.has_value() ? 1 : 0;
        steps += most.value_or(0);
    }
    const auto through = std::string(" ran as ") + language(how);
    to.check(count == file.at("count"), std::to_string(count) + " scripts" + through);
    to.check(steps == file.at("steps"), std::to_string(steps) + " steps" + through);
}

int run(const std::filesystem::path &vectors, const std::filesystem::path &scratch, const std::string &parity) {
    report to;
    run_keys(to, load(vectors / "keys.json"));
    run_errors(to, load(vectors / "errors.json"));
    const auto verbs = load(vectors / "verbs.json");
    for (const auto how : {form::blocking, form::future}) {
        run_verbs(to, how, verbs, scratch);
    }
    strongroom::shutdown(std::chrono::seconds(10));
    if (to.failed() > 0) {
        std::cout << to.failed() << " checks failed, " << to.passed() << " passed\n";
        return 1;
    }
    to.write_parity(parity);
    std::cout << to.passed() << " checks passed\n";
    return 0;
}

} // namespace

} // namespace vectors

int main(int count, char **arguments) {
    if (count != 4) {
        std::cerr << "usage: " << arguments[0] << " <tests/vectors> <scratch folder> <parity file>\n";
        return 2;
    }
    try {
        return vectors::run(arguments[1], arguments[2], arguments[3]);
    } catch (const std::exception &why) {
        std::cerr << why.what() << "\n";
        return 2;
    }
}
