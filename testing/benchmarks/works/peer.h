// What the works ask of a peer: a thread pool behind a small class of its own (peers/*.cc).
//
//   class Peer {
//     static constexpr const char* kName;
//     static std::string Version();
//     explicit Peer(int threads);
//     auto Submit(F f);                       // a future
//     static auto Get(Future&& future);       // its result; blocks
//   };
//
// All else is optional: a work that a peer cannot do is left out for it. The works are templates
// over the class, so that nothing stands between them and the peer's own calls.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PEER_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PEER_H_

#include <concepts>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace cohort::benchmarks {

using Number = std::int64_t (*)();
using Action = void (*)();
using Function = double (*)(double);

template <typename Peer>
concept Submits = requires(Peer& peer, Number task) {
  { Peer::Get(peer.Submit(task)) } -> std::same_as<std::int64_t>;
};

template <typename Peer>
using FutureOf = decltype(std::declval<Peer&>().Submit(std::declval<Number>()));

// Submits from any thread, several at a time; all but what is bound to the thread that made it.
template <typename Peer>
concept SubmitsFromAnywhere = Submits<Peer> && !requires {
  Peer::kBoundToOneThread;
};

// Waits without running the tasks itself. Where it does run them, a round trip need not leave the
// thread, and is no round trip; nor is there a wake-up to time.
template <typename Peer>
concept LeavesTasksToWorkers = Submits<Peer> && !requires {
  Peer::kWaitingRunsTasks;
};

// Runs tasks without a future. Drain() waits for all of them.
template <typename Peer>
concept Posts = requires(Peer& peer, Action task) {
  peer.Post(task);
  peer.Drain();
};

// Fork(f, g) runs f as a task of its own and g here, and gives both results; it may be called
// within a task. Inside(f) runs f as a task and gives its result.
template <typename Peer>
concept Forks = requires(Peer& peer, Number task) {
  { peer.Fork(task, task) } -> std::same_as<std::pair<std::int64_t, std::int64_t>>;
  { peer.Inside(task) } -> std::same_as<std::int64_t>;
};

// The sum of f(x) for all x, in pieces of the peer's own choice.
template <typename Peer>
concept Maps = requires(Peer& peer, Function f, const std::vector<double>& inputs) {
  { peer.SumOf(f, inputs) } -> std::same_as<double>;
};

// Waits for many futures in one call.
template <typename Peer>
concept WaitsForMany = requires(std::vector<FutureOf<Peer>>& futures) {
  Peer::WaitForAll(futures);
};

// The sum of the results, taken as they come.
template <typename Peer>
concept GivesAsCompleted = WaitsForMany<Peer> && requires(std::vector<FutureOf<Peer>>& futures) {
  { Peer::SumAsCompleted(futures) } -> std::same_as<std::int64_t>;
};

// How many tasks may be outstanding: without a limit, unless the peer says so.
template <typename Peer>
constexpr std::int64_t MostOutstanding() {
  if constexpr (requires { Peer::kMostOutstanding; }) {
    return Peer::kMostOutstanding;
  } else {
    return std::numeric_limits<std::int64_t>::max();
  }
}

// Calls body(peer); within the peer's own region, for those that only exist in one.
template <typename Peer, typename Body>
void WithPeer(int threads, Body body) {
  if constexpr (requires { Peer::Enter(threads, body); }) {
    Peer::Enter(threads, body);
  } else {
    Peer peer(threads);
    body(peer);
  }
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PEER_H_
