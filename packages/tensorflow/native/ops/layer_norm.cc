// Layer normalisation with gain and bias.

#include "op.h"

namespace heed {
namespace {

void LayerNorm(Call &call, const Attributes &attributes) {
  call.requireInputs(3);
  const auto x = call.input(0, "x"), gain = call.input(1, "gain"), bias = call.input(2, "bias");
  const long width = x.last(), rows = x.rows();
  call.require(x.rank() > 0 && width > 0, "x must be at least one number wide");
  call.require(gain.size() == width && bias.size() == width, "gain and bias must be as wide as x");
  float *y = call.output(0, x.shape), *mean = call.output(1, {rows}), *inverse = call.output(2, {rows});
  if (!call.ok()) return;
  ParallelFor(rows, kLightPart / width, [&](Range range) {
    BestKernels().layer_norm(range, width, attributes.epsilon, x.data, gain.data, bias.data, y, mean, inverse);
  });
}

void LayerNormGradient(Call &call, const Attributes &) {
  call.requireInputs(5);
  const auto dy = call.input(0, "dy"), x = call.input(1, "x"), mean = call.input(2, "mean"), inverse = call.input(3, "inverse");
  const auto gain = call.input(4, "gain");
  const long width = x.last(), rows = x.rows();
  call.require(x.rank() > 0 && width > 0, "x must be at least one number wide");
  call.require(dy.shape == x.shape && gain.size() == width && mean.size() == rows && inverse.size() == rows,
               "the gradient must have the shape of x, gain its width, mean and inverse one number for each row");
  if (!call.ok()) return;
  float *dx = call.outputInPlaceOf({0}, 0, x.shape), *d_gain = call.output(1, {width}), *d_bias = call.output(2, {width});
  if (!call.ok()) return;
  // Each part has its own sums, added up in their order: the same numbers whichever thread did what.
  const long part = std::max(1L, (rows + 7) / 8), parts = (rows + part - 1) / part;
  std::vector<float> sums(2 * parts * width);
  ParallelFor(rows, part, [&](Range range) {
    float *own = &sums[range.begin / part * 2 * width];
    BestKernels().layer_norm_gradient(range, width, dy.data, x.data, mean.data, inverse.data, gain.data, dx, own, own + width);
  });
  for (long i = 0; i < width; ++i) {
    d_gain[i] = d_bias[i] = 0;
    for (long p = 0; p < parts; ++p) {
      d_gain[i] += sums[p * 2 * width + i];
      d_bias[i] += sums[p * 2 * width + width + i];
    }
  }
}

}  // namespace

std::vector<Op> LayerNormOps() {
  return {
      {"HeedLayerNorm", {"x", "gain", "bias"}, {"y", "mean", "inverse"}, Compute<LayerNorm>, {"epsilon: float"}},
      {"HeedLayerNormGradient", {"dy", "x", "mean", "inverse", "gain"}, {"dx", "d_gain", "d_bias"}, Compute<LayerNormGradient>},
  };
}

}  // namespace heed
