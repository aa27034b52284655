import { readFile, writeFile } from 'node:fs/promises';
import { opsTable } from './table.ts';

const path = new URL('../../../../packages/attention-core/OPS.md', import.meta.url);
await writeFile(path, await opsTable(await readFile(path, 'utf8').catch(() => '')));
