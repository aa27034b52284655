import type { DataEvent } from '../data/data-event.ts';
import { createDisplay, type Display } from './display.ts';

/** Files that come faster than anybody reads need no line of their own. */
const SMALL = 100_000;

/**
 * Shows what `fetchData` does: one line for each file that is really fetched, redrawn on a terminal while it comes. What is
 * in the cache passes without a word.
 *
 * @param stream default stderr
 * @returns a consumer of data events
 *
 * @example
 * ```ts
 * import { downloadBar, fetchData } from '@heed/node';
 * import type { DatasetCard } from '@heed/training';
 * const load = (card: DatasetCard) => fetchData(card, { onEvent: downloadBar() });
 * ```
 */
export function downloadBar(stream: NodeJS.WritableStream = process.stderr): (event: DataEvent) => void {
  let display: Display = createDisplay(stream, 10);
  let from = '';
  let bytes = 0;
  return (event) => {
    const name = `${event.file} of ${event.dataset}`;
    switch (event.type) {
      case 'source':
        from = `${event.source} ${event.from}`;
        bytes = event.bytes;
        if (event.source !== 'cache' && event.bytes > SMALL) display.show(() => `getting ${name} from ${from}`);
        break;
      case 'progress':
        display.show(() => {
          const percent = Math.floor((100 * event.receivedBytes) / event.bytes);
          return `getting ${name}: ${percent} % of ${formatBytes(event.bytes)}`;
        });
        break;
      case 'refused':
        display.keep(`passed over ${from} for ${name}: ${event.reason}`);
        break;
      case 'not-cached':
        display.keep(`${name} is not kept: ${event.reason}`);
        break;
      case 'fetched':
        if (event.source === 'cache') break;
        display.end(`got ${name} from ${from} (${formatBytes(bytes)})`);
        display = createDisplay(stream, 10);
    }
  };
}

/** `934 bytes`, `12.3 kB`, `1.1 MB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1]}`;
}
