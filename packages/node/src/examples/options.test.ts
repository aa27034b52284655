import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineExample } from './define-example.ts';
import { describeOptions, parseOptions, type OptionDefinitions } from './options.ts';

const definitions = {
  word: { type: 'string', description: 'a word to pronounce' },
  attention: { type: 'string', description: 'which', choices: ['none', 'bahdanau'], default: 'bahdanau' },
  'learning-rate': { type: 'number', description: 'step size', default: 1e-3 },
  report: { type: 'boolean', description: 'write a report', default: true },
  verbose: { type: 'boolean', description: 'say more' },
} as const satisfies OptionDefinitions;

const parse = (...args: string[]) => parseOptions(definitions, args, 'heed run nlp/x');

describe('options of an example', () => {
  it('have their defaults when nothing is given', () => {
    expect(parse()).toEqual({
      word: undefined,
      attention: 'bahdanau',
      'learning-rate': 1e-3,
      report: true,
      verbose: false,
    });
  });

  it('are read in the forms --name value, --name=value, --switch and --no-switch', () => {
    expect(
      parse('--word', 'regards', '--attention=none', '--learning-rate', '3e-4', '--no-report', '--verbose'),
    ).toEqual({
      word: 'regards',
      attention: 'none',
      'learning-rate': 3e-4,
      report: false,
      verbose: true,
    });
  });

  it('take negative numbers and words that begin with a dash, written with =', () => {
    expect(parse('--learning-rate=-1', '--word=-s')).toMatchObject({ 'learning-rate': -1, word: '-s' });
  });

  it.each([
    [['--attention', 'luong'], "--attention must be one of none, bahdanau, got 'luong'"],
    [['--learning-rate', 'fast'], "--learning-rate must be a number, got 'fast'"],
    [['--word'], "Option '--word <value>' argument missing"],
    [['--verbose=yes'], "Option '--verbose' does not take an argument"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--wrod', 'x'], "Unknown option '--wrod'"],
  ])('refuse %j', (args, message) => {
    expect(() => parse(...args)).toThrow(`heed run nlp/x: ${message}`);
  });

  it('are described with their choices and defaults', () => {
    expect(describeOptions(definitions).split('\n')).toEqual([
      'Options:',
      '  --word <string>           a word to pronounce',
      '  --attention <string>      which (none | bahdanau; default bahdanau)',
      '  --learning-rate <number>  step size (default 0.001)',
      '  --report                  write a report (default true)',
      '  --verbose                 say more',
    ]);
    expect(describeOptions({})).toBe('It has no options of its own.');
  });

  it('have the types that their definitions say', () => {
    defineExample({
      summary: 'types',
      minutes: { tensorflow: 0, wasm: 0 },
      options: definitions,
      run: async ({ options }) => {
        expectTypeOf(options.word).toEqualTypeOf<string | undefined>();
        expectTypeOf(options.attention).toEqualTypeOf<'none' | 'bahdanau'>();
        expectTypeOf(options['learning-rate']).toEqualTypeOf<number>();
        expectTypeOf(options.verbose).toEqualTypeOf<boolean>();
      },
    });
    expect(Object.keys(definitions)).toHaveLength(5);
  });
});
