// Attention of all heads, its weights never in memory.

#include "op.h"

namespace heed {
namespace {

/** More heads side by side than any tensor has. */
constexpr long kMostHeads = 1L << 32;
/** A distance between positions beyond all others, to which others can be added. */
constexpr long kFar = 1L << 48;

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
  call.require(!tensors.empty(), "attention takes tensors");
  if (!call.ok()) return all;
  const Shape &query = tensors.front().shape;
  const bool apart = query.size() == 4 && tensors.size() == 3;
  const long parts = tensors.size() == 1 ? 3 : 1;
  bool fits = apart || (query.size() == 3 && heads > 0 && heads <= kMostHeads && (tensors.size() == 3 || tensors.size() == 1));
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
  call.require(all.query.width > 0 && all.value.width > 0, "heads must be at least one number wide");
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
    call.require(attributes.masks == 0 || attributes.masks == 1, "there must be one mask at most");
    const bool masked = attributes.masks == 1;
    const int count = static_cast<int>(std::clamp<int64_t>(attributes.count, 0, 4));
    call.requireInputs(masked + own + count);
    if (masked) allowed = call.input(0, "mask", TF_BOOL);
    for (int i = 0; i < count && call.ok(); ++i) tensors.push_back(call.input(masked + own + i, "tensors"));
    heads = FindHeads(call, tensors, attributes.heads);
    if (!masked || !call.ok()) return;
    starts = MaskStarts(call, {heads.batch, heads.query.count, heads.query.length, heads.key.length}, allowed.shape);
  }

  long heads_per_key() const { return heads.query.count / heads.key.count; }

  AttentionArguments head(const Attributes &attributes, long batch, long head, float *result, float *log_sums) const {
    const long row = (batch * heads.query.count + head) * heads.query.length;
    Sight sight = {std::clamp<long>(attributes.low, -kFar, kFar), std::clamp<long>(attributes.high, -kFar, kFar), nullptr, nullptr};
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
  const auto dy = call.input(first, "dy"), result = call.input(first + 1, "result"), log_sums = call.input(first + 2, "log_sums");
  const HeadsOfAll &heads = inputs.heads;
  call.require(dy.shape == heads.shape && result.shape == heads.shape && log_sums.size() == heads.batch * heads.query.count * heads.query.length,
               "the gradient must have the shape of the result, and a logarithm be there for each query");
  if (!call.ok()) return;
  std::vector<float *> gradients;
  bool any = false;
  for (size_t i = 0; i < inputs.tensors.size(); ++i) {
    gradients.push_back(call.output(static_cast<int>(i), inputs.tensors[i].shape));
    any = any || inputs.tensors[i].size() > 0;
  }
  if (!call.ok() || !any) return;
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

}  // namespace

std::vector<Op> AttentionOps() {
  const std::vector<const char *> attributes = {"N: int >= 1", "masks: int >= 0", "heads: int", "scale: float", "low: int", "high: int"};
  return {
      {"HeedAttention", {"allowed: masks * bool", "tensors*"}, {"result", "log_sums"}, Compute<Attention>, attributes},
      {"HeedAttentionGradient",
       {"allowed: masks * bool", "dy", "result", "log_sums", "tensors*"},
       {"gradients*"},
       Compute<AttentionGradient>,
       attributes},
  };
}

}  // namespace heed
