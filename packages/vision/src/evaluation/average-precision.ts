import type { Rectangle } from '../images/geometry.ts';

/** What is in a picture. */
export interface TrueObject {
  readonly box: Rectangle;
  readonly label: string;
  /** A crowd that nobody has counted: what is found inside counts neither as right nor as wrong. Default false. */
  readonly crowd?: boolean;
  /** Pixels that it covers, where masks are known: it decides the size class. Default: those of the box. */
  readonly area?: number;
}

/** What a detector found. */
export interface FoundObject {
  readonly box: Rectangle;
  readonly label: string;
  readonly score: number;
}

/** One picture: what is there, and what was found. */
export interface DetectionCase {
  readonly objects: readonly TrueObject[];
  readonly found: readonly FoundObject[];
}

/** COCO's figures; undefined where there is no object of the kind. */
export interface AveragePrecision {
  /** The mean over labels and IoU .50, .55, … .95: COCO's "AP". */
  readonly ap: number | undefined;
  readonly ap50: number | undefined;
  readonly ap75: number | undefined;
  /** AP of objects up to 32² pixels, up to 96², and of larger ones. */
  readonly small: number | undefined;
  readonly medium: number | undefined;
  readonly large: number | undefined;
  /** Share of the objects that are among the 100 best of their picture and label, the mean over labels and IoU. */
  readonly recall: number | undefined;
  /** AP of each label that occurs. */
  readonly perLabel: Readonly<Record<string, number>>;
}

/** As numpy's `linspace` gives them: what is met exactly must be met here, too. */
const THRESHOLDS = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5));
const RECALLS = Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01));
const MOST_FOUND = 100;
const SIZES = { all: [0, 1e10], small: [0, 32 ** 2], medium: [32 ** 2, 96 ** 2], large: [96 ** 2, 1e10] } as const;

/**
 * Average precision as COCO counts it, equal to pycocotools: 101 recalls, the 100 best of each picture and label, equal scores in their order, sizes told
 * before matching, crowds.
 *
 * @throws if a box has no area or a number is not finite, naming the picture
 *
 * @example
 * ```ts
 * import { averagePrecision } from '@heed/vision';
 * const box = { left: 1, top: 1, width: 10, height: 10 };
 * const { ap } = averagePrecision([{ objects: [{ box, label: 'cat' }], found: [{ box, label: 'cat', score: 0.9 }] }]); // 1
 * ```
 */
export function averagePrecision(cases: readonly DetectionCase[]): AveragePrecision {
  for (const [i, { objects, found }] of cases.entries()) {
    for (const { box, ...rest } of [...objects, ...found]) {
      const { left, top, width, height } = box;
      const numbers = [left, top, width, height, 'score' in rest ? (rest as FoundObject).score : 0];
      if (numbers.every(Number.isFinite) && width > 0 && height > 0) continue;
      throw new Error(
        `averagePrecision: a box must have finite numbers and an area, got left=${left}, top=${top}, width=${width}, height=${height} in picture ${i}`,
      );
    }
  }
  const labels = [...new Set(cases.flatMap(({ objects }) => objects.map(({ label }) => label)))];
  const curves = (size: keyof typeof SIZES) =>
    labels.map((label) => THRESHOLDS.map((threshold) => curve(cases, label, threshold, SIZES[size])));
  const all = curves('all');
  const precision = (of: readonly (readonly (Curve | undefined)[])[]) =>
    mean(of.flat().flatMap((one) => one?.precisions ?? []));
  return {
    ap: precision(all),
    ap50: precision(all.map((own) => [own[0]])),
    ap75: precision(all.map((own) => [own[5]])),
    small: precision(curves('small')),
    medium: precision(curves('medium')),
    large: precision(curves('large')),
    recall: mean(all.flat().flatMap((one) => (one === undefined ? [] : [one.recall]))),
    perLabel: Object.fromEntries(
      labels.flatMap((label, i) => {
        const own = precision([all[i]]);
        return own === undefined ? [] : [[label, own]];
      }),
    ),
  };
}

interface Curve {
  /** At each of 101 recalls. */
  readonly precisions: readonly number[];
  readonly recall: number;
}

/** Of one label at one IoU; undefined where no object counts. */
function curve(
  cases: readonly DetectionCase[],
  label: string,
  threshold: number,
  size: readonly [number, number],
): Curve | undefined {
  const matched = cases.map((picture) => match(picture, label, threshold, size));
  const total = matched.reduce((sum, { counted }) => sum + counted, 0);
  if (total === 0) return undefined;
  const found = matched.flatMap((picture) => picture.found).sort((a, b) => b.score - a.score);
  const [precisions, recalls]: [number[], number[]] = [[], []];
  let [right, wrong] = [0, 0];
  for (const { outcome } of found) {
    if (outcome === 'right') right++;
    if (outcome === 'wrong') wrong++;
    recalls.push(right / total);
    precisions.push(right / (right + wrong + Number.EPSILON));
  }
  for (let i = precisions.length - 2; i >= 0; i--) precisions[i] = Math.max(precisions[i], precisions[i + 1]);
  let place = 0;
  return {
    recall: recalls.at(-1) ?? 0,
    precisions: RECALLS.map((wanted) => {
      while (place < recalls.length && recalls[place] < wanted) place++;
      return precisions[place] ?? 0;
    }),
  };
}

interface Matched {
  readonly found: readonly { readonly score: number; readonly outcome: 'right' | 'wrong' | 'ignored' }[];
  /** Objects that count. */
  readonly counted: number;
}

/** What of one picture is right, one after another from the best score. */
function match(
  { objects, found }: DetectionCase,
  label: string,
  threshold: number,
  size: readonly [number, number],
): Matched {
  const outside = (area: number) => area < size[0] || area > size[1];
  const own = objects
    .filter((object) => object.label === label)
    .map((object) => ({
      ...object,
      ignored: object.crowd === true || outside(object.area ?? object.box.width * object.box.height),
      taken: false,
    }))
    .sort((a, b) => Number(a.ignored) - Number(b.ignored));
  const best = found
    .filter((one) => one.label === label)
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_FOUND);
  const outcomes = best.map(({ box, score }) => {
    let most = Math.min(threshold, 1 - 1e-10);
    let chosen: (typeof own)[number] | undefined;
    for (const object of own) {
      if (object.taken && object.crowd !== true) continue;
      if (chosen !== undefined && !chosen.ignored && object.ignored) break; // what counts comes first
      const overlap = intersectionOverUnion(box, object.box, object.crowd === true);
      if (overlap < most) continue;
      [most, chosen] = [overlap, object];
    }
    if (chosen !== undefined) chosen.taken = true;
    const ignored = chosen === undefined ? outside(box.width * box.height) : chosen.ignored;
    return {
      score,
      outcome: ignored ? ('ignored' as const) : chosen === undefined ? ('wrong' as const) : ('right' as const),
    };
  });
  return { found: outcomes, counted: own.filter(({ ignored }) => !ignored).length };
}

/** @param crowd whether the second is one: then the share of the first inside it */
function intersectionOverUnion(one: Rectangle, other: Rectangle, crowd: boolean): number {
  const width = Math.min(one.left + one.width, other.left + other.width) - Math.max(one.left, other.left);
  const height = Math.min(one.top + one.height, other.top + other.height) - Math.max(one.top, other.top);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  const area = one.width * one.height;
  return both / (crowd ? area : area + other.width * other.height - both);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
