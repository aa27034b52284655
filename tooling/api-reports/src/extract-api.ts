import { join } from 'node:path';
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorResult,
  type IConfigFile,
  type IExtractorInvokeOptions,
} from '@microsoft/api-extractor';

/**
 * Reads the public types of a built package and makes of them what `products` asks for. What api-extractor has to say is left unsaid: `check` has
 * its own rules.
 */
export function extractApi(
  folder: string,
  products: Pick<IConfigFile, 'apiReport' | 'dtsRollup'>,
  options: Pick<IExtractorInvokeOptions, 'localBuild'> = {},
): ExtractorResult {
  const silent = { default: { logLevel: ExtractorLogLevel.None } };
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, 'dist/index.d.ts'),
      compiler: { tsconfigFilePath: join(folder, 'tsconfig.json') },
      apiReport: { enabled: false },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf' as never,
      messages: {
        compilerMessageReporting: silent,
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
      },
      ...products,
    },
  });
  return Extractor.invoke(config, {
    ...options,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
}
