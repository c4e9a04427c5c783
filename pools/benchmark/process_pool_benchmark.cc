// What a process pool costs, and what its bare parts cost. The counter `median` is in microseconds.
//
//   ./bazelw run //pools/benchmark:process_pool_benchmark
//
// `//testing/benchmarks:compare` measures the whole of it beside CPython.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "ipc/internal/ring.h"
#include "ipc/shared_buffer.h"
#include "ipc/shared_memory.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

int Increment(int n) { return n + 1; }
pid_t Pid() { return getpid(); }
std::size_t LengthOf(const std::string& text) { return text.size(); }
std::string Text(std::size_t size) { return std::string(size, 'x'); }

// Times each round by itself, so that the median can be told.
template <typename Prepare, typename Round>
void TimeRounds(benchmark::State& state, Prepare prepare, Round round) {
  std::vector<double> seconds;
  for (auto _ : state) {
    prepare();
    const Clock::time_point begin = Clock::now();
    round();
    seconds.push_back(Seconds(Clock::now() - begin).count());
    state.SetIterationTime(seconds.back());
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  state.counters["median"] = *middle * 1e6;
}

void Nothing() {}
void FallAsleep() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

// A byte there and back between two processes, over two rings, each end asleep in between.
void BareRings(benchmark::State& state) {
  using ipc::internal::RingIndex;
  constexpr std::size_t kRing = 1 << 16;
  struct Block {
    RingIndex ends[4];
  };
  const auto there = ipc::SharedMemory::Create("there", ipc::page_size() + kRing);
  const auto back = ipc::SharedMemory::Create("back", ipc::page_size() + kRing);
  const auto there_mapping = there.MapRing(ipc::page_size(), ipc::MemoryAccess::kReadWrite);
  const auto back_mapping = back.MapRing(ipc::page_size(), ipc::MemoryAccess::kReadWrite);
  auto& block = *::new (there_mapping.data()) Block;
  ipc::internal::RingWriter out(there_mapping.data() + ipc::page_size(), kRing, block.ends[0],
                                block.ends[1]);
  ipc::internal::RingReader echo_in(there_mapping.data() + ipc::page_size(), kRing, block.ends[1],
                                    block.ends[0]);
  ipc::internal::RingWriter echo_out(back_mapping.data() + ipc::page_size(), kRing, block.ends[2],
                                     block.ends[3]);
  ipc::internal::RingReader in(back_mapping.data() + ipc::page_size(), kRing, block.ends[3],
                               block.ends[2]);
  const auto send = [](ipc::internal::RingWriter& writer) {
    writer.AwaitRoom(8);
    writer.Put("12345678", 8);
    writer.Publish();
    writer.Wake();
  };
  const auto receive = [](ipc::internal::RingReader& reader) {
    while (reader.PeekAnew().empty()) reader.Await(Deadline::never());
    reader.Skip(8);
    reader.Release();
  };
  const pid_t echo = fork();
  if (echo == 0) {
    for (;;) {
      receive(echo_in);
      send(echo_out);
    }
  }
  TimeRounds(state, FallAsleep, [&] {
    send(out);
    receive(in);
  });
  kill(echo, SIGKILL);
  waitpid(echo, nullptr, 0);
}
BENCHMARK(BareRings)->Iterations(500)->UseManualTime();

// submit(f).result(), back to back.
void RoundTrip(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  pool.submit(Increment, 0).result();
  TimeRounds(state, Nothing, [&] { pool.submit(Increment, 1).result(); });
}
BENCHMARK(RoundTrip)->Iterations(5000)->UseManualTime();

// The same after a pause in which all have gone to sleep.
void RoundTripFromIdle(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  pool.submit(Increment, 0).result();
  TimeRounds(state, FallAsleep, [&] { pool.submit(Increment, 1).result(); });
}
BENCHMARK(RoundTripFromIdle)->Iterations(500)->UseManualTime();

// 20,000 tasks by map(), in chunks of the given size; 0: chosen by the pool.
void TinyTasks(benchmark::State& state) {
  ProcessPoolExecutor pool(2);
  const std::vector<int> inputs(20'000, 1);
  const MapOptions options{.chunksize = static_cast<std::size_t>(state.range(0))};
  for (const int n : pool.map(options, Increment, inputs)) benchmark::DoNotOptimize(n);
  TimeRounds(state, Nothing, [&] {
    for (const int n : pool.map(options, Increment, inputs)) benchmark::DoNotOptimize(n);
  });
}
BENCHMARK(TinyTasks)->Arg(1)->Arg(64)->Arg(0)->Iterations(15)->UseManualTime();

// A string of so many KiB that is given away.
void LargeArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  std::string text;
  pool.submit(LengthOf, std::string(size, 'x')).result();
  TimeRounds(
      state, [&] { text = std::string(size, 'x'); },
      [&] { pool.submit(LengthOf, std::move(text)).result(); });
}
BENCHMARK(LargeArgument)->Arg(64)->Arg(1024)->Arg(65536)->Iterations(15)->UseManualTime();

// The same, kept by the caller: copied on the way into the message.
void LargeCopiedArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const std::string text(static_cast<std::size_t>(state.range(0)) << 10, 'x');
  pool.submit(LengthOf, text).result();
  TimeRounds(state, Nothing, [&] { pool.submit(LengthOf, text).result(); });
}
BENCHMARK(LargeCopiedArgument)->Arg(1024)->Arg(65536)->Iterations(15)->UseManualTime();

void LargeResult(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  pool.submit(Text, size).result();
  TimeRounds(state, Nothing, [&] { pool.submit(Text, size).result(); });
}
BENCHMARK(LargeResult)->Arg(1024)->Arg(65536)->Iterations(15)->UseManualTime();

// The same sizes in memory that is shared: the way there of a buffer that is full.
std::byte FirstAndLast(const SharedBuffer& buffer) {
  return buffer.data()[0] ^ buffer.data()[buffer.size() - 1];
}
uint64_t SumOf(const SharedBuffer& buffer) {
  uint64_t sum = 0;
  for (const uint64_t word : buffer.as<uint64_t>()) sum += word;
  return sum;
}
SharedBuffer Filled(std::size_t size) {
  SharedBuffer buffer(size);
  std::memset(buffer.data(), 'x', size);
  return buffer;
}

void SharedArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(static_cast<std::size_t>(state.range(0)) << 10);
  pool.submit(FirstAndLast, buffer).result();
  TimeRounds(state, Nothing, [&] { pool.submit(FirstAndLast, buffer).result(); });
}
BENCHMARK(SharedArgument)->Arg(65536)->Iterations(500)->UseManualTime();

// Each time a new buffer, filled here and read there. Recycled pages, where there are some.
void SharedArgumentFilled(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  for (int i = 0; i < 3; ++i) pool.submit(SumOf, Filled(size)).result();
  TimeRounds(state, Nothing, [&] { pool.submit(SumOf, Filled(size)).result(); });
}
BENCHMARK(SharedArgumentFilled)->Arg(65536)->Iterations(15)->UseManualTime();

// The same without recycling: what new memory costs.
void SharedArgumentFresh(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  SharedBuffer::release_idle();
  SharedBuffer::set_idle_limit(0);
  TimeRounds(state, Nothing, [&] { pool.submit(SumOf, Filled(size)).result(); });
  SharedBuffer::set_idle_limit(std::size_t{256} << 20);
}
BENCHMARK(SharedArgumentFresh)->Arg(65536)->Iterations(7)->UseManualTime();

// From no pool to the first result.
void WorkerReady(benchmark::State& state) {
  std::vector<double> seconds;
  TimeRounds(state, Nothing, [&] {
    ProcessPoolExecutor pool(1);
    pool.submit(Increment, 1).result();
    pool.kill_workers();  // its end is not what is measured
  });
}
BENCHMARK(WorkerReady)->Iterations(50)->UseManualTime();

// From the kill of the only worker to the next task done.
void Recovery(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  pid_t pid = 0;
  TimeRounds(
      state, [&] { pid = pool.submit(Pid).result(); },
      [&] {
        kill(pid, SIGKILL);
        pool.submit({.max_retries = 3}, Increment, 1).result();
      });
}
BENCHMARK(Recovery)->Iterations(50)->UseManualTime();

}  // namespace
}  // namespace cohort
