// Kills workers at random under load, and accounts for every task.
//
// COHORT_CHAOS_KILLS=10000 in the environment gives the long run.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "ipc/worker_entry.h"
#include "pools/internal/process_audit.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {

// The first argument of each task: its begin is noted as soon as the worker decodes it.
struct Stamp {
  uint64_t task = 0;
};

}  // namespace cohort

namespace cohort::ipc {

template <>
struct Codec<Stamp> {
  static void encode(Writer& writer, const Stamp& stamp) { writer.WriteRaw(stamp.task); }
  static Stamp decode(Reader& reader) {
    const Stamp stamp{reader.ReadRaw<uint64_t>()};
    if (worker_depth() > 0) BeginLog::Note(stamp.task);
    return stamp;
  }
};

}  // namespace cohort::ipc

namespace cohort {
namespace {

uint64_t Mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

std::string TextOf(uint64_t seed, std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; i += 64) text[i] = static_cast<char>(Mixed(seed + i));
  if (size != 0) text.back() = static_cast<char>(seed);
  return text;
}

uint64_t SumOf(const std::string& text) {
  uint64_t sum = text.size();
  for (std::size_t i = 0; i < text.size(); i += 64)
    sum = Mixed(sum + static_cast<uint8_t>(text[i]));
  return text.empty() ? sum : Mixed(sum + static_cast<uint8_t>(text.back()));
}

void Work(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// What tasks do. Each result is told by the seed.

uint64_t Tiny(Stamp, uint64_t seed) { return Mixed(seed); }
uint64_t Busy(Stamp, uint64_t seed) {
  Work(std::chrono::microseconds(seed % 2000));
  return Mixed(seed);
}
uint64_t TakeText(Stamp, const std::string& text) { return SumOf(text); }
std::string GiveText(Stamp, uint64_t seed, std::size_t size) { return TextOf(seed, size); }
uint64_t Crash(Stamp, uint64_t) {
  ::signal(SIGSEGV, SIG_DFL);
  raise(SIGSEGV);
  return 0;
}
uint64_t UntilStopped(std::stop_token token, Stamp, uint64_t seed) {
  while (!token.stop_requested()) usleep(100);
  return Mixed(seed);
}
uint64_t ForEver(Stamp, uint64_t) {
  while (true) pause();
}

int IntFromEnvironment(const char* name, int otherwise) {
  const char* const text = getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

bool IsChild(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t name_end = line.rfind(')');
  return name_end != line.npos && std::atoi(line.c_str() + name_end + 3) == getpid();
}

// Kills workers of the pool, each time after some tasks more have ended, now and then several at
// once.
class Killer {
 public:
  Killer(const ProcessPoolExecutor& pool, const std::atomic<uint64_t>& ended, int kills)
      : pool_(pool), ended_(ended), left_(kills), thread_([this] { Run(); }) {}

  bool is_done() const { return left_.load() <= 0; }
  void Join() { thread_.join(); }

  // After Join().
  const std::set<pid_t>& killed() const { return killed_; }

 private:
  void Run() {
    while (!is_done()) {
      const uint64_t wanted = ended_.load() + random_() % 12;
      while (ended_.load() < wanted) usleep(50);
      usleep(static_cast<useconds_t>(random_() % 1500));  // any moment of a task
      for (uint32_t count = random_() % 8 == 0 ? 3 : 1; count > 0; --count) KillOne();
    }
  }

  void KillOne() {
    const std::vector<pid_t> pids = pool_.worker_pids();
    if (pids.empty()) return;
    const pid_t pid = pids[random_() % pids.size()];
    if (!IsChild(pid)) return;  // reaped since
    killed_.insert(pid);
    const uint32_t dice = random_() % 10;
    if (dice == 0) {
      kill(pid, SIGSTOP);
      usleep(static_cast<useconds_t>(random_() % 2000));
    }
    kill(pid, dice == 1 && !kSanitized ? SIGSEGV : SIGKILL);
    --left_;
  }

  const ProcessPoolExecutor& pool_;
  const std::atomic<uint64_t>& ended_;
  std::atomic<int> left_;
  std::minstd_rand random_{17};
  std::set<pid_t> killed_;
  std::thread thread_;
};

enum class Kind { kTiny, kBusy, kTakeText, kTakeLarge, kGiveText, kCrash, kStoppable, kForEver };

enum class Outcome { kValue, kWrongValue, kDied, kTimeout, kCancelled, kOther };

struct Submitted {
  Kind kind;
  uint64_t seed;
  bool has_timeout;
  int max_retries;
  bool was_cancelled = false;      // cancel() was true
  bool was_asked_to_stop = false;  // request_stop() was true
  Outcome outcome = Outcome::kOther;
  pid_t died_in = 0;
  std::string error = {};
  std::atomic<int>* called_back;
};

// One task's future, of either kind of result.
struct Pending {
  uint64_t task;
  std::optional<Future<uint64_t>> number;
  std::optional<Future<std::string>> text;

  template <typename F>
  auto With(F f) const {
    return number ? f(*number) : f(*text);
  }
};

class Chaos {
 public:
  explicit Chaos(int kills) : kills_(kills) {}

  void Run() {
    ProcessPoolExecutor pool({.max_workers = 4, .grace = std::chrono::milliseconds(20)});
    Killer killer(pool, ended_, kills_);
    while (!killer.is_done()) {
      while (pending_.size() < kInFlight) SubmitOne(pool);
      Disturb();
      TakeFinished();
      watchdog_.Progress();
    }
    killer.Join();
    for (int round = 0; !pending_.empty() && round < kMostRounds; ++round) {
      for (const Pending& each : pending_) AskToEnd(each);
      TakeFinished();
      watchdog_.Progress();
    }
    for (const Pending& each : pending_) TellOfLost(pool, each);
    pool.shutdown();
    stats_ = pool.stats();
    killed_ = killer.killed();
  }

  void Check(const BeginLog& log) {
    const auto begins = log.Read();
    uint64_t deaths_without_note = 0;
    for (uint64_t task = 0; task < tasks_.size(); ++task) {
      const auto found = begins.find(task);
      static const std::vector<pid_t> none;
      CheckTask(task, found == begins.end() ? none : found->second, deaths_without_note);
      if (testing::Test::HasFailure()) {
        ADD_FAILURE() << "task " << task << " of " << tasks_.size();
        return;
      }
    }
    // A worker may die after it has begun a task and before it has noted that: a few microseconds.
    EXPECT_LE(deaths_without_note, 5 + Count(Outcome::kDied) / 10);
    CheckStats();
    Print(deaths_without_note);
  }

 private:
  static constexpr std::size_t kInFlight = 48;
  static constexpr int kMostRounds = 2000;  // at the end, of some milliseconds

  template <typename... Args>
  auto Tracked(Future<Args...> future, Submitted& submitted) {
    future.add_done_callback([this, count = submitted.called_back](const auto&) {
      count->fetch_add(1);
      ended_.fetch_add(1);
    });
    return future;
  }

  void TellOfLost(const ProcessPoolExecutor& pool, const Pending& pending) const {
    const Submitted& task = tasks_[pending.task];
    const bool is_running = pending.With([](const auto& future) { return future.running(); });
    const PoolStats stats = pool.stats();
    ADD_FAILURE() << "task " << pending.task << " of kind " << static_cast<int>(task.kind)
                  << " never ends; it is " << (is_running ? "" : "not ") << "running, was "
                  << (task.was_cancelled ? "" : "not ") << "cancelled, timeout " << task.has_timeout
                  << ", retries " << task.max_retries << "; the pool has " << stats.workers
                  << " workers, " << stats.queued << " tasks queued, " << stats.running
                  << " running";
  }

  void SubmitOne(ProcessPoolExecutor& pool) {
    const uint64_t task = tasks_.size();
    const Kind kind = RandomKind();
    callbacks_.push_back(std::make_unique<std::atomic<int>>(0));
    tasks_.push_back({.kind = kind,
                      .seed = random_(),
                      .has_timeout = kind == Kind::kForEver || random_() % 16 == 0,
                      .max_retries = random_() % 4 == 0 ? static_cast<int>(random_() % 3) : 0,
                      .called_back = callbacks_.back().get()});
    Submitted& made = tasks_.back();
    TaskOptions options{.name = "task " + std::to_string(task),
                        .priority = static_cast<int>(random_() % 3) - 1,
                        .max_retries = made.max_retries};
    if (made.has_timeout) options.timeout = std::chrono::milliseconds(1 + random_() % 20);
    Pending pending{task, std::nullopt, std::nullopt};
    const Stamp stamp{task};
    const uint64_t seed = made.seed;
    switch (kind) {
      case Kind::kTiny:
        pending.number = Tracked(pool.submit(options, Tiny, stamp, seed), made);
        break;
      case Kind::kBusy:
        pending.number = Tracked(pool.submit(options, Busy, stamp, seed), made);
        break;
      case Kind::kTakeText:
      case Kind::kTakeLarge:
        pending.number =
            Tracked(pool.submit(options, TakeText, stamp, TextOf(seed, Size(made))), made);
        break;
      case Kind::kGiveText:
        pending.text = Tracked(pool.submit(options, GiveText, stamp, seed, Size(made)), made);
        break;
      case Kind::kCrash:
        pending.number = Tracked(pool.submit(options, Crash, stamp, seed), made);
        break;
      case Kind::kStoppable:
        pending.number = Tracked(pool.submit(options, UntilStopped, stamp, seed), made);
        break;
      case Kind::kForEver:
        pending.number = Tracked(pool.submit(options, ForEver, stamp, seed), made);
        break;
    }
    pending_.push_back(std::move(pending));
  }

  Kind RandomKind() {
    const uint32_t dice = static_cast<uint32_t>(random_() % 100);
    if (dice < 45) return Kind::kTiny;
    if (dice < 65) return Kind::kBusy;
    if (dice < 75) return Kind::kTakeText;
    if (dice < 80) return Kind::kTakeLarge;
    if (dice < 94) return Kind::kGiveText;
    if (dice < 96) return Kind::kCrash;
    return dice < 98 ? Kind::kStoppable : Kind::kForEver;
  }

  // Around what goes through a ring as a whole, in one ring, and as a stream.
  static std::size_t Size(const Submitted& task) {
    switch (task.kind) {
      case Kind::kTakeText:
        return task.seed % (std::size_t{150} << 10);
      case Kind::kTakeLarge:
        return (std::size_t{1} << 20) + task.seed % (std::size_t{2} << 20);
      default:
        return task.seed % 3 == 0   ? task.seed % 100
               : task.seed % 3 == 1 ? task.seed % (std::size_t{300} << 10)
                                    : task.seed % (std::size_t{3} << 20);
    }
  }

  void Disturb() {
    if (random_() % 4 == 0) {
      const Pending& any = pending_[random_() % pending_.size()];
      const bool may_cancel = !tasks_[any.task].was_asked_to_stop;
      if (may_cancel && any.With([](const auto& future) { return future.cancel(); })) {
        tasks_[any.task].was_cancelled = true;
      }
    }
    if (random_() % 16 == 0) AskToEnd(pending_[random_() % pending_.size()]);
    for (const Pending& each : pending_) {
      if (tasks_[each.task].kind == Kind::kStoppable && random_() % 16 == 0) AskToEnd(each);
    }
  }

  void AskToEnd(const Pending& pending) {
    if (pending.With([](const auto& future) { return future.request_stop(); })) {
      tasks_[pending.task].was_asked_to_stop = true;
    }
  }

  // Waits a moment for one.
  void TakeFinished() {
    pending_[random_() % pending_.size()].With([](const auto& future) {
      try {
        (void)future.exception(std::chrono::milliseconds(2));
      } catch (const Error&) {
        // Not in time, or cancelled.
      }
    });
    std::erase_if(pending_, [this](const Pending& each) {
      const bool is_done = each.With([](const auto& future) { return future.done(); });
      if (is_done) Note(each);
      return is_done;
    });
  }

  void Note(const Pending& pending) {
    Submitted& task = tasks_[pending.task];
    try {
      const bool is_right = pending.number
                                ? pending.number->result() == ExpectedNumber(task)
                                : pending.text->result() == TextOf(task.seed, Size(task));
      task.outcome = is_right ? Outcome::kValue : Outcome::kWrongValue;
    } catch (const WorkerDied& death) {
      task.outcome = Outcome::kDied;
      task.died_in = death.pid();
      task.error = death.what();
      EXPECT_EQ(death.task(), "task " + std::to_string(pending.task));
    } catch (const TimeoutError&) {
      task.outcome = Outcome::kTimeout;
    } catch (const CancelledError&) {
      task.outcome = Outcome::kCancelled;
    } catch (const std::exception& error) {
      task.error = error.what();
    }
  }

  static uint64_t ExpectedNumber(const Submitted& task) {
    const bool is_text = task.kind == Kind::kTakeText || task.kind == Kind::kTakeLarge;
    return is_text ? SumOf(TextOf(task.seed, Size(task))) : Mixed(task.seed);
  }

  void CheckTask(uint64_t number, const std::vector<pid_t>& begins, uint64_t& deaths_without_note) {
    const Submitted& task = tasks_[number];
    EXPECT_TRUE(Eventually([&] { return task.called_back->load() == 1; }));
    EXPECT_EQ(task.called_back->load(), 1);
    // Begun once, and once more after each death that was no end.
    EXPECT_LE(begins.size(), 1u + static_cast<std::size_t>(task.max_retries));
    for (std::size_t i = 0; i + 1 < begins.size(); ++i) EXPECT_TRUE(HasDied(task, begins[i]));
    switch (task.outcome) {
      case Outcome::kValue:
        EXPECT_FALSE(task.was_cancelled);
        EXPECT_NE(task.kind, Kind::kCrash);
        EXPECT_GE(begins.size(), 1u);
        break;
      case Outcome::kDied:
        EXPECT_FALSE(task.was_cancelled);
        EXPECT_TRUE(task.kind == Kind::kCrash || killed_.count(task.died_in) == 1)
            << task.died_in << " was not killed: " << task.error;
        if (begins.empty() || begins.back() != task.died_in) ++deaths_without_note;
        break;
      case Outcome::kTimeout:
        EXPECT_TRUE(task.has_timeout);
        break;
      case Outcome::kCancelled:
        EXPECT_TRUE(task.was_cancelled || task.was_asked_to_stop);
        if (task.was_cancelled && !begins.empty()) {
          EXPECT_TRUE(HasDied(task, begins.back()));
        }
        break;
      default:
        ADD_FAILURE() << "wrong value, or " << task.error;
    }
  }

  bool HasDied(const Submitted& task, pid_t pid) const {
    return task.kind == Kind::kCrash || killed_.count(pid) == 1;
  }

  uint64_t Count(Outcome outcome) const {
    return static_cast<uint64_t>(
        std::count_if(tasks_.begin(), tasks_.end(),
                      [outcome](const Submitted& task) { return task.outcome == outcome; }));
  }

  void CheckStats() const {
    EXPECT_EQ(stats_.succeeded, Count(Outcome::kValue));
    EXPECT_EQ(stats_.failed, Count(Outcome::kDied) + Count(Outcome::kTimeout));
    EXPECT_EQ(stats_.cancelled, Count(Outcome::kCancelled));
    EXPECT_EQ(stats_.queued + stats_.running, 0u);
    EXPECT_EQ(stats_.workers, 0);
    EXPECT_GE(stats_.worker_deaths, Count(Outcome::kDied) + Count(Outcome::kTimeout));
  }

  void Print(uint64_t deaths_without_note) const {
    std::printf(
        "%d kills of %zu workers, %zu tasks: %llu values, %llu died (%llu before the note), "
        "%llu timed out, %llu cancelled; %llu workers died in a task\n",
        kills_, killed_.size(), tasks_.size(),
        static_cast<unsigned long long>(Count(Outcome::kValue)),
        static_cast<unsigned long long>(Count(Outcome::kDied)),
        static_cast<unsigned long long>(deaths_without_note),
        static_cast<unsigned long long>(Count(Outcome::kTimeout)),
        static_cast<unsigned long long>(Count(Outcome::kCancelled)),
        static_cast<unsigned long long>(stats_.worker_deaths));
  }

  const int kills_;
  Watchdog watchdog_{"chaos"};
  std::mt19937_64 random_{23};
  std::vector<Submitted> tasks_;
  std::vector<std::unique_ptr<std::atomic<int>>> callbacks_;
  std::vector<Pending> pending_;
  std::atomic<uint64_t> ended_{0};
  std::set<pid_t> killed_;
  PoolStats stats_;
};

TEST(ProcessPoolChaos, RandomKills) {
  ForbidCores();
  const ProcessAudit audit;
  {
    const BeginLog log;
    Chaos chaos(IntFromEnvironment("COHORT_CHAOS_KILLS", kSanitized ? 40 : 300));
    chaos.Run();
    chaos.Check(log);
  }
  audit.ExpectNothingLeft();
}

}  // namespace
}  // namespace cohort
