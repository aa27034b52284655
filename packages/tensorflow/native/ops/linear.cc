// Products: linear layers with their bias, their gradients, and matrices.

#include "op.h"

namespace heed {
namespace {

/** Calls body(i, rows, columns) for parts of `count` products of rows × columns numbers, each a sum of k, on all processors. */
template <class Body>
void ForPartsOfProducts(long count, long rows, long columns, long k, const Body &body) {
  const bool by_row = columns < 96 * ThreadCount() && rows >= 32 * ThreadCount();
  const long length = by_row ? rows : columns;
  const long part = by_row ? std::max(64L, (rows / (2 * ThreadCount()) + 7) / 8 * 8)
                           : std::max(96L, kPart / std::max(1L, rows * k) / kPanel * kPanel);
  const long parts = (length + part - 1) / part;
  ParallelFor(count * parts, 1, [&](Range range) {
    for (long i = range.begin; i < range.end; ++i) {
      const long begin = i % parts * part;
      const Range some = {begin, std::min(begin + part, length)};
      body(i / parts, by_row ? some : Range{0, rows}, by_row ? Range{0, columns} : some);
    }
  });
}

/** c += a · b, `rows` of a and `columns` of b, on all processors. */
void AddProduct(long rows, long columns, long k, Matrix a, Matrix b, float *c) {
  ForPartsOfProducts(1, rows, columns, k,
                     [&](long, Range some, Range those) { BestKernels().add_product(some, those, k, a, b, c, columns); });
}

/** Layers of one input; none has so many. */
constexpr int64_t kMostLayers = 1024;

/** One layer, or several of one input and equal width: together they keep all processors busy where one would be done too soon. */
void Linear(Call &call, const Attributes &attributes) {
  const int count = static_cast<int>(std::clamp<int64_t>(attributes.count, 1, kMostLayers));
  call.requireInputs(1 + 2 * count);
  const auto x = call.input(0, "x");
  call.require(x.rank() > 0, "x must have one dimension at least");
  struct Layer {
    Call::Input weight, bias;
    std::shared_ptr<const float> packed;
    float *y;
  };
  std::vector<Layer> layers;
  const long rows = x.rows(), k = x.last();
  long columns = 0;
  for (int i = 0; i < count && call.ok(); ++i) {
    layers.push_back({call.input(1 + i, "weight"), call.input(1 + count + i, "bias"), nullptr, nullptr});
    const Layer &layer = layers.back();
    if (i == 0) columns = layer.weight.last();
    call.require(layer.weight.shape == Shape({k, columns}) && layer.bias.size() == columns, "x, the weight and the bias must fit together");
  }
  if (!call.ok()) return;
  Shape shape = x.shape;
  shape.back() = columns;
  for (int i = 0; i < count && call.ok(); ++i) layers[i].y = call.output(i, shape);
  if (!call.ok() || rows == 0 || columns == 0) return;
  for (int i = 0; i < count && attributes.again; ++i) layers[i].packed = PackedWeight(call.hold(1 + i), k, columns);
  const Matrix a = {x.data, k, 1};
  ForPartsOfProducts(count, rows, columns, k, [&](long i, Range some, Range those) {
    const Layer &layer = layers[i];
    for (long row = some.begin; row < some.end; ++row) {
      std::copy(layer.bias.data + those.begin, layer.bias.data + those.end, layer.y + row * columns + those.begin);
    }
    if (layer.packed) {
      BestKernels().add_packed_product(some, those, k, a, layer.packed.get(), layer.y, columns);
    } else {
      BestKernels().add_product(some, those, k, a, {layer.weight.data, columns, 1}, layer.y, columns);
    }
    for (long row = some.begin; row < some.end && attributes.gelu; ++row) {
      BestKernels().gelu({row * columns + those.begin, row * columns + those.end}, layer.y, layer.y);
    }
  });
}

void LinearGradient(Call &call, const Attributes &) {
  call.requireInputs(2);
  const auto dy = call.input(0, "dy"), x = call.input(1, "x");
  const long rows = x.rows(), inputs = x.last(), outputs = dy.last();
  call.require(x.rank() > 0 && dy.rank() > 0 && dy.rows() == rows, "the gradient must have as many rows as x");
  if (!call.ok()) return;
  float *d_weight = call.output(0, {inputs, outputs}), *d_bias = call.output(1, {outputs});
  if (!call.ok() || outputs == 0) return;
  std::fill(d_weight, d_weight + inputs * outputs, 0.f);
  AddProduct(inputs, outputs, rows, {x.data, 1, inputs}, {dy.data, outputs, 1}, d_weight);
  std::fill(d_bias, d_bias + outputs, 0.f);
  for (long row = 0; row < rows; ++row) {
    for (long i = 0; i < outputs; ++i) d_bias[i] += dy.data[row * outputs + i];
  }
}

void Product(Call &call, const Attributes &attributes) {
  call.requireInputs(2);
  const auto a = call.input(0, "a"), b = call.input(1, "b");
  const size_t rank = a.rank();
  const bool one = b.shape.size() == 2 && !attributes.transpose_a;  // matrix for all rows of a
  call.require(rank >= 2 && (one || (b.shape.size() == rank && std::equal(a.shape.begin(), a.shape.end() - 2, b.shape.begin()))),
               "both sides must be of one rank, 2 at least, and agree in all dimensions but the last two");
  if (!call.ok()) return;
  const long a_rows = one ? a.rows() : a.shape[rank - 2], a_columns = a.last();
  const long b_rows = b.shape[b.shape.size() - 2], b_columns = b.last();
  const long rows = attributes.transpose_a ? a_columns : a_rows, k = attributes.transpose_a ? a_rows : a_columns;
  const long columns = attributes.transpose_b ? b_rows : b_columns;
  call.require(k == (attributes.transpose_b ? b_columns : b_rows), "the inner dimensions of both sides must agree");
  Shape shape = a.shape;
  if (!one) shape[rank - 2] = rows;
  shape[rank - 1] = columns;
  if (!call.ok()) return;
  float *c = call.output(0, shape);
  if (!call.ok() || rows == 0 || columns == 0) return;
  long count = 1;
  for (size_t i = 0; !one && i + 2 < rank; ++i) count *= shape[i];
  if (count == 0) return;
  std::fill(c, c + count * rows * columns, 0.f);
  const auto left = [&](long i) {
    const float *data = a.data + i * a_rows * a_columns;
    return attributes.transpose_a ? Matrix{data, 1, a_columns} : Matrix{data, a_columns, 1};
  };
  const auto right = [&](long i) {
    const float *data = b.data + i * b_rows * b_columns;
    return attributes.transpose_b ? Matrix{data, 1, b_columns} : Matrix{data, b_columns, 1};
  };
  if (count < 2 * ThreadCount()) {
    for (long i = 0; i < count; ++i) AddProduct(rows, columns, k, left(i), right(i), c + i * rows * columns);
    return;
  }
  const long part = std::max(1L, kPart / std::max(1L, rows * columns * k / 16));
  ParallelFor(count, part, [&](Range matrices) {
    for (long i = matrices.begin; i < matrices.end; ++i) {
      BestKernels().add_product({0, rows}, {0, columns}, k, left(i), right(i), c + i * rows * columns, columns);
    }
  });
}

}  // namespace

std::vector<Op> LinearOps() {
  return {
      {"HeedLinear", {"x", "weights*", "biases*"}, {"ys*"}, Compute<Linear>, {"N: int >= 1", "again: bool", "gelu: bool"}},
      {"HeedLinearGradient", {"dy", "x"}, {"d_weight", "d_bias"}, Compute<LinearGradient>},
      {"HeedProduct", {"a", "b"}, {"c"}, Compute<Product>, {"transpose_a: bool", "transpose_b: bool"}},
  };
}

}  // namespace heed
