import { describe, expect, it } from 'vitest';
import { parseConfig, type ConfigSchema } from './parse-config.ts';

/** Accepts `{ layers: [{ heads: 1 }] }` with any positive heads. */
const schema: ConfigSchema<{ layers: { heads: number }[] }> = {
  safeParse: (value) => {
    const config = value as { layers: { heads: number }[] };
    const wrong = config.layers.findIndex(({ heads }) => !(heads > 0));
    if (wrong === -1) return { success: true, data: config };
    return { success: false, error: { issues: [{ path: ['layers', wrong, 'heads'], message: 'must be positive' }] } };
  },
};

describe('parseConfig', () => {
  it('gives a config that nobody can change', () => {
    const config = parseConfig('Model', schema, { layers: [{ heads: 2 }] });
    expect(() => Object.assign(config, { layers: [] })).toThrow(TypeError);
  });

  it('names the owner, the field, the rule and the value that breaks it', () => {
    expect(() => parseConfig('Model', schema, { layers: [{ heads: 2 }, { heads: 0 }] })).toThrow(
      'Model: layers.1.heads: must be positive, got 0',
    );
  });
});
