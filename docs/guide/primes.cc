// [primes]
#include <iostream>
#include <ranges>

#include "futures/future.h"
#include "pools/thread_pool_executor.h"

bool is_prime(int n) {
  for (int d = 2; d <= n / d; ++d) {
    if (n % d == 0) return false;
  }
  return n > 1;
}

int main() {
  cohort::ThreadPoolExecutor pool;

  // One call, and its future.
  cohort::Future<bool> answer = pool.submit(is_prime, 2'147'483'647);
  std::cout << "2147483647 is " << (answer.result() ? "" : "not ") << "prime\n";

  // As many calls as needed: an endless input, 64 in flight, results in the order of the input.
  int n = 1'000'000;
  for (bool found : pool.map({.buffersize = 64}, is_prime, std::views::iota(n))) {
    if (found) break;
    ++n;
  }
  std::cout << n << " is the first prime from a million on\n";
}
// [/primes]
