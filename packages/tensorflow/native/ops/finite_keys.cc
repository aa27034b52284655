// Keys and values without what is not finite, so that a weight of 0 hides it.

#include "op.h"

namespace heed {
namespace {

void FiniteKeys(Call &call, const Attributes &) {
  call.requireInputs(2);
  const auto key = call.input(0, "key"), value = call.input(1, "value");
  const auto leading = [](const Shape &shape) { return Shape(shape.begin(), shape.end() - (shape.empty() ? 0 : 1)); };
  call.require(key.rank() > 0 && value.rank() > 0 && leading(key.shape) == leading(value.shape), "there must be a value for each key");
  call.require(key.last() > 0 && value.last() > 0, "keys and values must be at least one number wide");
  if (!call.ok()) return;
  Shape faults = leading(key.shape);
  faults.push_back(1);
  // where nobody needs them any more, keys and values stay where they are
  float *finite_key = call.outputInPlaceOf({0}, 0, key.shape), *finite_value = call.outputInPlaceOf({1}, 1, value.shape);
  float *fault = call.output(2, faults);
  if (!call.ok()) return;
  const long width = key.last(), value_width = value.last();
  ParallelFor(key.rows(), kLightPart / std::max(1L, width + value_width), [&](Range rows) {
    std::fill(fault + rows.begin, fault + rows.end, 0.f);
    BestKernels().keep_finite(rows, width, key.data, finite_key, fault);
    BestKernels().keep_finite(rows, value_width, value.data, finite_value, fault);
  });
}

}  // namespace

std::vector<Op> FiniteKeysOps() {
  return {{"HeedFiniteKeys", {"key", "value"}, {"finite_key", "finite_value", "fault"}, Compute<FiniteKeys>}};
}

}  // namespace heed
