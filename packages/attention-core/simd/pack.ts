/** Copies parts of matrices into the order in which `matmul` reads them. */

/** Four rows of four numbers, transposed: row i of `to` takes column i of the rows at `from`, `stride` apart. */
export function transpose4x4(from: usize, stride: usize, to: usize, toRow: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride);
  const r3 = v128.load(from + 3 * stride);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(to + toRow, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(to + 2 * toRow, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(to + 3 * toRow, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

/** A panel: eight columns (the first `width` of them from b, the rest 0) of `k` rows, row by row. */
export function packPanel(k: usize, width: usize, b: usize, row: usize, column: usize, to: usize): void {
  if (width == 8 && column == 4) {
    for (; k > 0; k--) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += row;
      to += 32;
    }
    return;
  }
  let p: usize = 0;
  if (width == 8 && row == 4) {
    for (; p + 4 <= k; p += 4) {
      transpose4x4(b + p * 4, column, to + p * 32, 32);
      transpose4x4(b + p * 4 + 4 * column, column, to + p * 32 + 16, 32);
    }
  }
  for (; p < k; p++) {
    const source = b + p * row;
    const target = to + p * 32;
    for (let j: usize = 0; j < 8; j++) {
      store<f32>(target + j * 4, j < width ? load<f32>(source + j * column) : 0);
    }
  }
}

/** `rows` rows (a multiple of 4) by `k` numbers of a matrix whose columns lie side by side, as tiles of k × 4. */
export function packColumns(rows: usize, k: usize, a: usize, row: usize, column: usize, to: usize): void {
  for (let i: usize = 0; i < rows; i += 4) {
    let source = a + i * row;
    if (row == 4) {
      for (let p: usize = 0; p < k; p++, source += column, to += 16) v128.store(to, v128.load(source));
      continue;
    }
    for (let p: usize = 0; p < k; p++, source += column, to += 16) {
      for (let r: usize = 0; r < 4; r++) store<f32>(to + r * 4, load<f32>(source + r * row));
    }
  }
}
