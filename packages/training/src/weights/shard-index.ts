import { printableText } from '@heed/attention-core';
import { parseDescriptions, type FileDescription } from '../checkpoints/manifest.ts';

/** What `model.safetensors.index.json` says. */
export interface ShardIndex {
  /** The file of every weight. */
  readonly weights: ReadonlyMap<string, string>;
  /** The files, each once, in order of their names. */
  readonly files: readonly string[];
  /** Size and sum of the files, where the index was written by Heed. */
  readonly described: ReadonlyMap<string, FileDescription>;
}

/**
 * Reads and checks an index.
 *
 * @param label how messages call it
 * @throws if it is no JSON, or names a file that is not a plain safetensors name: an index must not lead out of its folder
 */
export function parseShardIndex(bytes: Uint8Array, label: string): ShardIndex {
  let index: unknown;
  try {
    index = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return fail(label, 'must be JSON in UTF-8', (error as Error).message);
  }
  const map = isObject(index) ? index.weight_map : undefined;
  if (!isObject(map)) return fail(label, 'must have an object weight_map', map);
  const weights = new Map<string, string>();
  for (const [weight, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w-][\w.-]*\.safetensors$/.test(file)) {
      fail(label, `must name a safetensors file beside it for "${excerpt(weight)}"`, file);
    }
    weights.set(weight, file as string);
  }
  if (weights.size === 0) fail(label, 'must name a weight', 'none');
  const described = isObject(index) && isObject(index.metadata) ? index.metadata.files : undefined;
  return {
    weights,
    files: [...new Set(weights.values())].toSorted(),
    described: described === undefined ? new Map() : parseDescriptions(`loadWeights: ${label}`, described),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return printableText(text, { most: 60 });
}

function fail(label: string, rule: string, got: unknown): never {
  throw new Error(`loadWeights: ${label} ${rule}, got ${excerpt(got)}`);
}
