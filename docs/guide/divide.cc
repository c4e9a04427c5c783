// [divide]
#include <string.h>

#include <iostream>

#include "futures/errors.h"
#include "pools/process_pool_executor.h"

int divide(int a, int b) { return a / b; }  // by 0: the processor raises a signal

int main() {
  cohort::ProcessPoolExecutor pool;
  for (int b : {2, 0, 5}) {
    std::cout << "10 / " << b << ": ";
    try {
      std::cout << pool.submit(divide, 10, b).result() << "\n";
    } catch (const cohort::WorkerDied& death) {
      std::cout << strsignal(death.signal()) << "\n";
    }
  }
}
// [/divide]
