import { escapeMarkup } from '@heed/attention-core';
import { formatFigure } from '@heed/tasks';

/** Rows under named columns; the first cell of a row names it. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export const TABLE_STYLE =
  '.table{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}' +
  'th,td{padding:.3rem .9rem .3rem 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}' +
  'th{font-weight:600}.number{text-align:right}';

/**
 * A table as HTML; numbers stand right.
 *
 * @throws if a row has more or fewer cells than there are columns
 */
export function renderTable({ columns, rows }: Table): string {
  const wrong = rows.findIndex((row) => row.length !== columns.length);
  if (wrong !== -1) {
    throw new Error(
      `renderTable: every row must have one cell per column, got ${rows[wrong].length} cells in row ${wrong}, ${columns.length} columns`,
    );
  }
  const numeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const cell = (value: string | number, column: number): string => {
    const text = typeof value === 'number' ? formatFigure(value) : escapeMarkup(value);
    if (column === 0) return `<th scope="row"${right(numeric[column])}>${text}</th>`;
    return `<td${right(numeric[column])}>${text}</td>`;
  };
  const head = columns
    .map((name, column) => `<th scope="col"${right(numeric[column])}>${escapeMarkup(name)}</th>`)
    .join('');
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('');
  return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function right(numeric: boolean): string {
  return numeric ? ' class="number"' : '';
}
