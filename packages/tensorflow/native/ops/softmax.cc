// Attention's weights from scores and a mask.

#include "op.h"

namespace heed {
namespace {

void MaskedSoftmax(Call &call, const Attributes &) {
  call.requireInputs(2);
  const auto scores = call.input(0, "scores"), allowed = call.input(1, "allowed", TF_BOOL);
  const std::vector<long> starts = MaskStarts(call, scores.shape, allowed.shape);
  float *weights = call.outputInPlaceOf({0}, 0, scores.shape);
  if (!call.ok() || scores.size() == 0) return;
  const long width = scores.last();
  ParallelFor(scores.rows(), kPart / width, [&](Range rows) {
    BestKernels().masked_softmax(rows, width, scores.data, allowed.bytes(), starts.data(), weights);
  });
}

void SoftmaxGradient(Call &call, const Attributes &) {
  call.requireInputs(2);
  const auto dy = call.input(0, "dy"), weights = call.input(1, "weights");
  call.require(dy.shape == weights.shape, "the gradient must have the shape of the weights");
  float *d_scores = call.outputInPlaceOf({0}, 0, weights.shape);
  if (!call.ok() || weights.size() == 0) return;
  const long width = weights.last();
  ParallelFor(weights.rows(), kLightPart / width,
              [&](Range rows) { BestKernels().softmax_gradient(rows, width, dy.data, weights.data, d_scores); });
}

}  // namespace

std::vector<Op> SoftmaxOps() {
  return {
      {"HeedMaskedSoftmax", {"scores", "allowed: bool"}, {"weights"}, Compute<MaskedSoftmax>},
      {"HeedSoftmaxGradient", {"dy", "weights"}, {"d_scores"}, Compute<SoftmaxGradient>},
  };
}

}  // namespace heed
