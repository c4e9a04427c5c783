// A future that depends on many: the core behind when_all and when_any.
//
// Each input gets one node as a continuation; the first arrival that decides the outcome stores it.
// Whatever nodes are still with their futures then are unlinked, so that a future which never ends
// does not collect the remains of every when_any it took part in; and the inputs are let go of.
// That clean-up needs both the outcome and the end of the registration, which may run on two
// threads: the second of the two does it (`parts_`).

#ifndef COHORT_FUTURES_INTERNAL_GATHER_H_
#define COHORT_FUTURES_INTERNAL_GATHER_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "futures/internal/core.h"

namespace cohort::internal {

template <typename R>
class GatherCore : public Core<R> {
 public:
  // Begins with the handle's reference and that of the thread that calls Connect().
  explicit GatherCore(std::vector<CoreRef<CoreBase>> inputs)
      : Core<R>(2), inputs_(std::move(inputs)), nodes_(new Node[inputs_.size()]) {}

  // Registers with the inputs. To be called once, right after construction; ends the caller's
  // reference.
  void Connect() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      nodes_[i].gather = this;
      this->AddReference();  // for the node
      nodes_[i].registered = inputs_[i]->Add(nodes_[i]);
      if (!nodes_[i].registered) FinishLoose(nodes_[i].Run(*inputs_[i]));
    }
    if (inputs_.empty()) {
      this->AddReference();
      FinishLoose(Decide(0));
    }
    CleanUpAsSecond();
    this->Release();
  }

 protected:
  CoreBase& input(std::size_t index) { return *inputs_[index]; }
  std::size_t input_count() const { return inputs_.size(); }

  // Whether the outcome is known now that this input is done. Called from many threads.
  virtual bool Decides(CoreBase& done) noexcept = 0;

  // Stores the outcome that this input decided, on one thread; returns the state to publish.
  virtual CoreState Conclude(std::size_t index) noexcept = 0;

 private:
  struct Node final : Continuation {
    CoreBase* Run(CoreBase& done) noexcept override {
      if (gather->Decides(done)) return gather->Decide(gather->IndexOf(*this));
      gather->Release();
      return nullptr;
    }

    GatherCore* gather = nullptr;
    bool registered = false;
  };

  std::size_t IndexOf(const Node& node) const noexcept {
    return static_cast<std::size_t>(&node - nodes_.get());
  }

  // Ends the node's reference or hands it on.
  CoreBase* Decide(std::size_t index) noexcept {
    CoreRef<CoreBase> self(this);
    if (!this->TryClaim()) return nullptr;
    const bool owed = this->Publish(Conclude(index));
    CleanUpAsSecond();
    return owed ? self.release() : nullptr;
  }

  static void FinishLoose(CoreBase* finished) noexcept {
    if (finished == nullptr) return;
    finished->RunContinuations();
    finished->Release();
  }

  void OnCancelled() noexcept override { CleanUpAsSecond(); }

  void CleanUpAsSecond() noexcept {
    // acq_rel: the second sees what the first has registered or concluded.
    if (parts_.fetch_add(1, std::memory_order_acq_rel) == 0) return;
    // Newest first, as they are found in the list of an input that is there many times.
    for (std::size_t i = inputs_.size(); i-- > 0;) {
      if (nodes_[i].registered && inputs_[i]->Remove(nodes_[i])) this->Release();
    }
    inputs_.clear();  // whose results need not last as long as this one
  }

  std::vector<CoreRef<CoreBase>> inputs_;  // not touched any more after CleanUpAsSecond()
  const std::unique_ptr<Node[]> nodes_;
  std::atomic<int> parts_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_GATHER_H_
