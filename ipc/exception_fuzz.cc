// Any bytes, taken for an exception: that must be a CodecError, or an exception that goes to bytes
// and back with its type and its text.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "ipc/codec.h"
#include "ipc/exception.h"
#include "ipc/internal/codec_test_util.h"
#include "ipc/message.h"

namespace cohort::ipc {

// Registered, so that inputs can name it: N6cohort3ipc6CustomE.
class Custom : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace {

struct Seen {
  std::string type;
  std::string text;
  bool operator==(const Seen&) const = default;
};

Seen Look(const std::exception_ptr& error) {
  if (error == nullptr) return {};
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    return {typeid(thrown).name(), thrown.what()};
  }
}

void Check(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  std::exception_ptr error;
  try {
    error = decode_exception(reader);
  } catch (const CodecError&) {
    return;
  }
  const Seen seen = Look(error);
  const Seen again = Look(RoundTrip(error));
  if (seen == again) return;
  std::fprintf(stderr, "%s: %s\nbecame\n%s: %s\n", seen.type.c_str(), seen.text.c_str(),
               again.type.c_str(), again.text.c_str());
  std::abort();
}

}  // namespace
}  // namespace cohort::ipc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cohort::ipc::register_exception<cohort::ipc::Custom>();
  cohort::ipc::Check(std::as_bytes(std::span(data, size)));
  return 0;
}
