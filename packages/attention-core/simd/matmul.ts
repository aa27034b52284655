import { packColumns, packPanel } from './pack';
import { dot, tile1x8, tile4x8 } from './tiles';

/** Blocks of b that stay in the second-level cache: K × N numbers; of a: M × K numbers. */
const K: usize = 256;
const N: usize = 512;
const M: usize = 256;

/** Below so many rows it does not pay to copy b. */
const FEW_ROWS: usize = 16;

const EDGE: usize = 4 * 8 * 4;

/** Bytes that `matmul` needs at `scratch`. */
export function matmulScratch(): usize {
  return (K * N + M * K) * 4 + EDGE;
}

/**
 * c = a·b, `batches` times: [m, k] by [k, n], each of any strides, into c [m, n] row by row.
 */
export function matmul(
  batches: usize,
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aBatch: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bBatch: usize,
  bRow: usize,
  bColumn: usize,
  c: usize,
  scratch: usize,
): void {
  const cBatch = m * n * 4;
  for (let batch: usize = 0; batch < batches; batch++) {
    if (m < 4 && bRow == 4 && aColumn == 4) dots(m, n, k, a, aRow, b, bColumn, c);
    else product(m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, scratch);
    a += aBatch;
    b += bBatch;
    c += cBatch;
  }
}

/** For few rows by transposed columns: each number of c by itself. */
function dots(m: usize, n: usize, k: usize, a: usize, aRow: usize, b: usize, bColumn: usize, c: usize): void {
  for (let i: usize = 0; i < m; i++, a += aRow) {
    for (let j: usize = 0; j < n; j++, c += 4) store<f32>(c, dot(k, a, b + j * bColumn));
  }
}

function product(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aRow: usize,
  aColumn: usize,
  b: usize,
  bRow: usize,
  bColumn: usize,
  c: usize,
  scratch: usize,
): void {
  const panels = scratch;
  const columns = panels + K * N * 4;
  const edge = columns + M * K * 4;
  const cRow = n * 4;
  const direct = bColumn == 4 && m < FEW_ROWS;
  if (k == 0) memory.fill(c, 0, m * cRow);
  for (let k0: usize = 0; k0 < k; k0 += K) {
    const depth = min(K, k - k0);
    for (let n0: usize = 0; n0 < n; n0 += N) {
      const width = min(N, n - n0);
      const bBlock = b + k0 * bRow + n0 * bColumn;
      for (let j: usize = 0; j < width; j += 8) {
        if (direct && j + 8 <= width) continue;
        packPanel(depth, min(8, width - j), bBlock + j * bColumn, bRow, bColumn, panels + j * depth * 4);
      }
      for (let m0: usize = 0; m0 < m; m0 += M) {
        const height = min(M, m - m0);
        const fours = height & ~3;
        let aBlock = a + m0 * aRow + k0 * aColumn;
        let tileStep: usize = 4 * aRow;
        let tileRow = aRow;
        let tileColumn = aColumn;
        if (aColumn != 4) {
          packColumns(fours, depth, aBlock, aRow, aColumn, columns);
          tileStep = depth * 16;
          tileRow = 4;
          tileColumn = 16;
        }
        for (let j: usize = 0; j < width; j += 8) {
          const whole = j + 8 <= width;
          const panel = direct && whole ? bBlock + j * 4 : panels + j * depth * 4;
          const panelRow: usize = direct && whole ? bRow : 32;
          const cBlock = c + m0 * cRow + (n0 + j) * 4;
          const tiles = aColumn != 4 ? columns : aBlock;
          for (let i: usize = 0; i < fours; i += 4) {
            const at = cBlock + i * cRow;
            const tile = tiles + (i >> 2) * tileStep;
            if (whole) {
              tile4x8(depth, tile, tileRow, tileColumn, panel, panelRow, at, cRow, k0 > 0);
            } else {
              tile4x8(depth, tile, tileRow, tileColumn, panel, panelRow, edge, 32, false);
              copyEdge(4, width - j, edge, at, cRow, k0 > 0);
            }
          }
          for (let i: usize = fours; i < height; i++) {
            const at = cBlock + i * cRow;
            if (whole) {
              tile1x8(depth, aBlock + i * aRow, aColumn, panel, panelRow, at, k0 > 0);
            } else {
              tile1x8(depth, aBlock + i * aRow, aColumn, panel, panelRow, edge, false);
              copyEdge(1, width - j, edge, at, cRow, k0 > 0);
            }
          }
        }
      }
    }
  }
}

/** The first `width` columns of a tile to c, where a whole tile would reach beyond it. */
function copyEdge(rows: usize, width: usize, tile: usize, c: usize, cRow: usize, accumulate: bool): void {
  for (let i: usize = 0; i < rows; i++, c += cRow, tile += 32) {
    for (let j: usize = 0; j < width; j++) {
      const value = load<f32>(tile + j * 4);
      store<f32>(c + j * 4, accumulate ? load<f32>(c + j * 4) + value : value);
    }
  }
}
