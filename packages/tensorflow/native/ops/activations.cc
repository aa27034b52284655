// GELU, exact and GPT-2's, element by element.

#include "op.h"

namespace heed {
namespace {

template <void (*Kernels::*kernel)(Range, const float *, float *)>
void Elementwise(Call &call, const Attributes &) {
  call.requireInputs(1);
  const auto x = call.input(0, "x");
  float *y = call.outputInPlaceOf({0}, 0, x.shape);
  if (!call.ok()) return;
  ParallelFor(x.size(), kPart, [&](Range range) { (BestKernels().*kernel)(range, x.data, y); });
}

template <void (*Kernels::*kernel)(Range, const float *, const float *, float *)>
void ElementwiseGradient(Call &call, const Attributes &) {
  call.requireInputs(2);
  const auto dy = call.input(0, "dy"), x = call.input(1, "x");
  call.require(dy.shape == x.shape, "the gradient must have the shape of x");
  float *dx = call.outputInPlaceOf({0, 1}, 0, x.shape);
  if (!call.ok()) return;
  ParallelFor(x.size(), kPart, [&](Range range) { (BestKernels().*kernel)(range, dy.data, x.data, dx); });
}

}  // namespace

std::vector<Op> ActivationOps() {
  return {
      {"HeedGelu", {"x"}, {"y"}, Compute<Elementwise<&Kernels::gelu>>},
      {"HeedGeluGradient", {"dy", "x"}, {"dx"}, Compute<ElementwiseGradient<&Kernels::gelu_gradient>>},
      {"HeedGeluTanh", {"x"}, {"y"}, Compute<Elementwise<&Kernels::gelu_tanh>>},
      {"HeedGeluTanhGradient", {"dy", "x"}, {"dx"}, Compute<ElementwiseGradient<&Kernels::gelu_tanh_gradient>>},
  };
}

}  // namespace heed
