/**
 * The best way through a matrix from its first to its last corner, by steps to the next row, the next column or both (Sakoe & Chiba 1978).
 *
 * @param gains row-major [rows, columns]: what is gained in each place
 * @returns for each row, the first column of the path
 * @throws if there are no rows or columns
 */
export function firstColumns(gains: ArrayLike<number>, rows: number, columns: number): Int32Array {
  if (rows < 1 || columns < 1 || gains.length !== rows * columns) {
    throw new Error(`firstColumns: gains must be a matrix of ${rows} × ${columns} numbers, got ${gains.length}`);
  }
  const width = columns + 1;
  const best = new Float64Array((rows + 1) * width).fill(-Infinity);
  /** Where a place was come to from: 0 both, 1 the row before, 2 the column before. */
  const from = new Uint8Array((rows + 1) * width).fill(2);
  best[0] = 0;
  for (let column = 1; column <= columns; column++) {
    for (let row = 1; row <= rows; row++) {
      const at = row * width + column;
      const [both, above, before] = [best[at - width - 1], best[at - width], best[at - 1]];
      const step = both > above && both > before ? 0 : above > both && above > before ? 1 : 2;
      best[at] = gains[(row - 1) * columns + column - 1] + (step === 0 ? both : step === 1 ? above : before);
      from[at] = step;
    }
  }
  const first = new Int32Array(rows);
  for (let row = rows, column = columns; row > 0;) {
    first[row - 1] = column - 1;
    const step = column === 1 ? (row === 1 ? 0 : 1) : row === 1 ? 2 : from[row * width + column];
    if (step !== 2) row--;
    if (step !== 1) column--;
  }
  return first;
}
