#include "ipc/worker_entry.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "futures/errors.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/worker_main.h"

namespace cohort::ipc {
namespace {

constexpr int kMaxDepth = 8;

std::atomic<bool> can_serve{false};
std::atomic<int> depth{0};
uint64_t nonce = 0;  // not 0 between the start of a worker and its main loop

// Takes the parent's mark out of the environment, so that what this process starts does not
// inherit it.
void TakeMark() {
  const char* const mark = getenv(internal::kWorkerVariable);
  if (mark == nullptr) return;
  nonce = strtoull(mark, nullptr, 10);
  unsetenv(internal::kWorkerVariable);
}

void Serve() {
  can_serve = true;
  if (nonce == 0) return;
  const uint64_t expected = std::exchange(nonce, 0);
  if (!internal::IsWorkerOf(expected)) return;  // started by hand with the variable set
  internal::ServeAsWorker([](int parents_depth) { depth = parents_depth + 1; });
}

}  // namespace

void serve_if_worker() {
  TakeMark();
  Serve();
}

void check_that_workers_can_start() {
  if (nonce != 0 || (!can_serve && getenv(internal::kWorkerVariable) != nullptr)) {
    throw Error(
        "a process pool was used while a worker process makes its static objects; use it in "
        "main() or later");
  }
  if (!can_serve) {
    throw Error(
        "this program cannot start worker processes: let main() begin with "
        "cohort::ipc::serve_if_worker(); (needed where the C library is linked statically, or "
        "Cohort is loaded by dlopen)");
  }
  if (depth >= kMaxDepth) {
    throw Error("process pools are nested " + std::to_string(kMaxDepth) +
                " deep; a task that makes a pool of its own should not do so without end");
  }
}

int worker_depth() noexcept { return depth; }

}  // namespace cohort::ipc

namespace {

using Main = int (*)(int, char**, char**);
using StartMain = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);

Main program_main = nullptr;

int ServeOrMain(int argc, char** argv, char** environment) {
  cohort::ipc::Serve();
  return program_main(argc, argv, environment);
}

}  // namespace

// The C library's start-up code calls this, and finds the definition in the program before the C
// library's own. Weak: where the C library is linked statically, its own definition wins.
extern "C" __attribute__((weak, visibility("default"))) int __libc_start_main(
    Main main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld_fini)(),
    void* stack_end) {
  cohort::ipc::TakeMark();
  program_main = main;
  const auto start = reinterpret_cast<StartMain>(dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(ServeOrMain, argc, argv, init, fini, rtld_fini, stack_end);
}
