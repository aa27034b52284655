import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { version_core as tfjsVersion } from '@tensorflow/tfjs';
import { headOf } from './commits.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
}

/** The machine as far as it decides how long a run takes. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The versions that figures may depend on; `commit` where a clone is run. */
export async function describeVersions(clone: string | undefined): Promise<Record<string, string>> {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
  const commit = clone === undefined ? undefined : await headOf(clone);
  return { heed: version, ...(commit !== undefined && { commit }), node: process.versions.node, tfjs: tfjsVersion };
}
