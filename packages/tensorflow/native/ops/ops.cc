#include "ops.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels.h"
#include "packed_weights.h"
#include "parallel.h"
// Else kernels.h wants headers of TensorFlow's inside, for what is not used here.
#define IS_SLIM_BUILD
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_buffer.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace heed {

extern const Kernels baseline;
#ifdef __x86_64__
extern const Kernels avx2, avx512;
#endif

const Kernels &BestKernels() {
#ifdef __x86_64__
  static const Kernels &best = []() -> const Kernels & {
    const char *named = std::getenv("HEED_INSTRUCTIONS");
    const std::string most = named == nullptr ? "avx512" : named;
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (most == "avx512" && has_avx2 && has_avx512) return avx512;
    return most != "baseline" && has_avx2 ? avx2 : baseline;
  }();
  return best;
#else
  return baseline;
#endif
}

namespace {

struct StatusDeleter {
  void operator()(TF_Status *status) const { TF_DeleteStatus(status); }
};
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
using Shape = std::vector<int64_t>;

/** One call of an op. After the first failure everything it gives is empty, and `ok` says so. */
class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}

  struct Input {
    Shape shape;
    const float *data = nullptr;

    /** Of a boolean tensor. */
    const unsigned char *bytes() const { return reinterpret_cast<const unsigned char *>(data); }
    long size() const {
      long product = 1;
      for (int64_t side : shape) product *= side;
      return product;
    }
    long last() const { return shape.empty() ? 1 : shape.back(); }
    long rows() const {
      long product = 1;
      for (size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
      return product;
    }
  };

  int inputs() const { return TF_NumInputs(context_); }

  Input input(int index) {
    held_.push_back(hold(index));
    TF_Tensor *tensor = held_.back().get();
    if (tensor == nullptr) return {};
    Input given;
    for (int i = 0; i < TF_NumDims(tensor); ++i) given.shape.push_back(TF_Dim(tensor, i));
    given.data = static_cast<const float *>(TF_TensorData(tensor));
    return given;
  }

  /** An input to be held beyond the call. */
  HeldTensor hold(int index) {
    TF_Tensor *tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_.get());
    return HeldTensor(tensor);
  }

  float *output(int index, const Shape &shape) {
    size_t bytes = sizeof(float);
    for (int64_t side : shape) bytes *= side;
    return dataOf(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), bytes, status_.get()));
  }

  /** An output in the memory of the first of these inputs that nobody needs any more; new memory otherwise. */
  float *outputInPlaceOf(std::initializer_list<int> inputs, int index, const Shape &shape) {
    int forwarded = -1;
    return dataOf(TF_ForwardInputOrAllocateOutput(context_, inputs.begin(), static_cast<int>(inputs.size()), index, shape.data(),
                                                static_cast<int>(shape.size()), &forwarded, status_.get()));
  }

  bool ok() const { return TF_GetCode(status_.get()) == TF_OK; }

  /** Fails the call unless `holds`. */
  void require(bool holds, const char *rule) {
    if (ok() && !holds) TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, rule);
  }

  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_.get());
  }

 private:
  float *dataOf(TF_Tensor *tensor) {
    if (tensor == nullptr) return nullptr;
    held_.emplace_back(tensor);
    return static_cast<float *>(TF_TensorData(tensor));
  }

  TF_OpKernelContext *context_;
  Status status_;
  std::vector<HeldTensor> held_;
};

/** What ops may be told besides tensors. */
struct Attributes {
  float epsilon = 0, beta1 = 0, beta2 = 0, scale = 0;
  TF_Bool transpose_a = 0, transpose_b = 0, again = 0, gelu = 0;
  int64_t heads = 0, low = 0, high = 0, masks = 0;
};

/** Numbers that one thread takes at a time, some 20 µs of work: where each wants an exponential, and where it is only moved and added. */
constexpr long kPart = 16384;
constexpr long kLightPart = 65536;

template <void (*Kernels::*kernel)(Range, const float *, float *)>
void Elementwise(Call &call, const Attributes &) {
  const auto x = call.input(0);
  float *y = call.outputInPlaceOf({0}, 0, x.shape);
  if (!call.ok()) return;
  ParallelFor(x.size(), kPart, [&](Range range) { (BestKernels().*kernel)(range, x.data, y); });
}

template <void (*Kernels::*kernel)(Range, const float *, const float *, float *)>
void ElementwiseGradient(Call &call, const Attributes &) {
  const auto dy = call.input(0), x = call.input(1);
  call.require(dy.shape == x.shape, "the gradient must have the shape of x");
  if (!call.ok()) return;
  float *dx = call.outputInPlaceOf({0, 1}, 0, x.shape);
  if (!call.ok()) return;
  ParallelFor(x.size(), kPart, [&](Range range) { (BestKernels().*kernel)(range, dy.data, x.data, dx); });
}

void LayerNorm(Call &call, const Attributes &attributes) {
  const auto x = call.input(0), gain = call.input(1), bias = call.input(2);
  const long width = x.last(), rows = x.rows();
  call.require(gain.size() == width && bias.size() == width, "gain and bias must be as wide as x");
  if (!call.ok()) return;
  float *y = call.output(0, x.shape), *mean = call.output(1, {rows}), *inverse = call.output(2, {rows});
  if (!call.ok()) return;
  ParallelFor(rows, kLightPart / std::max(1L, width), [&](Range range) {
    BestKernels().layer_norm(range, width, attributes.epsilon, x.data, gain.data, bias.data, y, mean, inverse);
  });
}

void LayerNormGradient(Call &call, const Attributes &) {
  const auto dy = call.input(0), x = call.input(1), mean = call.input(2), inverse = call.input(3), gain = call.input(4);
  const long width = x.last(), rows = x.rows();
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

/** Where each row of `shape` begins in a tensor of shape `other`, which is broadcast to it; both end in the same dimension. */
std::vector<long> RowStarts(const Shape &shape, const Shape &other) {
  const size_t rank = shape.size();
  Shape steps(rank, 0);  // 0 where `other` has 1, or nothing
  long step = 1;
  for (size_t i = 0; i < other.size(); ++i) {
    const int64_t side = other[other.size() - 1 - i];
    if (side > 1) steps[rank - 1 - i] = step;
    step *= side;
  }
  std::vector<long> starts = {0};
  for (size_t i = 0; i + 1 < rank; ++i) {
    std::vector<long> inner;
    inner.reserve(starts.size() * shape[i]);
    for (long start : starts)
      for (long j = 0; j < shape[i]; ++j) inner.push_back(start + j * steps[i]);
    starts = std::move(inner);
  }
  return starts;
}

bool BroadcastsTo(const Shape &shape, const Shape &other) {
  if (other.empty() || other.size() > shape.size() || other.back() != shape.back()) return false;
  for (size_t i = 1; i <= other.size(); ++i) {
    const int64_t side = other[other.size() - i];
    if (side != 1 && side != shape[shape.size() - i]) return false;
  }
  return true;
}

/** Where each row of scores of this shape begins in the mask. */
std::vector<long> MaskStarts(Call &call, const Shape &scores, const Shape &allowed) {
  call.require(BroadcastsTo(scores, allowed), "the mask must broadcast to the scores, and be whole in the last dimension");
  return call.ok() ? RowStarts(scores, allowed) : std::vector<long>();
}

void MaskedSoftmax(Call &call, const Attributes &) {
  const auto scores = call.input(0), allowed = call.input(1);
  const std::vector<long> starts = MaskStarts(call, scores.shape, allowed.shape);
  if (!call.ok()) return;
  float *weights = call.outputInPlaceOf({0}, 0, scores.shape);
  if (!call.ok()) return;
  const long width = scores.last();
  ParallelFor(scores.rows(), kPart / std::max(1L, width), [&](Range rows) {
    BestKernels().masked_softmax(rows, width, scores.data, allowed.bytes(), starts.data(), weights);
  });
}

void SoftmaxGradient(Call &call, const Attributes &) {
  const auto dy = call.input(0), weights = call.input(1);
  call.require(dy.shape == weights.shape, "the gradient must have the shape of the weights");
  if (!call.ok()) return;
  float *d_scores = call.outputInPlaceOf({0}, 0, weights.shape);
  if (!call.ok()) return;
  const long width = weights.last();
  ParallelFor(weights.rows(), kLightPart / std::max(1L, width),
              [&](Range rows) { BestKernels().softmax_gradient(rows, width, dy.data, weights.data, d_scores); });
}

void Adam(Call &call, const Attributes &attributes) {
  const auto weights = call.input(0), first = call.input(1), second = call.input(2), gradient = call.input(3);
  const auto learning_rate = call.input(4), epsilon = call.input(5);
  const long size = weights.size();
  call.require(first.size() == size && second.size() == size && gradient.size() == size && learning_rate.size() == 1 && epsilon.size() == 1,
               "weights, moments and gradient must be of one size, the learning rate and epsilon numbers");
  if (!call.ok()) return;
  float *new_weights = call.outputInPlaceOf({0}, 0, weights.shape), *new_first = call.outputInPlaceOf({1}, 1, first.shape);
  float *new_second = call.outputInPlaceOf({2}, 2, second.shape);
  if (!call.ok()) return;
  const AdamArguments adam{weights.data,     first.data,       second.data, gradient.data, *learning_rate.data, *epsilon.data,
                           attributes.beta1, attributes.beta2, new_weights, new_first,     new_second};
  ParallelFor(size, kLightPart, [&](Range range) { BestKernels().adam(range, adam); });
}

/** Tensors laid end to end. */
void Flatten(Call &call, const Attributes &) {
  const int count = call.inputs();
  std::vector<Call::Input> tensors;
  long size = 0;
  for (int i = 0; i < count; ++i) {
    tensors.push_back(call.input(i));
    size += tensors.back().size();
  }
  if (!call.ok()) return;
  float *flat = call.output(0, {size});
  if (!call.ok()) return;
  for (const auto &tensor : tensors) flat = std::copy(tensor.data, tensor.data + tensor.size(), flat);
}

/** The tensors that a flat one consists of, of the shapes of those that follow it. */
void Unflatten(Call &call, const Attributes &) {
  const auto flat = call.input(0);
  const float *from = flat.data, *end = flat.data + flat.size();
  for (int i = 1; i < call.inputs() && call.ok(); ++i) {
    const auto like = call.input(i);
    call.require(end - from >= like.size(), "the flat tensor must have as many numbers as all others together");
    if (!call.ok()) return;
    float *tensor = call.output(i - 1, like.shape);
    if (!call.ok()) return;
    std::copy(from, from + like.size(), tensor);
    from += like.size();
  }
}

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

/** One layer, or several of one input and equal width: together they keep all processors busy where one would be done too soon. */
void Linear(Call &call, const Attributes &attributes) {
  const int count = (call.inputs() - 1) / 2;
  const auto x = call.input(0);
  const long rows = x.rows(), k = x.last(), columns = call.input(1).last();
  struct Layer {
    const float *weight, *bias;
    std::shared_ptr<const float> packed;
    float *y;
  };
  std::vector<Layer> layers;
  for (int i = 0; i < count; ++i) {
    const auto weight = call.input(1 + i), bias = call.input(1 + count + i);
    call.require(weight.shape == Shape({k, columns}) && bias.size() == columns, "x, the weight and the bias must fit together");
    if (!call.ok()) return;
    Shape shape = x.shape;
    shape.back() = columns;
    float *y = call.output(i, shape);
    if (!call.ok()) return;
    layers.push_back({weight.data, bias.data, attributes.again ? PackedWeight(call.hold(1 + i), k, columns) : nullptr, y});
  }
  const Matrix a = {x.data, k, 1};
  ForPartsOfProducts(count, rows, columns, k, [&](long i, Range some, Range those) {
    const Layer &layer = layers[i];
    for (long row = some.begin; row < some.end; ++row) {
      std::copy(layer.bias + those.begin, layer.bias + those.end, layer.y + row * columns + those.begin);
    }
    if (layer.packed) {
      BestKernels().add_packed_product(some, those, k, a, layer.packed.get(), layer.y, columns);
    } else {
      BestKernels().add_product(some, those, k, a, {layer.weight, columns, 1}, layer.y, columns);
    }
    for (long row = some.begin; row < some.end && attributes.gelu; ++row) {
      BestKernels().gelu({row * columns + those.begin, row * columns + those.end}, layer.y, layer.y);
    }
  });
}

void LinearGradient(Call &call, const Attributes &) {
  const auto dy = call.input(0), x = call.input(1);
  const long rows = x.rows(), inputs = x.last(), outputs = dy.last();
  call.require(dy.rows() == rows, "the gradient must have as many rows as x");
  if (!call.ok()) return;
  float *d_weight = call.output(0, {inputs, outputs}), *d_bias = call.output(1, {outputs});
  if (!call.ok()) return;
  std::fill(d_weight, d_weight + inputs * outputs, 0.f);
  AddProduct(inputs, outputs, rows, {x.data, 1, inputs}, {dy.data, outputs, 1}, d_weight);
  std::fill(d_bias, d_bias + outputs, 0.f);
  for (long row = 0; row < rows; ++row) {
    for (long i = 0; i < outputs; ++i) d_bias[i] += dy.data[row * outputs + i];
  }
}

void Product(Call &call, const Attributes &attributes) {
  const auto a = call.input(0), b = call.input(1);
  const size_t rank = a.shape.size();
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
  if (!call.ok()) return;
  long count = 1;
  for (size_t i = 0; !one && i + 2 < rank; ++i) count *= shape[i];
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

/** Where the heads of queries, keys, values or results lie in a tensor. */
struct Heads {
  long count = 0, length = 0, width = 0;
  long first = 0, batch_step = 0, head_step = 0, row_step = 0;

  template <class Number>
  Rows<Number> of(Number *data, long batch, long head) const {
    return {data + first + batch * batch_step + head * head_step, row_step};
  }
};

/** Queries, keys and values, and what attention makes of them. */
struct HeadsOfAll {
  long batch = 0;
  Heads query, key, value, result;
  Shape shape;  // of the result
};

/**
 * Three tensors [B, H, L, D], [B, K, S, D] and [B, K, S, Dv]; or [B, L, H · D], [B, S, H · D] and [B, S, H · Dv]; or one
 * [B, L, 3 · H · D] of self-attention that has them side by side.
 */
HeadsOfAll FindHeads(Call &call, const std::vector<Call::Input> &tensors, long heads) {
  HeadsOfAll all;
  const Shape &query = tensors.front().shape;
  const bool apart = query.size() == 4 && tensors.size() == 3;
  const long parts = tensors.size() == 1 ? 3 : 1;
  bool fits = apart || (query.size() == 3 && heads > 0 && (tensors.size() == 3 || tensors.size() == 1));
  for (const auto &tensor : tensors) {
    fits = fits && tensor.shape.size() == query.size() && tensor.shape[0] == query[0];
    fits = fits && (apart || tensor.last() % (heads * parts) == 0);
  }
  call.require(fits, "attention takes three tensors [B, H, L, D], or of heads side by side three [B, L, H · D] or one [B, L, 3 · H · D]");
  if (!call.ok()) return all;
  all.batch = query[0];
  const auto find = [&](const Call::Input &tensor, long part) {
    const Shape &shape = tensor.shape;
    if (apart) return Heads{shape[1], shape[2], shape[3], 0, shape[1] * shape[2] * shape[3], shape[2] * shape[3], shape[3]};
    const long width = shape[2] / (heads * parts);
    return Heads{heads, shape[1], width, part * heads * width, shape[1] * shape[2], width, shape[2]};
  };
  all.query = find(tensors.front(), 0);
  all.key = find(parts == 3 ? tensors.front() : tensors[1], 1 % parts);
  all.value = find(parts == 3 ? tensors.front() : tensors[2], 2 % parts);
  const long width = all.value.width, length = all.query.length, count = all.query.count;
  if (apart) {
    all.shape = {all.batch, count, length, width};
    all.result = {count, length, width, 0, count * length * width, length * width, width};
  } else {
    all.shape = {all.batch, length, count * width};
    all.result = {count, length, width, 0, length * count * width, width, count * width};
  }
  call.require(all.key.width == all.query.width && all.key.length == all.value.length && all.key.count == all.value.count &&
                   all.key.count > 0 && count % all.key.count == 0,
               "queries and keys must be of one width, keys and values of one length and number of heads, which divides that of queries");
  return all;
}

/** What attention and its gradient take: the mask, where there is one, some tensors of their own, and queries, keys and values. */
struct AttentionInputs {
  std::vector<Call::Input> tensors;
  HeadsOfAll heads;
  std::vector<long> starts;
  Call::Input allowed;

  AttentionInputs(Call &call, const Attributes &attributes, int own) {
    for (int i = static_cast<int>(attributes.masks) + own; i < call.inputs(); ++i) tensors.push_back(call.input(i));
    heads = FindHeads(call, tensors, attributes.heads);
    if (attributes.masks == 0 || !call.ok()) return;
    allowed = call.input(0);
    const Shape scores = {heads.batch, heads.query.count, heads.query.length, heads.key.length};
    call.require(attributes.masks == 1, "there must be one mask at most");
    starts = MaskStarts(call, scores, allowed.shape);
  }

  long heads_per_key() const { return heads.query.count / heads.key.count; }

  AttentionArguments head(const Attributes &attributes, long batch, long head, float *result, float *log_sums) const {
    const long row = (batch * heads.query.count + head) * heads.query.length;
    Sight sight = {attributes.low, attributes.high, nullptr, nullptr};
    if (!starts.empty()) {
      sight.allowed = allowed.bytes();
      sight.starts = &starts[row];
    }
    const long shared = head / heads_per_key();
    return {heads.key.length,
            heads.query.width,
            heads.value.width,
            attributes.scale,
            sight,
            heads.query.of(tensors.front().data, batch, head),
            heads.key.of(tensors[1 % tensors.size()].data, batch, shared),
            heads.value.of(tensors[2 % tensors.size()].data, batch, shared),
            heads.result.of(result, batch, head),
            log_sums + row};
  }

  /** Room for a block. */
  std::unique_ptr<float[]> scratch() const {
    return std::unique_ptr<float[]>(new float[AttentionScratch(heads.query.width, heads.value.width)]);
  }
};

void Attention(Call &call, const Attributes &attributes) {
  const AttentionInputs inputs(call, attributes, 0);
  if (!call.ok()) return;
  const long count = inputs.heads.query.count, length = inputs.heads.query.length;
  float *result = call.output(0, inputs.heads.shape), *log_sums = call.output(1, {inputs.heads.batch, count, length});
  if (!call.ok()) return;
  const long blocks = (length + kQueryBlock - 1) / kQueryBlock;
  const long work = std::min(kQueryBlock, length) * inputs.heads.key.length * (inputs.heads.query.width + inputs.heads.value.width + 16) / 16;
  ParallelFor(inputs.heads.batch * count * blocks, kPart / 2 / std::max(1L, work), [&](Range range) {
    const auto scratch = inputs.scratch();
    for (long i = range.begin; i < range.end; ++i) {
      const long head = i / blocks, query = i % blocks * kQueryBlock;
      const AttentionArguments arguments = inputs.head(attributes, head / count, head % count, result, log_sums);
      BestKernels().attention({query, std::min(query + kQueryBlock, length)}, arguments, scratch.get());
    }
  });
}

void Clear(Rows<float> rows, long count, long width) {
  for (long i = 0; i < count; ++i) std::fill_n(rows.data + i * rows.step, width, 0.f);
}

void AttentionGradient(Call &call, const Attributes &attributes) {
  const AttentionInputs inputs(call, attributes, 3);
  const int first = static_cast<int>(attributes.masks);
  const auto dy = call.input(first), result = call.input(first + 1), log_sums = call.input(first + 2);
  const HeadsOfAll &heads = inputs.heads;
  call.require(dy.shape == heads.shape && result.shape == heads.shape && log_sums.size() == heads.batch * heads.query.count * heads.query.length,
               "the gradient must have the shape of the result, and a logarithm be there for each query");
  if (!call.ok()) return;
  std::vector<float *> gradients;
  for (size_t i = 0; i < inputs.tensors.size(); ++i) gradients.push_back(call.output(static_cast<int>(i), inputs.tensors[i].shape));
  if (!call.ok()) return;
  const long shared = heads.key.count, group = inputs.heads_per_key();
  ParallelFor(heads.batch * shared, 1, [&](Range range) {
    const auto scratch = inputs.scratch();
    for (long i = range.begin; i < range.end; ++i) {
      const long batch = i / shared, key = i % shared;
      const auto d_key = heads.key.of(gradients[1 % gradients.size()], batch, key);
      const auto d_value = heads.value.of(gradients[2 % gradients.size()], batch, key);
      Clear(d_key, heads.key.length, heads.key.width);
      Clear(d_value, heads.value.length, heads.value.width);
      for (long head = key * group; head < (key + 1) * group; ++head) {
        const auto d_query = heads.query.of(gradients.front(), batch, head);
        Clear(d_query, heads.query.length, heads.query.width);
        // neither is written to
        const AttentionArguments arguments =
            inputs.head(attributes, batch, head, const_cast<float *>(result.data), const_cast<float *>(log_sums.data));
        BestKernels().attention_gradient(heads.query.length, {arguments, heads.result.of(dy.data, batch, head), d_query, d_key, d_value},
                                         scratch.get());
      }
    }
  });
}

/** Sequences for a thread: whole groups of eight, of which products are made. */
long SequencesPerThread(long batch) { return (batch / ThreadCount() + 7) / 8 * 8; }

void Lstm(Call &call, const Attributes &) {
  const auto projected = call.input(0), weight = call.input(1), hidden = call.input(2), cell = call.input(3);
  const long width = hidden.last(), batch = hidden.rows();
  call.require(projected.shape.size() == 3 && projected.shape[1] == batch && projected.last() == 4 * width &&
                   weight.shape == Shape({width, 4 * width}) && cell.shape == hidden.shape,
               "gates [T, B, 4H], weight [H, 4H], hidden and cell [B, H] must fit together");
  if (!call.ok()) return;
  const long steps = projected.shape[0];
  LstmArguments lstm{steps, batch, width, projected.data, weight.data, hidden.data, cell.data, nullptr, nullptr, nullptr};
  lstm.gates = call.output(0, projected.shape);
  lstm.cells = call.output(1, {steps, batch, width});
  lstm.hiddens = call.output(2, {steps, batch, width});
  if (!call.ok()) return;
  ParallelFor(batch, SequencesPerThread(batch), [&](Range sequences) { BestKernels().lstm(sequences, lstm); });
}

void LstmGradient(Call &call, const Attributes &) {
  const auto d_hiddens = call.input(0), d_cells = call.input(1), gates = call.input(2), cells = call.input(3);
  const auto first_cell = call.input(4), weight = call.input(5);
  const long width = cells.last(), batch = first_cell.rows();
  call.require(cells.shape.size() == 3 && cells.shape[1] == batch && first_cell.last() == width && d_hiddens.shape == cells.shape &&
                   d_cells.shape == cells.shape && gates.size() == 4 * cells.size() && weight.shape == Shape({4 * width, width}),
               "gradients and cells [T, B, H], gates [T, B, 4H], the first cell [B, H], weight [4H, H] must fit together");
  if (!call.ok()) return;
  LstmGradientArguments lstm{cells.shape[0], batch,           width,       d_hiddens.data, d_cells.data, gates.data,
                             cells.data,     first_cell.data, weight.data, nullptr,        nullptr,      nullptr};
  lstm.d_gates = call.output(0, gates.shape);
  lstm.d_first_hidden = call.output(1, first_cell.shape);
  lstm.d_first_cell = call.output(2, first_cell.shape);
  if (!call.ok()) return;
  ParallelFor(batch, SequencesPerThread(batch), [&](Range sequences) { BestKernels().lstm_gradient(sequences, lstm); });
}

void *Create(TF_OpKernelConstruction *construction) {
  auto *attributes = new Attributes;
  Status status(TF_NewStatus());
  const auto has = [&](const char *name) { return TF_OpKernelConstruction_HasAttr(construction, name, status.get()); };
  const auto number = [&](const char *name, float *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrFloat(construction, name, value, status.get());
  };
  const auto flag = [&](const char *name, TF_Bool *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrBool(construction, name, value, status.get());
  };
  const auto integer = [&](const char *name, int64_t *value) {
    if (has(name)) TF_OpKernelConstruction_GetAttrInt64(construction, name, value, status.get());
  };
  number("epsilon", &attributes->epsilon);
  number("beta1", &attributes->beta1);
  number("beta2", &attributes->beta2);
  number("scale", &attributes->scale);
  integer("heads", &attributes->heads);
  integer("low", &attributes->low);
  integer("high", &attributes->high);
  integer("masks", &attributes->masks);
  flag("again", &attributes->again);
  flag("gelu", &attributes->gelu);
  flag("transpose_a", &attributes->transpose_a);
  flag("transpose_b", &attributes->transpose_b);
  if (TF_GetCode(status.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction, status.get());
  return attributes;
}

template <void (*compute)(Call &, const Attributes &)>
void Compute(void *attributes, TF_OpKernelContext *context) {
  Call call(context);
  compute(call, *static_cast<Attributes *>(attributes));
}

void Delete(void *attributes) { delete static_cast<Attributes *>(attributes); }

struct Op {
  const char *name;
  /** Float tensors, or what else they say they are; a name that ends in * is that of N of them. */
  std::vector<std::string> inputs, outputs;
  void (*compute)(void *, TF_OpKernelContext *);
  std::vector<const char *> attributes;
};

bool IsRegistered(const char *op) {
  Status status(TF_NewStatus());
  TF_Buffer *kernels = TF_GetRegisteredKernelsForOp(op, status.get());
  const bool registered = kernels != nullptr && kernels->length > 0;
  if (kernels != nullptr) TF_DeleteBuffer(kernels);
  return registered;
}

void Register(const Op &op) {
  TF_OpDefinitionBuilder *builder = TF_NewOpDefinitionBuilder(op.name);
  const auto argument = [](const std::string &name) {
    if (name.find(':') != std::string::npos) return name;
    return name.back() == '*' ? name.substr(0, name.size() - 1) + ": N * float" : name + ": float";
  };
  for (const auto &name : op.inputs) TF_OpDefinitionBuilderAddInput(builder, argument(name).c_str());
  for (const auto &name : op.outputs) TF_OpDefinitionBuilderAddOutput(builder, argument(name).c_str());
  for (const char *attribute : op.attributes) TF_OpDefinitionBuilderAddAttr(builder, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, TF_ShapeInferenceContextSetUnknownShape);
  Status status(TF_NewStatus());
  TF_RegisterOpDefinition(builder, status.get());
  TF_RegisterKernelBuilder(op.name, TF_NewKernelBuilder(op.name, "CPU", Create, op.compute, Delete), status.get());
}

}  // namespace

void RegisterOps() {
  const std::vector<Op> ops = {
      {"HeedAdam",
       {"weights", "first", "second", "gradient", "learning_rate", "epsilon"},
       {"new_weights", "new_first", "new_second"},
       Compute<Adam>,
       {"beta1: float", "beta2: float"}},
      {"HeedAttention",
       {"allowed: masks * bool", "tensors*"},
       {"result", "log_sums"},
       Compute<Attention>,
       {"N: int >= 1", "masks: int >= 0", "heads: int", "scale: float", "low: int", "high: int"}},
      {"HeedAttentionGradient",
       {"allowed: masks * bool", "dy", "result", "log_sums", "tensors*"},
       {"gradients*"},
       Compute<AttentionGradient>,
       {"N: int >= 1", "masks: int >= 0", "heads: int", "scale: float", "low: int", "high: int"}},
      {"HeedFlatten", {"tensors*"}, {"flat"}, Compute<Flatten>, {"N: int >= 1"}},
      {"HeedUnflatten", {"flat", "like*"}, {"tensors*"}, Compute<Unflatten>, {"N: int >= 1"}},
      {"HeedMaskedSoftmax", {"scores", "allowed: bool"}, {"weights"}, Compute<MaskedSoftmax>},
      {"HeedSoftmaxGradient", {"dy", "weights"}, {"d_scores"}, Compute<SoftmaxGradient>},
      {"HeedGelu", {"x"}, {"y"}, Compute<Elementwise<&Kernels::gelu>>},
      {"HeedGeluGradient", {"dy", "x"}, {"dx"}, Compute<ElementwiseGradient<&Kernels::gelu_gradient>>},
      {"HeedGeluTanh", {"x"}, {"y"}, Compute<Elementwise<&Kernels::gelu_tanh>>},
      {"HeedGeluTanhGradient", {"dy", "x"}, {"dx"}, Compute<ElementwiseGradient<&Kernels::gelu_tanh_gradient>>},
      {"HeedLayerNorm", {"x", "gain", "bias"}, {"y", "mean", "inverse"}, Compute<LayerNorm>, {"epsilon: float"}},
      {"HeedLayerNormGradient", {"dy", "x", "mean", "inverse", "gain"}, {"dx", "d_gain", "d_bias"}, Compute<LayerNormGradient>},
      {"HeedLinear", {"x", "weights*", "biases*"}, {"ys*"}, Compute<Linear>, {"N: int >= 1", "again: bool", "gelu: bool"}},
      {"HeedLinearGradient", {"dy", "x"}, {"d_weight", "d_bias"}, Compute<LinearGradient>},
      {"HeedProduct", {"a", "b"}, {"c"}, Compute<Product>, {"transpose_a: bool", "transpose_b: bool"}},
      {"HeedLstm", {"projected", "weight", "hidden", "cell"}, {"gates", "cells", "hiddens"}, Compute<Lstm>},
      {"HeedLstmGradient",
       {"d_hiddens", "d_cells", "gates", "cells", "first_cell", "weight"},
       {"d_gates", "d_first_hidden", "d_first_cell"},
       Compute<LstmGradient>},
  };
  // By another copy of the addon: TensorFlow ends a process that registers an op twice. It looks through all its kernels; one op tells of all.
  if (IsRegistered(ops.front().name)) return;
  for (const Op &op : ops) Register(op);
}

}  // namespace heed
