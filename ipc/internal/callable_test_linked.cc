#include "ipc/internal/callable_test_library.h"

namespace cohort::ipc {
namespace {

struct LinkedSignature {};

void LinkedEntry(Call& call) { call.log += "linked"; }

}  // namespace

std::string EncodedLinkedEntry() {
  return EncodedEntry(registered_entry<&LinkedEntry, LinkedSignature>());
}

int LinkedFunction(int number) { return number + 1; }

}  // namespace cohort::ipc
