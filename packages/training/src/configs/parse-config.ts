/** What a schema of zod (or of any library with `safeParse`) does. */
export interface ConfigSchema<Config> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Config }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

/**
 * A checked and frozen config.
 *
 * @param owner how messages begin: the model's or task's name
 * @throws if a field is missing, unknown or out of range, naming it and its value
 *
 * @example
 * ```ts
 * import { parseConfig, type ConfigSchema } from '@heed/training';
 * // usually a schema of zod: z.strictObject({ heads: z.number().int().min(1) })
 * const schema: ConfigSchema<{ heads: number }> = { safeParse: (value) => ({ success: true, data: value as { heads: number } }) };
 * parseConfig('Model', schema, { heads: 4 }); // { heads: 4 }, frozen
 * ```
 */
export function parseConfig<Config>(owner: string, schema: ConfigSchema<Config>, value: unknown): Readonly<Config> {
  const result = schema.safeParse(value);
  if (result.success) return Object.freeze(result.data);
  const [{ path, message }] = result.error.issues;
  const received = path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  throw new Error(`${owner}: ${path.map(String).join('.') || 'config'}: ${message}, got ${JSON.stringify(received)}`);
}
