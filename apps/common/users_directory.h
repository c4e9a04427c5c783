// Under `bazel run`, relative paths mean the folder in which the user typed the command.

#ifndef COHORT_APPS_COMMON_USERS_DIRECTORY_H_
#define COHORT_APPS_COMMON_USERS_DIRECTORY_H_

namespace cohort::apps {

// Goes there. Does nothing in a program that was started in any other way. Call early in main.
void EnterUsersDirectory();

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_USERS_DIRECTORY_H_
