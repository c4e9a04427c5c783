// Values that fail on their way: at each of the four places where one is encoded or decoded, by an
// exception, by the end of the process, and by a crash.

#include <signal.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {

enum class Place { kNowhere, kEncode, kDecode };
enum class Mishap { kThrow, kExit, kCrash };

// Fails where and how it is told to. What surrounds the place is `ballast` bytes long.
struct Faulty {
  Place place = Place::kNowhere;
  Mishap mishap = Mishap::kThrow;
  std::string ballast = {};

  void MaybeFailAt(Place here) const {
    if (here != place) return;
    switch (mishap) {
      case Mishap::kThrow:
        throw std::domain_error(here == Place::kEncode ? "encoding failed" : "decoding failed");
      case Mishap::kExit:
        ExitWith(5);
        return;
      case Mishap::kCrash:
        Crash(SIGSEGV);
    }
  }
};

template <>
struct ipc::Codec<Faulty> {
  static void encode(Writer& writer, const Faulty& value) {
    writer.WriteRaw(value.place);
    writer.WriteRaw(value.mishap);
    ipc::encode(writer, value.ballast);
    value.MaybeFailAt(Place::kEncode);
    ipc::encode(writer, value.ballast);
  }
  static Faulty decode(Reader& reader) {
    Faulty value;
    value.place = reader.ReadRaw<Place>();
    value.mishap = reader.ReadRaw<Mishap>();
    value.ballast = ipc::decode<std::string>(reader);
    value.MaybeFailAt(Place::kDecode);
    ipc::decode<std::string>(reader);
    return value;
  }
};

// Reads less than was written.
struct Short {
  int value = 0;
};
template <>
struct ipc::Codec<Short> {
  static void encode(Writer& writer, const Short& value) {
    writer.WriteRaw(value.value);
    writer.WriteRaw(value.value);
  }
  static Short decode(Reader& reader) { return {reader.ReadRaw<int>()}; }
};

// Reads more than was written.
struct Long {
  int value = 0;
};
template <>
struct ipc::Codec<Long> {
  static void encode(Writer& writer, const Long& value) { writer.WriteRaw(value.value); }
  static Long decode(Reader& reader) {
    reader.ReadRaw<int>();
    return {reader.ReadRaw<int>()};
  }
};

namespace {

using testing::HasSubstr;

int Take(const Faulty& /*argument*/) { return 1; }
Faulty Make(Place place, Mishap mishap, std::size_t ballast) {
  return {place, mishap, std::string(ballast, 'x')};
}

// Within a record, as a stream, and longer than a ring.
class ProcessPoolCodec : public testing::TestWithParam<std::size_t> {
 protected:
  std::string Ballast() const { return std::string(GetParam(), 'x'); }

  // Whatever has happened, the pool goes on.
  void ExpectThatThePoolLives() {
    EXPECT_EQ(pool_.submit(Square, 3).result(), 9);
    EXPECT_EQ(pool_.submit(Take, Faulty{.ballast = Ballast()}).result(), 1);
    EXPECT_EQ(pool_.submit(Make, Place::kNowhere, Mishap::kThrow, GetParam()).result().ballast,
              Ballast());
  }

  ProcessPoolExecutor pool_{1};
};

INSTANTIATE_TEST_SUITE_P(OfSize, ProcessPoolCodec,
                         testing::Values(0, std::size_t{150} << 10, std::size_t{3} << 20));

TEST_P(ProcessPoolCodec, AnArgumentThatThrowsAsItIsEncoded) {
  const auto failed = pool_.submit(Take, Faulty{Place::kEncode, Mishap::kThrow, Ballast()});
  EXPECT_EQ(MessageOf(failed), "encoding failed");
  ExpectThatThePoolLives();
}

TEST_P(ProcessPoolCodec, AnArgumentThatThrowsAsItIsDecoded) {
  const auto failed = pool_.submit(Take, Faulty{Place::kDecode, Mishap::kThrow, Ballast()});
  EXPECT_EQ(MessageOf(failed), "decoding failed");
  ExpectThatThePoolLives();
  EXPECT_EQ(pool_.stats().worker_deaths, 0u);
}

TEST_P(ProcessPoolCodec, AnArgumentThatEndsTheWorkerAsItIsDecoded) {
  const auto failed =
      pool_.submit({.name = "task"}, Take, Faulty{Place::kDecode, Mishap::kExit, Ballast()});
  try {
    failed.result();
    ADD_FAILURE();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.exit_status(), 5);
    EXPECT_EQ(e.task(), "task");
  }
  ExpectThatThePoolLives();
}

TEST_P(ProcessPoolCodec, AnArgumentThatCrashesTheWorkerAsItIsDecoded) {
  const auto failed = pool_.submit(Take, Faulty{Place::kDecode, Mishap::kCrash, Ballast()});
  try {
    failed.result();
    ADD_FAILURE();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.signal(), SIGSEGV);
  }
  ExpectThatThePoolLives();
}

TEST_P(ProcessPoolCodec, AResultThatThrowsAsItIsEncoded) {
  const auto failed = pool_.submit(Make, Place::kEncode, Mishap::kThrow, GetParam());
  EXPECT_EQ(MessageOf(failed), "encoding failed");
  ExpectThatThePoolLives();
  EXPECT_EQ(pool_.stats().worker_deaths, 0u);
}

TEST_P(ProcessPoolCodec, AResultThatEndsTheWorkerAsItIsEncoded) {
  for (const Mishap mishap : {Mishap::kExit, Mishap::kCrash}) {
    const auto failed = pool_.submit(Make, Place::kEncode, mishap, GetParam());
    EXPECT_THROW(failed.result(), WorkerDied);
    ExpectThatThePoolLives();
  }
}

TEST_P(ProcessPoolCodec, AResultThatThrowsAsItIsDecoded) {
  const auto failed = pool_.submit(Make, Place::kDecode, Mishap::kThrow, GetParam());
  const auto next = pool_.submit(Square, 4);
  EXPECT_EQ(MessageOf(failed), "decoding failed");
  EXPECT_EQ(next.result(), 16);
  ExpectThatThePoolLives();
  EXPECT_EQ(pool_.stats().worker_deaths, 0u);
}

TEST_P(ProcessPoolCodec, OneOfManyIsOneOfMany) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 12; ++i) {
    const Place place = i % 4 == 1 ? Place::kEncode : i % 4 == 2 ? Place::kDecode : Place::kNowhere;
    futures.push_back(
        pool_.submit(Take, Faulty{place, i % 8 == 6 ? Mishap::kExit : Mishap::kThrow, Ballast()}));
  }
  for (int i = 0; i < 12; ++i) {
    if (i % 4 == 1) {
      EXPECT_EQ(MessageOf(futures[i]), "encoding failed");
    } else if (i % 8 == 6) {
      EXPECT_THROW(futures[i].result(), WorkerDied);
    } else if (i % 4 == 2) {
      EXPECT_EQ(MessageOf(futures[i]), "decoding failed");
    } else {
      EXPECT_EQ(futures[i].result(), 1);
    }
  }
}

TEST(ProcessPoolCodecMismatch, WhatIsNotReadIsAnError) {
  ProcessPoolExecutor pool(1);
  EXPECT_THROW(pool.submit([](Short s) { return s.value; }, Short{1}).result(), ipc::CodecError);
  EXPECT_THROW(pool.submit([] { return Short{1}; }).result(), ipc::CodecError);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolCodecMismatch, WhatIsNotThereIsAnError) {
  ProcessPoolExecutor pool(1);
  EXPECT_THROW(pool.submit([](Long l) { return l.value; }, Long{1}).result(), ipc::CodecError);
  EXPECT_THROW(pool.submit([] { return Long{1}; }).result(), ipc::CodecError);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolCodecMismatch, TheElementsOfAMap) {
  ProcessPoolExecutor pool(1);
  std::vector<Faulty> inputs(4);
  inputs[1] = {Place::kEncode, Mishap::kThrow};
  inputs[2] = {Place::kDecode, Mishap::kThrow};
  auto results = pool.map(Take, inputs);
  EXPECT_EQ(results.next(), 1);
  EXPECT_THROW(results.next(), std::domain_error);
  EXPECT_THROW(results.next(), std::domain_error);
  EXPECT_EQ(results.next(), 1);
}

// Decoding in this process runs code of users: it must not stop other tasks.
struct SlowToDecode {
  int value = 0;
  static inline Gate* gate = nullptr;
};

}  // namespace

template <>
struct ipc::Codec<SlowToDecode> {
  static void encode(Writer& writer, const SlowToDecode& value) { writer.WriteRaw(value.value); }
  static SlowToDecode decode(Reader& reader) {
    if (SlowToDecode::gate != nullptr) SlowToDecode::gate->Pass();
    return {reader.ReadRaw<int>()};
  }
};

namespace {

TEST(ProcessPoolCodecUserCode, ASlowDecoderHoldsUpNoOtherTask) {
  Gate gate;
  SlowToDecode::gate = &gate;
  ProcessPoolExecutor pool(1);
  const auto slow = pool.submit([] { return SlowToDecode{7}; });
  gate.AwaitArrivals(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.submit(Square, i).result(), i * i);
  EXPECT_FALSE(slow.done());
  gate.Open();
  EXPECT_EQ(slow.result().value, 7);
  pool.shutdown();
  SlowToDecode::gate = nullptr;
}

}  // namespace
}  // namespace cohort
