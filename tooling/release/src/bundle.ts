/**
 * Makes one JavaScript file and one file of types of a built package, both named after it: `bundle.ts`, run in the package's folder by its
 * `prepack`. Comments stay in the types, where editors show them.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { extractApi } from '@heed/api-reports';
import { build } from 'esbuild';

const folder = process.cwd();
const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string };
const stem = join(folder, 'dist', basename(name));

await build({
  entryPoints: [join(folder, 'dist/index.js')],
  outfile: `${stem}.js`,
  bundle: true,
  packages: 'external',
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
});

const { succeeded } = extractApi(folder, { dtsRollup: { enabled: true, untrimmedFilePath: `${stem}.d.ts` } });
if (!succeeded) throw new Error(`bundle: the types of ${name} could not be joined`);
