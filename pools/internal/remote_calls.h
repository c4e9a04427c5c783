// From a callable and its arguments to a message that another process of the same program can run,
// and how it runs it there.

#ifndef COHORT_POOLS_INTERNAL_REMOTE_CALLS_H_
#define COHORT_POOLS_INTERNAL_REMOTE_CALLS_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "ipc/call.h"
#include "ipc/callable.h"
#include "ipc/codec.h"
#include "ipc/message.h"
#include "pools/executor.h"
#include "pools/internal/map_calls.h"
#include "pools/internal/remote_job.h"
#include "pools/internal/task.h"

namespace cohort::internal {

// What of an argument crosses: a decayed copy; of a string literal its text.
template <typename A>
struct RemoteArgument {
  using type = std::decay_t<A>;
};
template <std::size_t kSize>
struct RemoteArgument<const char (&)[kSize]> {
  using type = std::string;
};
template <typename A>
using RemoteArgumentOf = typename RemoteArgument<A>::type;

// A callable that is known by its type alone: a lambda without captures, a function object without
// members.
template <typename F>
inline constexpr bool kIsKnownByType =
    std::is_empty_v<F>&& std::is_default_constructible_v<F>&& std::is_trivially_copyable_v<F>;

// Pointers to functions and members, and function objects with state that is plain to see.
template <typename F>
inline constexpr bool kIsValue = std::is_pointer_v<F> || std::is_member_pointer_v<F> ||
                                 std::is_aggregate_v<F> || ipc::kRunsUserCode<F>;

template <typename F>
constexpr void CheckRemoteCallable() {
  static_assert(kIsKnownByType<F> || kIsValue<F>,
                "process pool: this callable has state that cannot cross to another process. Pass "
                "what a lambda captures as arguments of the call instead; give a function object "
                "with private members a serialize() member");
  if constexpr (!kIsKnownByType<F>) ipc::check_encodable<F>();
}

template <typename F>
void EncodeCallable(ipc::Writer& writer, const F& function) {
  if constexpr (!kIsKnownByType<F>) ipc::encode(writer, function);
}

template <typename F>
F DecodeCallable(ipc::Reader& reader) {
  if constexpr (kIsKnownByType<F>) {
    return F();
  } else {
    return ipc::decode<F>(reader);
  }
}

inline void CheckAllRead(const ipc::Reader& arguments) {
  if (arguments.remaining() != 0) {
    throw ipc::CodecError("the arguments of a task are followed by " +
                          std::to_string(arguments.remaining()) + " bytes more");
  }
}

// Calls what returns R, and sends that.
template <typename R, typename Function>
void CallAndReturn(ipc::Call& call, Function function) {
  ipc::Message message;
  if constexpr (std::is_void_v<R>) {
    function();
    call.Return(message);
  } else {
    const R result = function();
    ipc::Writer writer(message, ipc::Borrow::kAllowed);
    ipc::encode(writer, result);
    call.Return(message);
  }
}

// One call, as the worker sees it.
template <typename F, typename... Args>
struct RemoteCall {
  static_assert(kCanCall<F, Args...>,
                "process pool: the callable cannot be called with copies of these arguments");
  using Result = TaskResult<F, Args...>;
  static constexpr bool kStop = kTakesStopToken<F, Args...>;

  static constexpr void Check() {
    CheckRemoteCallable<F>();
    (ipc::check_encodable<Args>(), ...);
    static_assert(!std::is_reference_v<Result>,
                  "process pool: a reference cannot cross to another process; return a value");
    if constexpr (!std::is_void_v<Result> && !std::is_reference_v<Result>) {
      ipc::check_encodable<Result>();
      static_assert(!ipc::kIsView<Result>,
                    "process pool: a view cannot be a result, for what it looks at stays in the "
                    "other process; return a std::string or a std::vector");
    }
  }

  static const ipc::RegisteredEntry& Entry() {
    return ipc::registered_entry<&RemoteCall::Run, Result(F, Args...), F>();
  }

  static void Run(ipc::Call& call) {
    if constexpr ((ipc::kIsView<Args> || ...)) call.MakeContiguous();
    CallAndReturn<Result>(call, [&]() -> Result {
      ipc::Reader& reader = call.arguments();
      F function = DecodeCallable<F>(reader);
      std::tuple<Args...> arguments{ipc::decode<Args>(reader)...};  // in order
      CheckAllRead(reader);
      return std::apply(
          [&](Args&... each) -> Result {
            if constexpr (kStop) {
              return std::invoke(std::move(function), call.stop_token(), std::move(each)...);
            } else {
              return std::invoke(std::move(function), std::move(each)...);
            }
          },
          arguments);
    });
  }

  // Large blocks of arguments that were given away are not copied: the message points to them.
  template <typename G, typename... Given>
  static void Encode(ipc::Message& message, const G& function, Given&&... given) {
    EncodeHead(message, function);
    (EncodeOne<Args>(message, std::is_lvalue_reference_v<Given> ? ipc::Borrow::kNo : kBorrow<Args>,
                     given),
     ...);
    if (!message.has_borrowed()) return;
    // Once more, from where the arguments stay.
    const auto kept = std::make_shared<std::tuple<Args...>>(std::forward<Given>(given)...);
    message.Clear();
    EncodeHead(message, function);
    std::apply([&](const Args&... each) { (EncodeOne<Args>(message, kBorrow<Args>, each), ...); },
               *kept);
    message.Keep(kept);
  }

 private:
  // Who gives a view away still owns what it looks at, and may change that after the call.
  template <typename Argument>
  static constexpr ipc::Borrow kBorrow =
      ipc::kIsView<Argument> ? ipc::Borrow::kNo : ipc::Borrow::kAllowed;

  template <typename G>
  static void EncodeHead(ipc::Message& message, const G& function) {
    ipc::Writer writer(message);
    ipc::encode_entry(writer, Entry());
    EncodeCallable<F>(writer, function);
  }

  template <typename Argument, typename Given>
  static void EncodeOne(ipc::Message& message, ipc::Borrow borrow, const Given& given) {
    ipc::Writer writer(message, borrow);
    if constexpr (std::is_same_v<Argument, Given>) {
      ipc::encode(writer, given);
    } else {
      ipc::encode<Argument>(writer, Argument(given));
    }
  }
};

// The exceptions in it are the library's business.
template <typename R>
inline constexpr bool kDecodedByUserCode<ChunkOutcome<R>> = kDecodedByUserCode<R>;

// Several elements of a map() in one task. Each keeps an outcome of its own.
template <typename F, typename... Elements>
struct RemoteChunk {
  using Element = RemoteCall<F, Elements...>;
  using Result = typename Element::Result;
  using Outcome = ChunkOutcome<Result>;
  using Batch = std::vector<std::tuple<Elements...>>;
  static constexpr bool kStop = Element::kStop;

  static const ipc::RegisteredEntry& Entry() {
    return ipc::registered_entry<&RemoteChunk::Run, Outcome(F, Batch), F>();
  }

  static void Run(ipc::Call& call) {
    if constexpr ((ipc::kIsView<Elements> || ...)) call.MakeContiguous();
    CallAndReturn<Outcome>(call, [&] {
      ipc::Reader& reader = call.arguments();
      F function = DecodeCallable<F>(reader);
      Batch batch = ipc::decode<Batch>(reader);
      CheckAllRead(reader);
      std::stop_token token;
      if constexpr (kStop) token = call.stop_token();
      return RunAll(function, token, batch);
    });
  }

  static void Encode(ipc::Message& message, const F& function, const Batch& batch) {
    ipc::Writer writer(message);
    ipc::encode_entry(writer, Entry());
    EncodeCallable<F>(writer, function);
    ipc::encode(writer, batch);
  }

 private:
  static Outcome RunAll(F& function, const std::stop_token& token, Batch& batch) {
    Outcome outcome;
    outcome.values.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      try {
        std::apply([&](Elements&... each) { Append(outcome, function, token, each...); }, batch[i]);
      } catch (...) {
        outcome.errors.emplace_back(i, std::current_exception());
      }
    }
    return outcome;
  }

  static void Append(Outcome& outcome, F& function, const std::stop_token& token,
                     Elements&... each) {
    const auto call = [&]() -> Result {
      if constexpr (kStop) {
        return std::invoke(function, token, std::move(each)...);
      } else {
        return std::invoke(function, std::move(each)...);
      }
    };
    if constexpr (std::is_void_v<Result>) {
      call();
      outcome.values.push_back({});
    } else {
      outcome.values.push_back({call()});
    }
  }
};

template <typename F, typename... Elements>
class RemoteMapCalls;

// What an executor of other processes does instead of LocalMapCalls and the functions of submit.h.
struct RemoteCalls {
  template <typename F, typename... Elements>
  using MapCalls = RemoteMapCalls<F, Elements...>;

  // What is kept of an argument until it is submitted.
  template <typename Given>
  using Kept = RemoteArgumentOf<Given>;

  template <typename Engine, typename F, typename... Args>
  static auto Submit(Engine& engine, const TaskOptions& options, F&& function, Args&&... args) {
    using Call = RemoteCall<std::decay_t<F>, RemoteArgumentOf<Args&&>...>;
    Call::Check();
    return SubmitAs<typename Call::Result, Call::kStop>(
        engine, options, [&](ipc::Message& message) {
          Call::Encode(message, function, std::forward<Args>(args)...);
        });
  }

  // What cannot be encoded is the failure of this task alone.
  template <typename R, bool kStop, typename Engine, typename Encode>
  static Future<R> SubmitAs(Engine& engine, const TaskOptions& options, Encode encode) {
    auto* const task = new RemoteTask<R>(engine.id(), engine.NewRecord(options.name), options,
                                         kStop ? StopToken::kTaken : StopToken::kIgnored);
    Future<R> future = FutureAccess::Make(CoreRef<Core<R>>(task));
    CoreRef<Core<R>> queued(task);
    try {
      encode(task->message);
      engine.CheckSendable(task->message);
    } catch (...) {
      const std::exception_ptr error = std::current_exception();
      engine.Refuse(*task, error);
      return future;
    }
    engine.Schedule(*task);
    queued.release();
    return future;
  }
};

// The tasks of a map() that run in other processes.
template <typename F, typename... Elements>
class RemoteMapCalls {
  using Call = RemoteCall<F, Elements...>;
  using Chunk = RemoteChunk<F, Elements...>;

 public:
  using Result = typename Call::Result;
  using Batch = typename Chunk::Batch;

  template <typename G>
  explicit RemoteMapCalls(std::in_place_t, G&& function) : function_(std::forward<G>(function)) {
    Call::Check();
  }

  template <typename Engine>
  Future<Result> SubmitOne(Engine& engine, Elements&... elements) const {
    return RemoteCalls::Submit(engine, TaskOptions{}, function_, std::move(elements)...);
  }
  template <typename Engine>
  Future<ChunkOutcome<Result>> SubmitChunk(Engine& engine, const Batch& batch) const {
    return RemoteCalls::SubmitAs<ChunkOutcome<Result>, Chunk::kStop>(
        engine, TaskOptions{},
        [&](ipc::Message& message) { Chunk::Encode(message, function_, batch); });
  }

  // What has begun is not worth a process.
  void Abandon() const noexcept {}

 private:
  F function_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_REMOTE_CALLS_H_
