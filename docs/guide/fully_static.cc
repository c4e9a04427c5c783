// [fully_static]
#include <iostream>

#include "futures/future.h"
#include "ipc/worker_entry.h"
#include "pools/process_pool_executor.h"

int square(int x) { return x * x; }

int main() {
  cohort::ipc::serve_if_worker();  // the first thing that main() does

  cohort::ProcessPoolExecutor pool;
  std::cout << pool.submit(square, 12).result() << "\n";
}
// [/fully_static]
