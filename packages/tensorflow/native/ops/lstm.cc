// All steps of an LSTM layer, and their gradients.

#include "op.h"

namespace heed {
namespace {

/** A width of which four fit in a number. */
constexpr long kMostWidth = 1L << 60;

/** Sequences for a thread: whole groups of eight, of which products are made. */
long SequencesPerThread(long batch) { return (batch / ThreadCount() + 7) / 8 * 8; }

void Lstm(Call &call, const Attributes &) {
  call.requireInputs(4);
  const auto projected = call.input(0, "projected"), weight = call.input(1, "weight"), hidden = call.input(2, "hidden");
  const auto cell = call.input(3, "cell");
  const long width = hidden.last(), batch = hidden.rows();
  call.require(hidden.rank() == 2 && width < kMostWidth && projected.rank() == 3 && projected.shape[1] == batch && projected.last() == 4 * width &&
                   weight.shape == Shape({width, 4 * width}) && cell.shape == hidden.shape,
               "gates [T, B, 4H], weight [H, 4H], hidden and cell [B, H] must fit together");
  if (!call.ok()) return;
  const long steps = projected.shape[0];
  LstmArguments lstm{steps, batch, width, projected.data, weight.data, hidden.data, cell.data, nullptr, nullptr, nullptr};
  lstm.gates = call.output(0, projected.shape);
  lstm.cells = call.output(1, {steps, batch, width});
  lstm.hiddens = call.output(2, {steps, batch, width});
  if (!call.ok() || batch == 0 || width == 0) return;
  ParallelFor(batch, SequencesPerThread(batch), [&](Range sequences) { BestKernels().lstm(sequences, lstm); });
}

void LstmGradient(Call &call, const Attributes &) {
  call.requireInputs(6);
  const auto d_hiddens = call.input(0, "d_hiddens"), d_cells = call.input(1, "d_cells"), gates = call.input(2, "gates");
  const auto cells = call.input(3, "cells"), first_cell = call.input(4, "first_cell"), weight = call.input(5, "weight");
  const long width = cells.last(), batch = first_cell.rows();
  call.require(first_cell.rank() == 2 && width < kMostWidth && cells.rank() == 3 && cells.shape[1] == batch &&
                   first_cell.last() == width && d_hiddens.shape == cells.shape && d_cells.shape == cells.shape &&
                   gates.shape == Shape({cells.shape[0], batch, 4 * width}) && weight.shape == Shape({4 * width, width}),
               "gradients and cells [T, B, H], gates [T, B, 4H], the first cell [B, H], weight [4H, H] must fit together");
  if (!call.ok()) return;
  LstmGradientArguments lstm{cells.shape[0], batch,           width,       d_hiddens.data, d_cells.data, gates.data,
                             cells.data,     first_cell.data, weight.data, nullptr,        nullptr,      nullptr};
  lstm.d_gates = call.output(0, gates.shape);
  lstm.d_first_hidden = call.output(1, first_cell.shape);
  lstm.d_first_cell = call.output(2, first_cell.shape);
  if (!call.ok() || batch == 0 || width == 0) return;
  ParallelFor(batch, SequencesPerThread(batch), [&](Range sequences) { BestKernels().lstm_gradient(sequences, lstm); });
}

}  // namespace

std::vector<Op> LstmOps() {
  return {
      {"HeedLstm", {"projected", "weight", "hidden", "cell"}, {"gates", "cells", "hiddens"}, Compute<Lstm>},
      {"HeedLstmGradient",
       {"d_hiddens", "d_cells", "gates", "cells", "first_cell", "weight"},
       {"d_gates", "d_first_hidden", "d_first_cell"},
       Compute<LstmGradient>},
  };
}

}  // namespace heed
