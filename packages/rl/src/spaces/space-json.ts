import { z } from 'zod';
import type { Space } from './space.ts';

/** A bound as JSON, which has no infinities. */
const bound = z.union([z.number(), z.enum(['Infinity', '-Infinity'])]).transform(Number);
const count = z.number().int().min(1);

/** Reads a space that `spaceToJson` wrote. */
export const spaceSchema: z.ZodType<Space> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('discrete'), count }),
    z.strictObject({ kind: z.literal('multi-discrete'), counts: z.array(count).min(1) }),
    z.strictObject({
      kind: z.literal('box'),
      shape: z.array(count),
      low: z.array(bound).transform((values) => Float32Array.from(values)),
      high: z.array(bound).transform((values) => Float32Array.from(values)),
    }),
    z.strictObject({ kind: z.literal('dict'), spaces: z.record(z.string(), spaceSchema) }),
  ]),
);

/** A space as JSON. */
export function spaceToJson(space: Space): unknown {
  if (space.kind === 'dict') {
    const inner = Object.entries(space.spaces).map(([name, part]) => [name, spaceToJson(part)]);
    return { kind: 'dict', spaces: Object.fromEntries(inner) as unknown };
  }
  if (space.kind !== 'box') return space;
  const bounds = (values: Float32Array) =>
    Array.from(values, (value) => (Number.isFinite(value) ? value : String(value)));
  return { ...space, low: bounds(space.low), high: bounds(space.high) };
}
