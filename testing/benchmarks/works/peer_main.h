// The program of a peer: does one work and prints what it measured as one line of JSON.
//
//   int main(int argc, char** argv) { return cohort::benchmarks::PeerMain<Peer>(argc, argv); }
//
//   peer --work=ping --threads=2 --count=1000
//   peer --list                                  the works that it can do, one a line

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PEER_MAIN_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PEER_MAIN_H_

#include <map>
#include <string>

#include "testing/benchmarks/works/fork_join.h"
#include "testing/benchmarks/works/idle.h"
#include "testing/benchmarks/works/many_futures.h"
#include "testing/benchmarks/works/map.h"
#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"
#include "testing/benchmarks/works/ping.h"
#include "testing/benchmarks/works/post.h"
#include "testing/benchmarks/works/producers.h"
#include "testing/benchmarks/works/submit_get.h"
#include "testing/benchmarks/works/wakeups.h"

namespace cohort::benchmarks {

using Works = std::map<std::string, Figures (*)(const Settings&)>;

// What a peer can do, by its members.
template <typename Peer>
Works WorksOf() {
  Works works;
  if constexpr (Submits<Peer>) {
    works["submit_get"] = SubmitGet<Peer>;
    works["idle"] = Idle<Peer>;
    works["pieces"] = Pieces<Peer>;
  }
  if constexpr (LeavesTasksToWorkers<Peer>) {
    works["ping"] = Ping<Peer>;
    works["wakeups"] = Wakeups<Peer>;
  }
  if constexpr (SubmitsFromAnywhere<Peer>) works["producers4"] = Producers<Peer>;
  if constexpr (Posts<Peer>) works["post"] = Post<Peer>;
  if constexpr (Forks<Peer>) works["fork_join"] = ForkJoin<Peer>;
  if constexpr (Maps<Peer>) works["map"] = Map<Peer>;
  if constexpr (GivesAsCompleted<Peer>) works["as_completed"] = AsCompleted<Peer>;
  if constexpr (WaitsForMany<Peer>) works["wait"] = Wait<Peer>;
  return works;
}

// Returns the exit status.
int RunPeer(const std::string& name, const std::string& version, const Works& works, int argc,
            char** argv);

template <typename Peer>
int PeerMain(int argc, char** argv, Works more = {}) {
  more.merge(WorksOf<Peer>());
  return RunPeer(Peer::kName, Peer::Version(), more, argc, argv);
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PEER_MAIN_H_
