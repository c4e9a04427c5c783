// What it costs to put values into bytes and to take them out again.
//
//   ./bazelw run //ipc:codec_benchmark

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "ipc/codec.h"
#include "ipc/exception.h"
#include "ipc/message.h"

namespace cohort::ipc {
namespace {

struct Person {
  std::string name;
  int age = 0;
  std::vector<std::string> tags;
  std::optional<double> height;
};

template <typename T>
T Sample();

template <>
std::tuple<int, int> Sample() {
  return {1, 2};
}
template <>
std::string Sample() {
  return "a text of about thirty letters";
}
template <>
Person Sample() {
  return {"Ada Lovelace", 36, {"mathematics", "poetry"}, 1.65};
}
template <>
std::vector<std::string> Sample() {
  return std::vector<std::string>(1000, "a word");
}
template <>
std::vector<std::pair<int, int>> Sample() {
  return std::vector<std::pair<int, int>>(1000, {1, 2});
}
template <>
std::map<int, int> Sample() {
  std::map<int, int> map;
  for (int i = 0; i < 1000; ++i) map[i] = i;
  return map;
}

std::vector<std::byte> BytesOf(const Message& message) {
  std::vector<std::byte> bytes(message.size());
  message.CopyTo(bytes.data());
  return bytes;
}

template <typename T>
void BM_Encode(benchmark::State& state) {
  const T value = Sample<T>();
  Message message;
  for (auto _ : state) {
    message.Clear();
    Writer writer(message);
    encode(writer, value);
    benchmark::DoNotOptimize(message.size());
  }
}

// Into a new message each time, as for a task.
template <typename T>
void BM_EncodeNew(benchmark::State& state) {
  const T value = Sample<T>();
  for (auto _ : state) {
    Message message;
    Writer writer(message);
    encode(writer, value);
    benchmark::DoNotOptimize(message.size());
  }
}

template <typename T>
void BM_Decode(benchmark::State& state) {
  Message message;
  Writer writer(message);
  encode(writer, Sample<T>());
  const auto bytes = BytesOf(message);
  for (auto _ : state) {
    Reader reader(bytes);
    benchmark::DoNotOptimize(decode<T>(reader));
  }
}

BENCHMARK_TEMPLATE(BM_EncodeNew, std::tuple<int, int>);
BENCHMARK_TEMPLATE(BM_Encode, std::tuple<int, int>);
BENCHMARK_TEMPLATE(BM_Decode, std::tuple<int, int>);
BENCHMARK_TEMPLATE(BM_Encode, std::string);
BENCHMARK_TEMPLATE(BM_Decode, std::string);
BENCHMARK_TEMPLATE(BM_Encode, Person);
BENCHMARK_TEMPLATE(BM_Decode, Person);
BENCHMARK_TEMPLATE(BM_Encode, std::vector<std::string>);
BENCHMARK_TEMPLATE(BM_Decode, std::vector<std::string>);
BENCHMARK_TEMPLATE(BM_Encode, std::vector<std::pair<int, int>>);
BENCHMARK_TEMPLATE(BM_Decode, std::vector<std::pair<int, int>>);
BENCHMARK_TEMPLATE(BM_Encode, std::map<int, int>);
BENCHMARK_TEMPLATE(BM_Decode, std::map<int, int>);

// Blocks of bytes, by size.

void BM_EncodeBlock(benchmark::State& state, Borrow borrow) {
  const std::vector<double> value(static_cast<std::size_t>(state.range(0)) / sizeof(double));
  for (auto _ : state) {
    Message message;
    Writer writer(message, borrow);
    encode(writer, value);
    benchmark::DoNotOptimize(message.size());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(BM_EncodeBlock, copied, Borrow::kNo)->Range(1 << 10, 64 << 20);
BENCHMARK_CAPTURE(BM_EncodeBlock, borrowed, Borrow::kAllowed)->Range(1 << 20, 64 << 20);

void BM_DecodeBlock(benchmark::State& state) {
  const std::vector<double> value(static_cast<std::size_t>(state.range(0)) / sizeof(double));
  Message message;
  Writer writer(message);
  encode(writer, value);
  const auto bytes = BytesOf(message);
  for (auto _ : state) {
    Reader reader(bytes);
    benchmark::DoNotOptimize(decode<std::vector<double>>(reader));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_DecodeBlock)->Range(1 << 10, 64 << 20);

// The same bytes in pieces of 256 KiB, as from a ring.
class Pieces : public Source {
 public:
  explicit Pieces(std::span<const std::byte> bytes) : left_(bytes) {}
  std::span<const std::byte> Next() override {
    const std::size_t size = std::min(left_.size(), std::size_t{256} << 10);
    const auto piece = left_.first(size);
    left_ = left_.subspan(size);
    return piece;
  }

 private:
  std::span<const std::byte> left_;
};

void BM_DecodeStream(benchmark::State& state, Trust trust) {
  const std::vector<double> value(static_cast<std::size_t>(state.range(0)) / sizeof(double));
  Message message;
  Writer writer(message);
  encode(writer, value);
  const auto bytes = BytesOf(message);
  for (auto _ : state) {
    Pieces pieces(bytes);
    Reader reader(pieces, bytes.size(), {}, trust);
    benchmark::DoNotOptimize(decode<std::vector<double>>(reader));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(BM_DecodeStream, trusted, Trust::kSender)->Range(1 << 20, 64 << 20);
BENCHMARK_CAPTURE(BM_DecodeStream, untrusted, Trust::kNone)->Range(1 << 20, 64 << 20);

void BM_Exception(benchmark::State& state) {
  const auto error = std::make_exception_ptr(std::runtime_error("what went wrong"));
  for (auto _ : state) {
    Message message;
    Writer writer(message);
    encode_exception(writer, error);
    const auto bytes = BytesOf(message);
    Reader reader(bytes);
    benchmark::DoNotOptimize(decode_exception(reader));
  }
}
BENCHMARK(BM_Exception);

}  // namespace
}  // namespace cohort::ipc

BENCHMARK_MAIN();
