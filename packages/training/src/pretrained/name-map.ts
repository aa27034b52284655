/**
 * How weights of one kind are called and laid out in a module and in published files.
 *
 * Names may have placeholders in braces, each standing for one part between dots: `layers.{n}.query.weight`. A placeholder of one side occurs on
 * the other too.
 */
export interface WeightRule {
  /** The path in the module. Several paths are parts of one published weight (GPT-2's query, key and value), laid end to end. */
  readonly ours: string | readonly string[];
  /** The published name. */
  readonly theirs: string;
  /** Which of their axes each of ours is: `ours = transpose(theirs, axes)`. [1, 0] for torch's Linear. Default: the same order. */
  readonly axes?: readonly number[];
  /** The axis of theirs along which several of ours are laid end to end. Default 0. */
  readonly axis?: number;
}

/** A model's weight names and layouts, declared beside the model; works in both directions. */
export interface NameMap {
  /** The first rule that fits a weight counts. Rules that fit none are no error. */
  readonly rules: readonly WeightRule[];
  /** What may precede all of their names, e.g. `bert.` where a file holds a model with a head. */
  readonly prefixes?: readonly string[];
  /** Weights of ours that this model neither trains nor uses: they are read where a file has them, and not written, or another task would take them for trained. */
  readonly unused?: readonly RegExp[];
  /** Their weights that the model does not have: buffers, other heads. */
  readonly ignored?: readonly RegExp[];
  /** Older names, as pattern and replacement (of `String.replace`), applied before the rules. */
  readonly aliases?: ReadonlyArray<readonly [pattern: RegExp, replacement: string]>;
}

/** One published weight, and which of the module's weights it holds. */
export interface MappedWeight {
  readonly theirs: string;
  readonly ours: readonly string[];
  readonly axes: readonly number[] | undefined;
  readonly axis: number;
}

/**
 * Rules for a `Linear`: torch stores its weight [outputs, inputs], Heed [inputs, outputs].
 *
 * @example
 * ```ts
 * import { linearRules, type NameMap } from '@heed/training';
 * const names: NameMap = {
 *   rules: linearRules('layers.{n}.attention.query', 'encoder.layer.{n}.attention.self.query'),
 * };
 * ```
 */
export function linearRules(ours: string, theirs: string): WeightRule[] {
  return [
    { ours: `${ours}.weight`, theirs: `${theirs}.weight`, axes: [1, 0] },
    { ours: `${ours}.bias`, theirs: `${theirs}.bias` },
  ];
}

/** Rules for a part whose weight and bias are laid out alike on both sides: embeddings, layer norms. */
export function sameRules(ours: string, theirs: string): WeightRule[] {
  return ['weight', 'bias'].map((name) => ({ ours: `${ours}.${name}`, theirs: `${theirs}.${name}` }));
}

/**
 * The published weights that hold the given ones.
 *
 * @throws if there is no rule for one of ours, or only some of the parts of a published weight are there
 */
export function mapWeights(map: NameMap, ours: readonly string[]): MappedWeight[] {
  const rest = new Set(ours);
  const mapped: MappedWeight[] = [];
  for (const name of ours) {
    if (!rest.has(name)) continue; // taken with an earlier part of the same weight
    const found = findRule(map, name);
    if (found === undefined) throw new Error(`NameMap: there must be a rule for every weight, got none for "${name}"`);
    const { rule, values } = found;
    const parts = patterns(rule).map((pattern) => fill(pattern, values));
    const absent = parts.filter((part) => !rest.delete(part));
    if (absent.length > 0)
      throw new Error(`NameMap: "${name}" must come with its other parts, got no ${absent.join(', ')}`);
    mapped.push({ theirs: fill(rule.theirs, values), ours: parts, axes: rule.axes, axis: rule.axis ?? 0 });
  }
  return mapped;
}

/** Their names as the rules have them: without the prefix that all of the model's weights have in this file, and with today's names. */
export function plainNames(map: NameMap, theirs: Iterable<string>, wanted: readonly string[]): Map<string, string> {
  const names = [...theirs];
  const candidates = ['', ...(map.prefixes ?? [])].map((prefix) => {
    const plain = new Map(
      names.map((name) => [modern(map, name.startsWith(prefix) ? name.slice(prefix.length) : name), name]),
    );
    return { plain, hits: wanted.filter((name) => plain.has(name)).length };
  });
  return candidates.reduce((best, candidate) => (candidate.hits > best.hits ? candidate : best)).plain;
}

function modern(map: NameMap, name: string): string {
  return (map.aliases ?? []).reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name);
}

function findRule(
  map: NameMap,
  name: string,
): { rule: WeightRule; values: Readonly<Record<string, string>> } | undefined {
  for (const rule of map.rules) {
    for (const pattern of patterns(rule)) {
      const match = expression(pattern).exec(name);
      if (match !== null) return { rule, values: { ...match.groups } };
    }
  }
  return undefined;
}

function patterns({ ours }: WeightRule): readonly string[] {
  return typeof ours === 'string' ? [ours] : ours;
}

function expression(pattern: string): RegExp {
  const escaped = pattern.replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replace(/\{(\w+)\}/g, '(?<$1>[^.]+)')}$`);
}

function fill(pattern: string, values: Readonly<Record<string, string>>): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (values[name] === undefined)
      throw new Error(`NameMap: "${pattern}" must use placeholders of its other side, got {${name}}`);
    return values[name];
  });
}
