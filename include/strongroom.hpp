// Strongroom for C++17 and later: header-only, over strongroom.h.
//
//     auto secrets = strongroom::manager::open(strongroom::options{}.app("sideseat"));
//     secrets.set("org/acme/api_key", "s3cret");
//     if (auto key = secrets.get("org/acme/api_key")) {
//         use(key->text()); // wiped when `key` goes
//     }
//
// Errors: what a verb cannot do it throws as `strongroom::error`, which knows its kind, key, backend and setting. Each
// verb also stands as `try_…`, which answers a `strongroom::result`; with -fno-exceptions only those are there. A
// missing secret is no error but an empty `std::optional`.
// Ownership: every handle is an object that can be moved and not copied. Views and texts that an object gives end with
// it. A moved-from object is empty: it may be assigned to and destroyed, and verbs answer `invalid_handle`.
// Threads: const members may be called on many threads at once; everything else wants the object for itself.
// Callbacks (completions, changes, log, providers) may call only getters, destructors and `cancel_source::fire`.
// C: `c_handle()` gives the handle for the functions of strongroom.h, `release()` and `adopt()` pass it on.
#ifndef STRONGROOM_HPP
#define STRONGROOM_HPP

#include "strongroom/answers.hpp"
#include "strongroom/async.hpp"
#include "strongroom/bytes.hpp"
#include "strongroom/error.hpp"
#include "strongroom/explanation.hpp"
#include "strongroom/fernet.hpp"
#include "strongroom/library.hpp"
#include "strongroom/manager.hpp"
#include "strongroom/options.hpp"
#include "strongroom/report.hpp"
#include "strongroom/secret.hpp"
#include "strongroom/transfer.hpp"
#include "strongroom/verbs.hpp"
#include "strongroom/watch.hpp"

#endif
