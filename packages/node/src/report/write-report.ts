import { resolve } from 'node:path';
import { writeAtomically } from '../files/write-atomically.ts';
import { renderReport, type Report } from './render-report.ts';

/**
 * Writes a report as one standalone HTML file: loss curves, tables, attention maps, things side by side. It needs nothing
 * else and asks for nothing over the network.
 *
 * @returns the file's absolute path
 * @throws if the file cannot be written, or the report's tables, maps or charts do not fit together
 *
 * @example
 * ```ts
 * import { writeReport } from '@heed/node';
 * await writeReport('.heed/report.html', {
 *   title: 'Two models',
 *   sections: [
 *     {
 *       title: 'Loss',
 *       lineChart: { x: 'step', y: 'loss', series: [{ name: 'with attention', values: [3.2, 1.4, 0.9] }] },
 *     },
 *     { title: 'Errors', table: { columns: ['model', 'PER %'], rows: [['with attention', 7.4], ['without', 12.1]] } },
 *   ],
 * });
 * ```
 */
export async function writeReport(path: string, report: Report): Promise<string> {
  await writeAtomically(resolve(path), renderReport(report), 'writeReport');
  return resolve(path);
}
