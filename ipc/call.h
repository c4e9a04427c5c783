// One call in a worker process: what a registered entry (ipc/callable.h) is given.
//
//   void AddEntry(Call& call) {
//     const int a = decode<int>(call.arguments());
//     const int b = decode<int>(call.arguments());
//     Message result;
//     Writer writer(result);
//     encode(writer, a + b);
//     call.Return(result);
//   }
//
// What the entry throws before it has returned goes to the caller instead of a result.

#ifndef COHORT_IPC_CALL_H_
#define COHORT_IPC_CALL_H_

#include <stop_token>

#include "ipc/message.h"

namespace cohort::ipc {

class Call {
 public:
  // A streamed message, or one in memory.
  virtual Reader& arguments() = 0;

  // Gathers what is left of a streamed message in memory, for arguments that are views of it. The
  // memory lasts as long as the call.
  virtual void MakeContiguous() = 0;

  // Signalled when the task is to end. The first use starts a thread that waits for that.
  virtual std::stop_token stop_token() = 0;

  // Once. Blocks until the message is sent: until then, what it borrows must stay.
  virtual void Return(const Message& result) = 0;

 protected:
  ~Call() = default;
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_CALL_H_
