/**
 * Makes one JavaScript file and one file of types of a built package, both named after it: `bundle.ts`, run in the package's folder by its
 * `prepack`. Comments stay in the types, where editors show them.
 */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
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

const config = ExtractorConfig.prepare({
  configObjectFullPath: undefined,
  packageJsonFullPath: join(folder, 'package.json'),
  configObject: {
    projectFolder: folder,
    mainEntryPointFilePath: join(folder, 'dist/index.d.ts'),
    compiler: { tsconfigFilePath: join(folder, 'tsconfig.json') },
    dtsRollup: { enabled: true, untrimmedFilePath: `${stem}.d.ts` },
    apiReport: { enabled: false },
    docModel: { enabled: false },
    tsdocMetadata: { enabled: false },
    newlineKind: 'lf' as never,
    messages: {
      compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
    },
  },
});
const { succeeded } = Extractor.invoke(config, {
  messageCallback: (message) => {
    message.handled = true;
  },
});
if (!succeeded) throw new Error(`bundle: the types of ${name} could not be joined`);
