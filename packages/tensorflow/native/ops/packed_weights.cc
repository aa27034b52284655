#include "packed_weights.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "kernels.h"

namespace heed {
namespace {

/** Numbers that are kept at most: 256 MB. */
constexpr long kMost = 1L << 26;
/** Addresses of weights used once that are remembered; any number would do. */
constexpr size_t kSeen = 4096;
/** Uses of weights after which it is looked whether some can be let go of: a model has hundreds. */
constexpr long kUses = 1024;

struct Packed {
  HeldTensor held;
  std::shared_ptr<const float> panels;
  long size, k, columns;
};

class Cache {
 public:
  std::shared_ptr<const float> Find(HeldTensor weight, long k, long columns) {
    const auto *data = static_cast<const float *>(TF_TensorData(weight.get()));
    std::lock_guard<std::mutex> lock(mutex_);
    if (++uses_ % kUses == 0) LetGo();
    const auto known = packed_.find(data);
    // of other sides: the same memory as another tensor's
    if (known != packed_.end()) return known->second.k == k && known->second.columns == columns ? known->second.panels : nullptr;
    if (seen_.size() >= kSeen) seen_.clear();
    if (seen_.insert(data).second) return nullptr;
    const long panels = (columns + kPanel - 1) / kPanel, size = panels * kPanel * k;
    if (size_ + size > kMost) LetGo();
    if (size_ + size > kMost) return nullptr;
    const std::shared_ptr<float> numbers(new float[size], std::default_delete<float[]>());
    for (long column = 0; column < columns; column += kPanel) {
      BestKernels().pack(k, std::min(kPanel, columns - column), kPanel, {data + column, columns, 1}, numbers.get() + column * k);
    }
    seen_.erase(data);
    size_ += size;
    packed_.emplace(data, Packed{std::move(weight), numbers, size, k, columns});
    return numbers;
  }

 private:
  /** Forgets weights that only the cache holds. */
  void LetGo() {
    for (auto entry = packed_.begin(); entry != packed_.end();) {
      if (TF_TensorMaybeMove(entry->second.held.get()) == nullptr) {
        ++entry;
      } else {
        size_ -= entry->second.size;
        entry = packed_.erase(entry);
      }
    }
  }

  std::mutex mutex_;
  std::unordered_map<const float *, Packed> packed_;
  std::unordered_set<const float *> seen_;
  long size_ = 0, uses_ = 0;
};

}  // namespace

std::shared_ptr<const float> PackedWeight(HeldTensor weight, long k, long columns) {
  static Cache *const cache = new Cache;
  return cache->Find(std::move(weight), k, columns);
}

}  // namespace heed
