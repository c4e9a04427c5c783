// Computes a sum in a pool's threads and says so.

#include <iostream>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "futures/future.h"
#include "pools/thread_pool_executor.h"

namespace {

int sum(const std::vector<int>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0);
}

}  // namespace

int main() {
  cohort::ThreadPoolExecutor pool(2);
  const cohort::Future<int> low = pool.submit(sum, std::vector{1, 2, 3});
  const cohort::Future<int> high = pool.submit(sum, std::vector{4, 5, 6});
  std::cout << absl::StrCat("1 + ... + 6 = ", low.result() + high.result()) << "\n";
}
