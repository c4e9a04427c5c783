// What the libraries that callable_test links and loads have in common.

#ifndef COHORT_IPC_INTERNAL_CALLABLE_TEST_LIBRARY_H_
#define COHORT_IPC_INTERNAL_CALLABLE_TEST_LIBRARY_H_

#include <string>

#include "ipc/callable.h"
#include "ipc/message.h"

namespace cohort::ipc {

// Stands for the one of ipc/call.h, which callable.h does not need.
class Call {
 public:
  std::string log;
};

inline std::string BytesOf(const Message& message) {
  std::string bytes(message.size(), '\0');
  message.CopyTo(reinterpret_cast<std::byte*>(bytes.data()));
  return bytes;
}

inline std::string EncodedEntry(const RegisteredEntry& entry) {
  Message message;
  Writer writer(message);
  encode_entry(writer, entry);
  return BytesOf(message);
}

// Of the library that is linked.
std::string EncodedLinkedEntry();
int LinkedFunction(int number);

}  // namespace cohort::ipc

#endif  // COHORT_IPC_INTERNAL_CALLABLE_TEST_LIBRARY_H_
