// What the demo runs.

#ifndef COHORT_APPS_DEMO_STEPS_H_
#define COHORT_APPS_DEMO_STEPS_H_

#include <string>
#include <vector>

#include "apps/demo/samples.h"
#include "apps/demo/tool.h"

namespace cohort::demo {

struct Step {
  std::string title;    // what it is for
  std::string what;     // for the table: how much work
  std::string pool;     // and on what it runs
  ToolCall call;        // on all workers
  ToolCall serial;      // the same with one worker
  std::string to_show;  // a file of the result whose beginning is shown; empty: none
};

struct Plan {
  SampleSizes samples;
  std::string primes_up_to;  // "2e10"
  int requests;
  int delay;        // of each answer, in milliseconds
  int concurrency;  // of requests
  int processors;
};

// A whole run, and one that is over in a few seconds.
Plan FullPlan(int processors);
Plan SmallPlan(int processors);

// `api`: where the API is, "http://127.0.0.1:12345".
std::vector<Step> StepsOf(const Plan& plan, const std::string& api);

}  // namespace cohort::demo

#endif  // COHORT_APPS_DEMO_STEPS_H_
