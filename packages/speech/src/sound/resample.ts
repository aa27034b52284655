import { requireSound, requireRate, type Sound } from './sound.ts';

export interface ResampleOptions {
  /** Zeros of the sinc on either side: more of them make the band's edge sharper and cost time. Default 24. */
  readonly zeros?: number;
}

/** Where the band ends, as a fraction of the lower rate's half: what is above fades within the filter's own width. */
const ROLL_OFF = 0.94;
/** Shape of Kaiser's window: side lobes 90 dB below. */
const BETA = 9;
/** Filters that are kept, one for each fraction of a sample; rates without a common divisor would have one for every sample. */
const PHASES = 4096;

/**
 * A sound at another rate: band-limited interpolation by a sinc under Kaiser's window (Smith 1984), so that what the lower rate cannot hold is
 * removed, not folded back.
 *
 * @param rate samples a second
 * @returns ⌈N · rate / sound.rate⌉ samples; the sound itself where it has that rate already
 * @throws if the sound is empty or not finite, or a rate is out of range
 *
 * @example
 * ```ts
 * import { resample } from '@heed/speech';
 * resample({ samples: new Float32Array(8000), rate: 8000 }, 16000).samples.length; // 16000
 * ```
 */
export function resample(sound: Sound, rate: number, { zeros = 24 }: ResampleOptions = {}): Sound {
  requireSound('resample', sound);
  requireRate('resample', rate);
  if (!(zeros >= 1 && zeros <= 256)) throw new Error(`resample: zeros must be from 1 to 256, got ${zeros}`);
  if (rate === sound.rate) return sound;
  return { samples: interpolate(sound.samples, sound.rate / rate, zeros), rate };
}

/** The samples at steps of `step` old ones. */
export function interpolate(samples: Float32Array, step: number, zeros: number): Float32Array {
  const cutoff = ROLL_OFF * Math.min(1, 1 / step); // of half the old rate
  const half = zeros / cutoff; // the filter's half width, in old samples
  const taps = 2 * Math.ceil(half) + 1;
  const filters = new Map<number, Float32Array>();
  const filterAt = (phase: number) => {
    let filter = filters.get(phase);
    if (filter === undefined) filters.set(phase, (filter = makeFilter(phase / PHASES, cutoff, half, taps)));
    return filter;
  };
  const result = new Float32Array(Math.ceil(samples.length / step));
  const reach = (taps - 1) / 2;
  for (let i = 0; i < result.length; i++) {
    const place = i * step;
    const nearest = Math.floor(place);
    const fraction = (place - nearest) * PHASES;
    const phase = Math.floor(fraction);
    const share = fraction - phase;
    const first = nearest - reach;
    const sum = heard(samples, first, filterAt(phase));
    result[i] = share < 1e-9 ? sum : sum + share * (heard(samples, first, filterAt(phase + 1)) - sum);
  }
  return result;
}

/** The samples from `first` on through a filter; there are none outside the sound. */
function heard(samples: Float32Array, first: number, filter: Float32Array): number {
  const end = Math.min(filter.length, samples.length - first);
  let sum = 0;
  for (let tap = Math.max(0, -first); tap < end; tap++) sum += samples[first + tap] * filter[tap];
  return sum;
}

/** @param fraction of an old sample, by which the filter's middle is after the nearest one before it */
function makeFilter(fraction: number, cutoff: number, half: number, taps: number): Float32Array {
  const reach = (taps - 1) / 2;
  const filter = Float64Array.from({ length: taps }, (_, tap) => {
    const distance = tap - reach - fraction;
    const edge = distance / half;
    if (Math.abs(edge) >= 1) return 0;
    const window = bessel(BETA * Math.sqrt(1 - edge * edge)) / bessel(BETA);
    const angle = Math.PI * cutoff * distance;
    return window * cutoff * (angle === 0 ? 1 : Math.sin(angle) / angle);
  });
  const sum = filter.reduce((total, value) => total + value, 0); // a constant stays what it is
  return Float32Array.from(filter, (value) => value / sum);
}

/** I₀, the modified Bessel function of order 0. */
function bessel(x: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
