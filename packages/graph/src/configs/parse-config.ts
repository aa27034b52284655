import type { z } from 'zod';

/**
 * A checked and frozen config.
 *
 * @param owner how messages begin: the model's or task's name
 * @throws if a field is missing, unknown or out of range, naming it and its value
 */
export function parseConfig<Config>(owner: string, schema: z.ZodType<Config>, value: unknown): Readonly<Config> {
  const result = schema.safeParse(value);
  if (result.success) return Object.freeze(result.data);
  const [{ path, message }] = result.error.issues;
  const received = path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  throw new Error(`${owner}: ${path.join('.') || 'config'}: ${message}, got ${JSON.stringify(received)}`);
}
