// How a program becomes a worker process when it is started as one.
//
// A worker is the same program, started again. No call in the program's main() is needed: this
// library stands between the C library's start-up code and main(). After all static objects have
// been made, a process that was started as a worker serves its parent and never enters main().
//
// That cannot work where the C library itself is linked statically (-static), or where Cohort came
// in by dlopen(). There, main() begins with
//
//   int main(int argc, char** argv) {
//     cohort::ipc::serve_if_worker();
//
// Static objects of the program are made in workers too.

#ifndef COHORT_IPC_WORKER_ENTRY_H_
#define COHORT_IPC_WORKER_ENTRY_H_

namespace cohort::ipc {

// Does not return in a worker process; does nothing in any other. May be called always.
void serve_if_worker();

// Throws Error where a worker could not serve: in a program that misses the call above, in the
// static objects of a worker, and more than 8 workers deep.
void check_that_workers_can_start();

// How many workers stand between this process and one that is none.
int worker_depth() noexcept;

}  // namespace cohort::ipc

#endif  // COHORT_IPC_WORKER_ENTRY_H_
