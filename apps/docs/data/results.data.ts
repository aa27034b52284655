import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What was measured, as `npx pnpm@12 results` wrote it. */
export interface LedgerEntry {
  readonly task: string;
  readonly figures: Readonly<
    Record<string, { readonly name: string; readonly unit?: string; readonly digits?: number }>
  >;
  readonly ours: Readonly<Record<string, number>>;
  readonly baseline?: { readonly name: string; readonly figures?: Readonly<Record<string, number>> };
  readonly published?: { readonly value: string; readonly source: string };
  readonly command: string;
  readonly minutes: number;
  readonly measured: string;
}

declare const data: Readonly<Record<string, LedgerEntry>>;
export { data };

export default {
  watch: ['../../../packages/*/examples/results/*.json'],
  load(files: readonly string[]): Record<string, LedgerEntry> {
    return Object.fromEntries(
      files.map((file) => {
        const { task, figures, ours, baseline, published, command, minutes, measured } = JSON.parse(
          readFileSync(file, 'utf8'),
        ) as LedgerEntry;
        const folder = /packages\/([^/]+)\//.exec(file.replaceAll('\\', '/'))![1];
        const entry = { task, figures, ours, baseline, published, command, minutes, measured };
        return [`${folder}/${basename(file, '.json')}`, entry as LedgerEntry];
      }),
    );
  },
};
