// The quickstart in C++. Opens the store that the `strongroom` command uses (the environment says which), writes a
// secret, reads one (its own, or the key on the command line), lists, and shows what a failure looks like.
#include <iostream>
#include <strongroom.hpp>

using namespace std::chrono_literals;

int main(int argc, char **argv) {
    const std::string own_key = "app/quickstart/api_key";
    const std::string key = argc > 1 ? argv[1] : own_key;
    try {
        // No options: the application `strongroom`, with the settings of the environment.
        const auto secrets = strongroom::manager::open();

        // Write a secret and who issued it.
        strongroom::metadata about;
        about.provider = "example";
        about.expires_at = std::chrono::system_clock::now() + 24h;
        secrets.set(own_key, "s3cret", about);

        // Read one. The value is wiped when `found` goes; a missing secret is an empty optional.
        const auto found = secrets.get(key, strongroom::call{}.timeout(2s));
        if (!found) {
            std::cerr << key << ": there is no such secret\n";
            return strongroom::exit_code(strongroom::status::not_found);
        }
        std::cout << key << ": " << found->size() << " bytes\n"; // the value: found->text(), found->bytes()

        // What is known about it, without its value; here without waiting for it.
        auto described = secrets.describe_async(key);
        if (const auto known = described.get()) {
            std::cout << "provider: " << known->provider.value_or("none")
                      << ", version: " << known->version.value_or("none") << '\n';
        }

        // Names, never values.
        for (const auto &entry : secrets.list().entries) {
            std::cout << "- " << entry.key << '\n';
        }

        // A failure says what is wrong and what to do: thrown, or as a value from the `try_` forms.
        if (const auto updated = secrets.try_update_value("app/quickstart/missing", "s3cret"); !updated) {
            std::cout << "expected: " << updated.error().token() << " (" << updated.error().help() << ")\n";
        }

        secrets.erase(own_key);
        return 0;
    } catch (const strongroom::error &error) {
        std::cerr << error.what() << '\n' << error.help() << '\n';
        return strongroom::exit_code(error.status());
    }
}
