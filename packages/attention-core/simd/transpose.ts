import { transpose4x4 } from './pack';

/** x [rows, columns] transposed: y [columns, rows]. */
export function transpose(x: usize, y: usize, rows: usize, columns: usize): void {
  const from = columns * 4;
  const to = rows * 4;
  let i: usize = 0;
  for (; i + 4 <= rows; i += 4) {
    let j: usize = 0;
    for (; j + 4 <= columns; j += 4) transpose4x4(x + i * from + j * 4, from, y + j * to + i * 4, to);
    for (; j < columns; j++) {
      for (let r: usize = i; r < i + 4; r++) store<f32>(y + j * to + r * 4, load<f32>(x + r * from + j * 4));
    }
  }
  for (; i < rows; i++) {
    for (let j: usize = 0; j < columns; j++) store<f32>(y + j * to + i * 4, load<f32>(x + i * from + j * 4));
  }
}
