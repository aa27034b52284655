// See kernels.h. Compiled once for each set of instructions, HEED_INSTRUCTIONS being its name. Everything here has internal linkage and
// nothing of the standard library is used: a function that the linker merges with one of another file must not hold instructions that
// the processor may lack.

#include "kernels.h"

namespace heed {
namespace {

// --- Vectors ---------------------------------------------------------------------------------------------------------------------

#if defined(__AVX512F__)
constexpr long kLanes = 16;
#elif defined(__AVX__)
constexpr long kLanes = 8;
#else
constexpr long kLanes = 4;
#endif

typedef float Vector __attribute__((vector_size(4 * kLanes)));
typedef float Unaligned __attribute__((vector_size(4 * kLanes), aligned(4)));

inline Vector Load(const float *from) { return *reinterpret_cast<const Unaligned *>(from); }
inline void Store(float *to, Vector value) { *reinterpret_cast<Unaligned *>(to) = value; }

// --- Functions of one number, written so that loops over them become vectors ---------------------------------------------------

/** e^x, to 1e-7 of itself, for x in ±87; beyond, what it is there. NaN stays NaN. */
inline float Exp(float x) {
  x = x < -87.f ? -87.f : x;
  x = x > 87.f ? 87.f : x;
  const float n = (x * 1.44269504f + 12582912.f) - 12582912.f;  // rounded: 1.5 · 2^23 leaves no room for a fraction
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts; |r| ≤ ln 2 / 2
  const float p =
      1.f + r * (1.f + r * (0.49999991f + r * (0.1666642f + r * (0.041668225f + r * (0.0083748177f + r * 0.001383684f)))));
  union {
    int bits;
    float value;
  } power = {(static_cast<int>(n) + 127) << 23};
  return p * power.value;
}

inline float Sigmoid(float x) { return 1.f / (1.f + Exp(-x)); }

inline float Tanh(float x) {
  const float square = x * x;
  const float near_zero =
      x * (1.f + square * (-0.3333326f + square * (0.13331127f + square * (-0.053721067f + square * (0.020590983f + square * -0.00565998f)))));
  const float magnitude = x < 0 ? -x : x;
  const float away = 1.f - 2.f / (1.f + Exp(2.f * magnitude));
  return magnitude < 0.625f ? near_zero : x < 0 ? -away : away;
}

/** Φ(x), to 1e-7 of itself where it is small: Φ(−a) = e^(−a²/2) · t · p(t) with t = 1 / (1 + a/4), p fitted for a ≤ 12. */
inline float NormalDistribution(float x, float exponential) {
  const float t = 1.f / (1.f + 0.25f * (x < 0 ? -x : x));
  const float p =
      0.09982217f +
      t * (0.09812453f +
           t * (0.10638118f +
                t * (0.02315487f + t * (0.22369319f + t * (-0.23633482f + t * (0.3219574f + t * (-0.16495988f + t * 0.028161334f)))))));
  const float tail = exponential * t * p;
  return x < 0 ? tail : 1.f - tail;
}

// Results may lie where an argument does, number by number; loops say by `omp simd` that they read each before they write it.

// --- Activations -----------------------------------------------------------------------------------------------------------------

void Gelu(Range range, const float *x, float *y) {
#pragma omp simd
  for (long i = range.begin; i < range.end; ++i) y[i] = x[i] * NormalDistribution(x[i], Exp(-0.5f * x[i] * x[i]));
}

void GeluGradient(Range range, const float *dy, const float *x, float *dx) {
#pragma omp simd
  for (long i = range.begin; i < range.end; ++i) {
    const float exponential = Exp(-0.5f * x[i] * x[i]);
    dx[i] = dy[i] * (NormalDistribution(x[i], exponential) + 0.39894228f * x[i] * exponential);
  }
}

constexpr float kSlope = 1.59576912f;  // 2√(2/π)
constexpr float kCubic = 0.044715f;

void GeluTanh(Range range, const float *x, float *y) {
#pragma omp simd
  for (long i = range.begin; i < range.end; ++i) y[i] = x[i] * Sigmoid(kSlope * x[i] * (1.f + kCubic * x[i] * x[i]));
}

void GeluTanhGradient(Range range, const float *dy, const float *x, float *dx) {
#pragma omp simd
  for (long i = range.begin; i < range.end; ++i) {
    const float square = x[i] * x[i];
    const float share = Sigmoid(kSlope * x[i] * (1.f + kCubic * square));
    dx[i] = dy[i] * (share + x[i] * share * (1.f - share) * kSlope * (1.f + 3.f * kCubic * square));
  }
}

// --- Layer normalisation ---------------------------------------------------------------------------------------------------------

void LayerNorm(Range rows, long width, float epsilon, const float *x, const float *__restrict gain, const float *__restrict bias,
               float *y, float *means, float *inverses) {
  for (long row = rows.begin; row < rows.end; ++row) {
    const float *__restrict from = x + row * width;
    float *__restrict to = y + row * width;
    float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (long i = 0; i < width; ++i) sum += from[i];
    const float mean = sum / width;
#pragma omp simd reduction(+ : squares)
    for (long i = 0; i < width; ++i) squares += (from[i] - mean) * (from[i] - mean);
    const float inverse = 1.f / __builtin_sqrtf(squares / width + epsilon);
#pragma omp simd
    for (long i = 0; i < width; ++i) to[i] = (from[i] - mean) * inverse * gain[i] + bias[i];
    means[row] = mean;
    inverses[row] = inverse;
  }
}

void LayerNormGradient(Range rows, long width, const float *dy, const float *x, const float *means, const float *inverses,
                       const float *__restrict gain, float *dx, float *__restrict d_gain, float *__restrict d_bias) {
  for (long row = rows.begin; row < rows.end; ++row) {
    const float *upstream = dy + row * width;
    const float *from = x + row * width;
    float *to = dx + row * width;
    const float mean = means[row], inverse = inverses[row];
    float sum = 0, projection = 0;
#pragma omp simd reduction(+ : sum, projection)
    for (long i = 0; i < width; ++i) {
      const float normalised = (from[i] - mean) * inverse;
      const float scaled = upstream[i] * gain[i];
      sum += scaled;
      projection += scaled * normalised;
      d_gain[i] += upstream[i] * normalised;
      d_bias[i] += upstream[i];
    }
    sum /= width;
    projection /= width;
#pragma omp simd
    for (long i = 0; i < width; ++i) {
      to[i] = (upstream[i] * gain[i] - sum - (from[i] - mean) * inverse * projection) * inverse;
    }
  }
}

// --- Softmax ---------------------------------------------------------------------------------------------------------------------

/** What hidden scores become: no finite score is equal to it. One that is −∞ already is hidden as well. */
constexpr float kHidden = -__builtin_inff();
/** The least finite number, where the search for the largest score begins: so that what is subtracted is always finite. */
constexpr float kLeast = -3.40282347e38f;

void MaskedSoftmax(Range rows, long width, const float *scores, const unsigned char *allowed, const long *starts, float *weights) {
  for (long row = rows.begin; row < rows.end; ++row) {
    const float *from = scores + row * width;
    const unsigned char *shown = allowed + starts[row];
    float *to = weights + row * width;
    float largest = kLeast, sum = 0;
#pragma omp simd reduction(max : largest)
    for (long i = 0; i < width; ++i) {
      to[i] = shown[i] ? from[i] : kHidden;
      largest = to[i] > largest ? to[i] : largest;
    }
#pragma omp simd reduction(+ : sum)
    for (long i = 0; i < width; ++i) {
      to[i] = to[i] - largest < -87.f ? 0.f : Exp(to[i] - largest);  // hidden scores are exactly 0
      sum += to[i];
    }
    const float share = sum == 0 ? 0.f : 1.f / sum;  // 0 where all are hidden
#pragma omp simd
    for (long i = 0; i < width; ++i) to[i] *= share;
  }
}

void SoftmaxGradient(Range rows, long width, const float *dy, const float *weights, float *d_scores) {
  for (long row = rows.begin; row < rows.end; ++row) {
    const float *upstream = dy + row * width, *from = weights + row * width;
    float *to = d_scores + row * width;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (long i = 0; i < width; ++i) sum += upstream[i] * from[i];
#pragma omp simd
    for (long i = 0; i < width; ++i) to[i] = from[i] * (upstream[i] - sum);
  }
}

// --- Finite numbers --------------------------------------------------------------------------------------------------------------

void KeepFinite(Range rows, long width, const float *x, float *finite, float *fault) {
  for (long row = rows.begin; row < rows.end; ++row) {
    const float *from = x + row * width;
    float *to = finite + row * width;
    float differences = 0;
#pragma omp simd reduction(+ : differences)
    for (long i = 0; i < width; ++i) {
      const float number = from[i], difference = number - number;  // ∞ − ∞ is NaN
      differences += difference;
      to[i] = difference == 0 ? number : 0.f;
    }
    fault[row] += differences;
  }
}

// --- Adam ------------------------------------------------------------------------------------------------------------------------

void Adam(Range range, const AdamArguments &adam) {
  const float *weights = adam.weights, *first = adam.first, *second = adam.second;
  const float *gradient = adam.gradient;
  float *new_weights = adam.new_weights, *new_first = adam.new_first, *new_second = adam.new_second;
  const float beta1 = adam.beta1, beta2 = adam.beta2, rate = adam.learning_rate, epsilon = adam.epsilon;
#pragma omp simd
  for (long i = range.begin; i < range.end; ++i) {
    const float g = gradient[i];
    new_first[i] = beta1 * first[i] + (1.f - beta1) * g;
    new_second[i] = beta2 * second[i] + (1.f - beta2) * g * g;
    new_weights[i] = weights[i] - rate * new_first[i] / (__builtin_sqrtf(new_second[i]) + epsilon);
  }
}

// --- Products --------------------------------------------------------------------------------------------------------------------
//
// A tile of c stays in registers while a column of a and a row of b meet, k times. A transposed b is turned first, as much of it as is
// needed next.

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRows = 8;  // of 32 registers, kRows · kVectors hold sums
#else
constexpr int kRows = 4;
#endif
constexpr int kVectors = 3;
constexpr long kColumns = kVectors * kLanes;
constexpr long kDepth = 512;  // so that a panel, at most 96 KB, stays in the cache

template <int R, int C, long Ahead = 0>
inline void AddTile(long k, Matrix a, const float *b, long b_step, float *c, long c_step) {
  Vector sums[R][C];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) sums[r][j] = Load(c + r * c_step + j * kLanes);
  for (long i = 0; i < k; ++i) {
    Vector row[C];
    for (int j = 0; j < C; ++j) row[j] = Load(b + i * b_step + j * kLanes);
    if (Ahead > 0) __builtin_prefetch(b + i * b_step + Ahead);
    for (int r = 0; r < R; ++r)
      for (int j = 0; j < C; ++j) sums[r][j] += a.data[r * a.row_step + i * a.column_step] * row[j];
  }
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < C; ++j) Store(c + r * c_step + j * kLanes, sums[r][j]);
}

inline Matrix Below(Matrix a, long row) { return {a.data + row * a.row_step, a.row_step, a.column_step}; }

/** All rows against C vectors of columns. */
template <int C>
void AddPanel(Range rows, long k, Matrix a, const float *b, long b_step, float *c, long c_step) {
  long row = rows.begin;
  for (; row + kRows <= rows.end; row += kRows) AddTile<kRows, C>(k, Below(a, row), b, b_step, c + row * c_step, c_step);
  for (; row + 2 <= rows.end; row += 2) AddTile<2, C>(k, Below(a, row), b, b_step, c + row * c_step, c_step);
  if (row < rows.end) AddTile<1, C>(k, Below(a, row), b, b_step, c + row * c_step, c_step);
}

/** Columns that do not fill C vectors, as those of the panel do: c goes through a tile. */
template <int C>
void AddNarrow(Range rows, long columns, long k, Matrix a, const float *panel, float *c, long c_step) {
  constexpr long width = C * kLanes;
  for (long row = rows.begin; row < rows.end; ++row) {
    float tile[width] = {};
    for (long j = 0; j < columns; ++j) tile[j] = c[row * c_step + j];
    AddTile<1, C>(k, Below(a, row), panel, width, tile, width);
    for (long j = 0; j < columns; ++j) c[row * c_step + j] = tile[j];
  }
}

/** Copies k rows of b side by side, each `width` long and filled up with zeros. */
void Pack(long k, long columns, long width, Matrix b, float *__restrict panel) {
  if (b.column_step == 1) {
    for (long i = 0; i < k; ++i) {
      for (long j = 0; j < columns; ++j) panel[i * width + j] = b.data[i * b.row_step + j];
      for (long j = columns; j < width; ++j) panel[i * width + j] = 0;
    }
    return;
  }
  if (columns < width) __builtin_memset(panel, 0, k * width * sizeof(float));
  for (long j = 0; j < columns; ++j)
    for (long i = 0; i < k; ++i) panel[i * width + j] = b.data[i * b.row_step + j * b.column_step];
}

/** Both sides lie along k: nothing needs to be turned. */
void AddDots(Range rows, Range columns, long k, Matrix a, Matrix b, float *c, long c_step) {
  for (long row = rows.begin; row < rows.end; ++row) {
    for (long column = columns.begin; column < columns.end; ++column) {
      const float *__restrict x = a.data + row * a.row_step, *__restrict y = b.data + column * b.column_step;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (long i = 0; i < k; ++i) sum += x[i] * y[i];
      c[row * c_step + column] += sum;
    }
  }
}

void AddProduct(Range rows, Range columns, long k, Matrix a, Matrix b, float *c, long c_step) {
  // Not for what is left of more rows: they would be added up in another order than with other parts.
  if (rows.begin == 0 && rows.end < 4 && a.column_step == 1 && b.row_step == 1 && b.column_step != 1) {
    return AddDots(rows, columns, k, a, b, c, c_step);
  }
  alignas(64) float panel[kDepth * kColumns];
  for (long depth = 0; depth < k; depth += kDepth) {
    const long steps = k - depth < kDepth ? k - depth : kDepth;
    const Matrix left = {a.data + depth * a.column_step, a.row_step, a.column_step};
    for (long column = columns.begin, width; column < columns.end; column += width) {
      const long rest = columns.end - column;
      width = rest >= kColumns ? kColumns : rest >= 2 * kLanes ? 2 * kLanes : rest >= kLanes ? kLanes : rest;
      const Matrix right = {b.data + depth * b.row_step + column * b.column_step, b.row_step, b.column_step};
      const float *from = right.data;
      long step = right.row_step;
      if (width < kLanes || right.column_step != 1) {
        step = width < kLanes ? kLanes : width;
        Pack(steps, width, step, right, panel);
        from = panel;
      }
      if (width < kLanes) {
        AddNarrow<1>(rows, width, steps, left, panel, c + column, c_step);
      } else {
        const auto add = width == kColumns ? AddPanel<kVectors> : width == kLanes ? AddPanel<1> : AddPanel<2>;
        add(rows, steps, left, from, step, c + column, c_step);
      }
    }
  }
}

/** Panels lie one after the other: of what is read from memory next, so many numbers ahead are asked for. */
constexpr long kAhead = 1024;
constexpr int kPanelVectors = kPanel / kLanes;
constexpr int kPanelRows = 2 * kRows / kPanelVectors;  // as many as have their sums in half of the registers

template <int R>
inline void AddPanelRows(long &row, long end, long k, Matrix a, const float *panel, float *c, long c_step) {
  for (; row + R <= end; row += R) AddTile<R, kPanelVectors, kAhead>(k, Below(a, row), panel, kPanel, c + row * c_step, c_step);
}

void AddPackedProduct(Range rows, Range columns, long k, Matrix a, const float *panels, float *c, long c_step) {
  for (long column = columns.begin; column < columns.end; column += kPanel) {
    const float *panel = panels + column * k;
    if (columns.end - column < kPanel) {
      AddNarrow<kPanelVectors>(rows, columns.end - column, k, a, panel, c + column, c_step);
      continue;
    }
    long row = rows.begin;
    AddPanelRows<kPanelRows>(row, rows.end, k, a, panel, c + column, c_step);
    AddPanelRows<(kPanelRows + 3) / 4>(row, rows.end, k, a, panel, c + column, c_step);
    AddPanelRows<1>(row, rows.end, k, a, panel, c + column, c_step);
  }
}

// --- Attention -------------------------------------------------------------------------------------------------------------------
//
// Scores of a block lie by key: [keys, kQueryBlock]. So a vector holds several queries of one key, the softmax of each is a lane's, and of
// all products only the queries have to be turned.

enum class Seen { kNothing, kSome, kAll };

/** What a block's queries see of its keys. */
Seen Look(const Sight &sight, Range queries, Range keys) {
  const long least = keys.begin - (queries.end - 1), most = keys.end - 1 - queries.begin;
  if (most < sight.low || least > sight.high) return Seen::kNothing;
  bool all = least >= sight.low && most <= sight.high;
  if (sight.allowed == nullptr) return all ? Seen::kAll : Seen::kSome;
  bool any = false;
  const bool alike = sight.starts[queries.begin] == sight.starts[queries.end - 1];
  for (long i = queries.begin; i < (alike ? queries.begin + 1 : queries.end); ++i) {
    const unsigned char *allowed = sight.allowed + sight.starts[i];
    long shown = 0;
#pragma omp simd reduction(+ : shown)
    for (long j = keys.begin; j < keys.end; ++j) shown += allowed[j] != 0;
    any = any || shown > 0;
    all = all && shown == keys.end - keys.begin;
  }
  return !any ? Seen::kNothing : all ? Seen::kAll : Seen::kSome;
}

void Hide(const Sight &sight, Range queries, Range keys, float *scores) {
  const long count = queries.end - queries.begin;
  for (long j = keys.begin; j < keys.end; ++j) {
    float *row = scores + (j - keys.begin) * kQueryBlock;
    const long first = j - sight.high - queries.begin, last = j - sight.low - queries.begin;  // that see it
    for (long i = 0; i < (first < count ? first : count); ++i) row[i] = kHidden;
    for (long i = last < -1 ? 0 : last + 1; i < count; ++i) row[i] = kHidden;
  }
  if (sight.allowed == nullptr) return;
  for (long i = 0; i < count; ++i) {
    const unsigned char *allowed = sight.allowed + sight.starts[queries.begin + i];
    for (long j = keys.begin; j < keys.end; ++j) {
      if (!allowed[j]) scores[(j - keys.begin) * kQueryBlock + i] = kHidden;
    }
  }
}

/** scale · rows, turned: [width, kQueryBlock], filled up with zeros. */
void Turn(Rows<const float> rows, Range range, long width, float scale, float *__restrict turned) {
  const long count = range.end - range.begin;
  if (count < kQueryBlock) __builtin_memset(turned, 0, width * kQueryBlock * sizeof(float));
  for (long i = 0; i < count; ++i) {
    const float *from = rows.data + (range.begin + i) * rows.step;
    for (long d = 0; d < width; ++d) turned[d * kQueryBlock + i] = scale * from[d];
  }
}

/** rows · turned, by row: the first `columns` of [rows, kQueryBlock]. */
void MultiplyTurned(Rows<const float> rows, Range range, long width, const float *turned, long columns, float *product) {
  const long count = range.end - range.begin;
  __builtin_memset(product, 0, count * kQueryBlock * sizeof(float));
  const Matrix left = {rows.data + range.begin * rows.step, rows.step, 1};
  AddProduct({0, count}, {0, columns}, width, left, {turned, kQueryBlock, 1}, product, kQueryBlock);
}

/** Enough whole vectors for so many numbers. */
inline long WholeVectors(long count) { return (count + kLanes - 1) / kLanes * kLanes; }

/** Scores of so few queries that most lanes would stay empty: numbers are multiplied along the width instead. */
void ScoreFew(Range queries, Range keys, const AttentionArguments &head, float *scores) {
  const long count = queries.end - queries.begin, others = keys.end - keys.begin;
  __builtin_memset(scores, 0, others * kQueryBlock * sizeof(float));
  AddDots({0, others}, {0, count}, head.width, {head.key.data + keys.begin * head.key.step, head.key.step, 1},
          {head.query.data + queries.begin * head.query.step, 1, head.query.step}, scores, kQueryBlock);
  for (long j = 0; j < others; ++j)
    for (long i = 0; i < count; ++i) scores[j * kQueryBlock + i] *= head.scale;
}

inline Range Block(long begin, long size, long end) { return {begin, begin + size < end ? begin + size : end}; }

/** Whether all numbers of a row are finite. */
inline bool IsFinite(const float *row, long width) {
  float zero = 0;
#pragma omp simd reduction(+ : zero)
  for (long d = 0; d < width; ++d) zero += row[d] - row[d];  // ∞ − ∞ is NaN
  return zero == 0;
}

/** sums += weights · rows, of which a row that is not finite counts only for those who see it: for a weight of 0 it counts nothing. */
void AddSeen(long count, Range keys, Matrix weights, Rows<const float> rows, long width, Seen seen, float *sums, long step) {
  const auto add = [&](long first, long last) {
    if (first == last) return;
    const Matrix part = {weights.data + (first - keys.begin) * weights.column_step, weights.row_step, weights.column_step};
    AddProduct({0, count}, {0, width}, last - first, part, {rows.data + first * rows.step, rows.step, 1}, sums, step);
  };
  long first = keys.begin;
  for (long j = keys.begin; seen == Seen::kSome && j < keys.end; ++j) {
    const float *row = rows.data + j * rows.step;
    if (IsFinite(row, width)) continue;
    add(first, j);
    first = j + 1;
    for (long i = 0; i < count; ++i) {
      const float weight = weights.data[i * weights.row_step + (j - keys.begin) * weights.column_step];
      for (long d = 0; d < width && weight != 0; ++d) sums[i * step + d] += weight * row[d];
    }
  }
  add(first, keys.end);
}

void AttentionBlock(Range queries, const AttentionArguments &head, float *__restrict scratch) {
  const long count = queries.end - queries.begin, lanes = WholeVectors(count), width = head.value_width;
  float *scores = scratch, *turned = scores + kKeyBlock * kQueryBlock, *sums = turned + head.width * kQueryBlock;
  float *__restrict largest = sums + width * kQueryBlock;  // `sums` are of weights · values: [kQueryBlock, value_width]
  float *__restrict total = largest + kQueryBlock, *__restrict before = total + kQueryBlock;
  const bool few = count < 4;
  if (!few) Turn(head.query, queries, head.width, head.scale, turned);
  __builtin_memset(sums, 0, count * width * sizeof(float));
  for (long i = 0; i < lanes; ++i) {
    largest[i] = kLeast;
    total[i] = 0;
  }
  for (long key = 0; key < head.keys; key += kKeyBlock) {
    const Range keys = Block(key, kKeyBlock, head.keys);
    const Seen seen = Look(head.sight, queries, keys);
    if (seen == Seen::kNothing) continue;
    if (few) ScoreFew(queries, keys, head, scores);
    else MultiplyTurned(head.key, keys, head.width, turned, lanes, scores);
    if (seen == Seen::kSome) Hide(head.sight, queries, keys, scores);
    for (long i = 0; i < lanes; ++i) before[i] = largest[i];
    for (long j = 0; j < keys.end - key; ++j) {
      const float *__restrict row = scores + j * kQueryBlock;
#pragma omp simd
      for (long i = 0; i < lanes; ++i) largest[i] = row[i] > largest[i] ? row[i] : largest[i];
    }
    bool risen = false;
    for (long i = 0; i < count; ++i) risen = risen || before[i] < largest[i];
    if (risen) {
#pragma omp simd
      for (long i = 0; i < lanes; ++i) {
        before[i] = Exp(before[i] - largest[i]);
        total[i] *= before[i];
      }
      for (long i = 0; i < count && key > 0; ++i) {
#pragma omp simd
        for (long d = 0; d < width; ++d) sums[i * width + d] *= before[i];
      }
    }
    for (long j = 0; j < keys.end - key; ++j) {
      float *__restrict row = scores + j * kQueryBlock;
#pragma omp simd
      for (long i = 0; i < lanes; ++i) {
        row[i] = row[i] == kHidden ? 0.f : Exp(row[i] - largest[i]);
        total[i] += row[i];
      }
    }
    AddSeen(count, keys, {scores, 1, kQueryBlock}, head.value, width, seen, sums, width);
  }
  for (long i = 0; i < count; ++i) {
    const float share = total[i] == 0 ? 0.f : 1.f / total[i];
    float *to = head.result.data + (queries.begin + i) * head.result.step;
#pragma omp simd
    for (long d = 0; d < width; ++d) to[d] = sums[i * width + d] * share;
    head.log_sums[queries.begin + i] = total[i] == 0 ? 0.f : largest[i] + __builtin_logf(total[i]);
  }
}

void Attention(Range queries, const AttentionArguments &head, float *scratch) {
  for (long query = queries.begin; query < queries.end; query += kQueryBlock) {
    AttentionBlock(Block(query, kQueryBlock, queries.end), head, scratch);
  }
}

/** Beyond it float32 has no room for the logarithm of a sum beside the largest score. */
constexpr float kLargestLogSum = 256;

/** The largest score of each query and 1 / Σ exp(score − largest), where the logarithm of the sum does not tell them exactly. */
void Normalise(Range queries, const AttentionArguments &head, const float *turned, long lanes, float *scores, float *__restrict largest,
               float *__restrict share) {
  for (long i = 0; i < lanes; ++i) {
    largest[i] = kLeast;
    share[i] = 0;
  }
  for (int pass = 0; pass < 2; ++pass) {
    for (long key = 0; key < head.keys; key += kKeyBlock) {
      const Range keys = Block(key, kKeyBlock, head.keys);
      const Seen seen = Look(head.sight, queries, keys);
      if (seen == Seen::kNothing) continue;
      MultiplyTurned(head.key, keys, head.width, turned, lanes, scores);
      if (seen == Seen::kSome) Hide(head.sight, queries, keys, scores);
      for (long j = 0; j < keys.end - key; ++j) {
        const float *row = scores + j * kQueryBlock;
        for (long i = 0; i < lanes; ++i) {
          if (pass == 0) largest[i] = row[i] > largest[i] ? row[i] : largest[i];
          else share[i] += row[i] == kHidden ? 0.f : Exp(row[i] - largest[i]);
        }
      }
    }
  }
  for (long i = 0; i < lanes; ++i) share[i] = share[i] == 0 ? 0.f : 1.f / share[i];
}

void AttentionGradient(long count, const AttentionGradientArguments &gradient, float *scratch) {
  const AttentionArguments &head = gradient.attention;
  const float scale = head.scale;
  float *weights = scratch, *d_scores = weights + kKeyBlock * kQueryBlock;
  float *turned = d_scores + kKeyBlock * kQueryBlock, *turned_dy = turned + head.width * kQueryBlock;
  float *__restrict largest = turned_dy + head.value_width * kQueryBlock, *__restrict delta = largest + kQueryBlock;
  float *__restrict share = delta + kQueryBlock;
  const auto rows = [](Rows<const float> of, long first) { return Matrix{of.data + first * of.step, of.step, 1}; };
  for (long query = 0; query < count; query += kQueryBlock) {
    const Range queries = Block(query, kQueryBlock, count);
    const long some = queries.end - query, lanes = WholeVectors(some);
    Turn(head.query, queries, head.width, head.scale, turned);
    Turn(gradient.dy, queries, head.value_width, 1.f, turned_dy);
    for (long i = 0; i < lanes; ++i) largest[i] = delta[i] = share[i] = 0;
    bool exact = true;
    for (long i = 0; i < some; ++i) {
      const float *dy = gradient.dy.data + (query + i) * gradient.dy.step, *y = head.result.data + (query + i) * head.result.step;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (long d = 0; d < head.value_width; ++d) sum += dy[d] * y[d];
      delta[i] = sum;  // Σ weight · its gradient, against which each is measured
      largest[i] = head.log_sums[query + i];
      share[i] = 1;
      exact = exact && largest[i] > -kLargestLogSum && largest[i] < kLargestLogSum;
    }
    if (!exact) Normalise(queries, head, turned, lanes, weights, largest, share);
    for (long key = 0; key < head.keys; key += kKeyBlock) {
      const Range keys = Block(key, kKeyBlock, head.keys);
      const long others = keys.end - key;
      const Seen seen = Look(head.sight, queries, keys);
      if (seen == Seen::kNothing) continue;
      MultiplyTurned(head.key, keys, head.width, turned, lanes, weights);
      if (seen == Seen::kSome) Hide(head.sight, queries, keys, weights);
      MultiplyTurned(head.value, keys, head.value_width, turned_dy, lanes, d_scores);
      for (long j = 0; j < others; ++j) {
        float *__restrict row = weights + j * kQueryBlock, *__restrict d_row = d_scores + j * kQueryBlock;
#pragma omp simd
        for (long i = 0; i < lanes; ++i) {
          // all computed, then selected: a product behind a condition would keep the loop from becoming vectors
          const float weight = row[i] == kHidden ? 0.f : Exp(row[i] - largest[i]) * share[i];
          const float d_score = weight * (d_row[i] - delta[i]) * scale;
          d_row[i] = row[i] == kHidden ? 0.f : d_score;
          row[i] = weight;
        }
      }
      const auto by_key = [](float *block) { return Matrix{block, kQueryBlock, 1}; };
      AddProduct({0, others}, {0, head.value_width}, some, by_key(weights), rows(gradient.dy, query),
                 gradient.d_value.data + key * gradient.d_value.step, gradient.d_value.step);
      AddProduct({0, others}, {0, head.width}, some, by_key(d_scores), rows(head.query, query),
                 gradient.d_key.data + key * gradient.d_key.step, gradient.d_key.step);
      AddSeen(some, keys, {d_scores, 1, kQueryBlock}, head.key, head.width, seen, gradient.d_query.data + query * gradient.d_query.step,
              gradient.d_query.step);
    }
  }
}

// --- Recurrence ------------------------------------------------------------------------------------------------------------------

void LstmForward(Range sequences, const LstmArguments &lstm) {
  const long width = lstm.width, rows = sequences.end - sequences.begin;
  for (long step = 0; step < lstm.steps; ++step) {
    const long first = step * lstm.batch + sequences.begin;  // row of this thread's sequences among all of [T, B]
    const long before = first - lstm.batch;
    const float *hidden = step > 0 ? lstm.hiddens + before * width : lstm.first_hidden + sequences.begin * width;
    const float *cell = step > 0 ? lstm.cells + before * width : lstm.first_cell + sequences.begin * width;
    float *gates = lstm.gates + first * 4 * width;
    __builtin_memcpy(gates, lstm.projected + first * 4 * width, rows * 4 * width * sizeof(float));
    AddProduct({0, rows}, {0, 4 * width}, width, {hidden, width, 1}, {lstm.weight, 4 * width, 1}, gates, 4 * width);
    for (long row = 0; row < rows; ++row) {
      float *__restrict input = gates + row * 4 * width;
      float *__restrict forget = input + width, *__restrict candidate = forget + width, *__restrict output = candidate + width;
      const float *__restrict from = cell + row * width;
      float *__restrict next = lstm.cells + (first + row) * width, *__restrict shown = lstm.hiddens + (first + row) * width;
#pragma omp simd
      for (long i = 0; i < width; ++i) {
        input[i] = Sigmoid(input[i]);
        forget[i] = Sigmoid(forget[i]);
        candidate[i] = Tanh(candidate[i]);
        output[i] = Sigmoid(output[i]);
        next[i] = forget[i] * from[i] + input[i] * candidate[i];
        shown[i] = output[i] * Tanh(next[i]);
      }
    }
  }
}

void LstmBackward(Range sequences, const LstmGradientArguments &lstm) {
  const long width = lstm.width, rows = sequences.end - sequences.begin;
  // The gradients of the state, carried from step to step in what becomes those of the first.
  float *d_hidden = lstm.d_first_hidden + sequences.begin * width, *d_cell = lstm.d_first_cell + sequences.begin * width;
  __builtin_memset(d_hidden, 0, rows * width * sizeof(float));
  __builtin_memset(d_cell, 0, rows * width * sizeof(float));
  for (long step = lstm.steps - 1; step >= 0; --step) {
    const long first = step * lstm.batch + sequences.begin;
    const float *before = step > 0 ? lstm.cells + (first - lstm.batch) * width : lstm.first_cell + sequences.begin * width;
    for (long row = 0; row < rows; ++row) {
      const float *__restrict input = lstm.gates + (first + row) * 4 * width;
      const float *__restrict forget = input + width, *__restrict candidate = forget + width, *__restrict output = candidate + width;
      const float *__restrict cell = lstm.cells + (first + row) * width, *__restrict from = before + row * width;
      const float *__restrict of_hidden = lstm.d_hiddens + (first + row) * width;
      const float *__restrict of_cell = lstm.d_cells + (first + row) * width;
      float *__restrict d_input = lstm.d_gates + (first + row) * 4 * width;
      float *__restrict d_forget = d_input + width, *__restrict d_candidate = d_forget + width;
      float *__restrict d_output = d_candidate + width;
      float *__restrict carried = d_cell + row * width, *__restrict back = d_hidden + row * width;
#pragma omp simd
      for (long i = 0; i < width; ++i) {
        const float squashed = Tanh(cell[i]);
        const float hidden = of_hidden[i] + back[i];
        const float whole = of_cell[i] + carried[i] + hidden * output[i] * (1.f - squashed * squashed);
        d_input[i] = whole * candidate[i] * input[i] * (1.f - input[i]);
        d_forget[i] = whole * from[i] * forget[i] * (1.f - forget[i]);
        d_candidate[i] = whole * input[i] * (1.f - candidate[i] * candidate[i]);
        d_output[i] = hidden * squashed * output[i] * (1.f - output[i]);
        carried[i] = whole * forget[i];
        back[i] = 0;
      }
    }
    const float *d_gates = lstm.d_gates + first * 4 * width;
    AddProduct({0, rows}, {0, width}, 4 * width, {d_gates, 4 * width, 1}, {lstm.weight, width, 1}, d_hidden, width);
  }
}

}  // namespace

extern const Kernels HEED_INSTRUCTIONS;
const Kernels HEED_INSTRUCTIONS = {
    Gelu,          GeluGradient,    GeluTanh, GeluTanhGradient, LayerNorm,        LayerNormGradient,
    MaskedSoftmax, SoftmaxGradient, KeepFinite, Adam,           AddProduct,       Pack,
    AddPackedProduct,               Attention, AttentionGradient, LstmForward,    LstmBackward,
};

}  // namespace heed
