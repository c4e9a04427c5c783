#include "ipc/internal/callable_test_library.h"

namespace cohort::ipc {
namespace {

struct PluginSignature {};

void PluginEntry(Call& call) { call.log += "plugin"; }

}  // namespace

extern "C" void EncodePluginEntry(std::string* bytes) {
  *bytes = EncodedEntry(registered_entry<&PluginEntry, PluginSignature>());
}

}  // namespace cohort::ipc
