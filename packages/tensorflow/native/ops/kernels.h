// The arithmetic of Heed's own TensorFlow ops, on plain arrays: no TensorFlow, no threads. kernels.cc is compiled once for each set of
// instructions, and `BestKernels` picks the widest that this processor has, so that an installation may move to another machine.
//
// Matrices are float32 and row-major; a range of rows or of elements is the part that one thread does.

#ifndef HEED_KERNELS_H_
#define HEED_KERNELS_H_

namespace heed {

struct Range {
  long begin, end;
};

/** A matrix where it lies, transposed or not: element (i, j) is data[i · row_step + j · column_step]. */
struct Matrix {
  const float *data;
  long row_step, column_step;
};

/** Rows of a matrix that lie `step` apart. */
template <class Number>
struct Rows {
  Number *data;
  long step;
};

/** The keys j that query i may see: those with low ≤ j − i ≤ high for which allowed[starts[i] + j] holds; `allowed` may be null. */
struct Sight {
  long low, high;
  const unsigned char *allowed;
  const long *starts;
};

/** One head of attention with the scores scale · q · kᵀ. */
struct AttentionArguments {
  long keys, width, value_width;
  float scale;
  Sight sight;
  Rows<const float> query; // [L, width]
  Rows<const float> key;   // [S, width]
  Rows<const float> value; // [S, value_width]
  Rows<float> result;      // [L, value_width]
  float *log_sums;         // [L]: log Σ exp(scores) of what each query sees
};

struct AttentionGradientArguments {
  AttentionArguments attention;
  Rows<const float> dy; // [L, value_width]
  Rows<float> d_query, d_key, d_value;
};

/** One LSTM layer over T steps of B sequences, H wide; the four gates lie side by side: input, forget, candidate, output. */
struct LstmArguments {
  long steps, batch, width;
  const float *projected;    // [T, B, 4H], of the inputs, biases added
  const float *weight;       // [H, 4H]
  const float *first_hidden; // [B, H]
  const float *first_cell;   // [B, H]
  float *gates;              // [T, B, 4H], squashed
  float *cells;              // [T, B, H]
  float *hiddens;            // [T, B, H]
};

struct LstmGradientArguments {
  long steps, batch, width;
  const float *d_hiddens;  // [T, B, H]
  const float *d_cells;    // [T, B, H]
  const float *gates;      // [T, B, 4H]
  const float *cells;      // [T, B, H]
  const float *first_cell; // [B, H]
  const float *weight;     // [4H, H], transposed
  float *d_gates;          // [T, B, 4H], of the gates before they are squashed
  float *d_first_hidden;   // [B, H]
  float *d_first_cell;     // [B, H]
};

struct AdamArguments {
  const float *weights, *first, *second, *gradient;
  float learning_rate, epsilon, beta1, beta2;
  float *new_weights, *new_first, *new_second;
};

struct Kernels {
  // x·Φ(x), and its gradient
  void (*gelu)(Range, const float *x, float *y);
  void (*gelu_gradient)(Range, const float *dy, const float *x, float *dx);
  // x·σ(a·x·(1 + 0.044715 x²)), a = 2√(2/π): GPT-2's approximation
  void (*gelu_tanh)(Range, const float *x, float *y);
  void (*gelu_tanh_gradient)(Range, const float *dy, const float *x, float *dx);

  // y = (x − mean) · inverse · gain + bias, inverse = 1 / √(variance + ε), of rows [width]
  void (*layer_norm)(Range rows, long width, float epsilon, const float *x, const float *gain, const float *bias, float *y,
                     float *mean, float *inverse);
  // Adds what these rows give to d_gain and d_bias, [width] both.
  void (*layer_norm_gradient)(Range rows, long width, const float *dy, const float *x, const float *mean, const float *inverse,
                              const float *gain, float *dx, float *d_gain, float *d_bias);

  // Of rows [width], hidden numbers 0 unless all of a row are; row r has the part of `allowed` that begins at starts[r].
  void (*masked_softmax)(Range rows, long width, const float *scores, const unsigned char *allowed, const long *starts, float *weights);
  void (*softmax_gradient)(Range rows, long width, const float *dy, const float *weights, float *d_scores);

  // Rows [width] with 0 for what is not finite; NaN is added to fault[r] where row r had any, else 0.
  void (*keep_finite)(Range rows, long width, const float *x, float *finite, float *fault);

  // m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η · m / (√v + ε)
  void (*adam)(Range, const AdamArguments &);

  // c += a · b for a range of a's rows and one of b's columns, k being the length of both; rows of c lie c_step apart
  void (*add_product)(Range rows, Range columns, long k, Matrix a, Matrix b, float *c, long c_step);

  // Copies k rows of b side by side, each `width` long and filled up with zeros.
  void (*pack)(long k, long columns, long width, Matrix b, float *panel);

  // The same product where b lies as panels, [columns / kPanel, k, kPanel]; the range of columns begins with a panel.
  void (*add_packed_product)(Range rows, Range columns, long k, Matrix a, const float *panels, float *c, long c_step);

  // Softmax is summed as blocks of keys come (Milakov & Gimelshein 2018); a query that sees nothing gets 0. `scratch` has room for
  // AttentionScratch(width, value_width) numbers.
  void (*attention)(Range queries, const AttentionArguments &, float *scratch);
  // Of all L queries, by weights made once more (Dao et al. 2022). What the keys and values of several heads get is added up.
  void (*attention_gradient)(long queries, const AttentionGradientArguments &, float *scratch);

  // Sequences do not meet, so each thread does all steps of some of them.
  void (*lstm)(Range sequences, const LstmArguments &);
  void (*lstm_gradient)(Range sequences, const LstmGradientArguments &);
};

/** Columns of a weight that lie together where it is packed. */
constexpr long kPanel = 16;

/** Queries and keys of a block, whose scores stay in the cache. */
constexpr long kQueryBlock = 64, kKeyBlock = 128;

/** How many numbers attention and its gradient keep for a block. */
constexpr long AttentionScratch(long width, long value_width) {
  return kQueryBlock * (2 * kKeyBlock + width + 2 * value_width + 4);
}

/** Of the widest instructions that this processor has; HEED_INSTRUCTIONS (baseline, avx2, avx512) names the widest to use. */
const Kernels &BestKernels();

}  // namespace heed

#endif  // HEED_KERNELS_H_
