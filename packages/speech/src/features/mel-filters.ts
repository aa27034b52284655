import { requireIntegers } from '@heed/attention-core';

export interface MelFilterOptions {
  /** Samples a second. */
  readonly rate: number;
  /** Samples of the Fourier transform. */
  readonly fft: number;
  /** Number of filters. */
  readonly mels: number;
  /** Where the first filter begins, in Hz. Default 0. */
  readonly low?: number;
  /** Where the last one ends. Default rate / 2. */
  readonly high?: number;
  /** Slaney's scale is linear below 1,000 Hz (librosa, Whisper); HTK's is a logarithm throughout. Default 'slaney'. */
  readonly scale?: 'slaney' | 'htk';
  /** Whether each filter's area is 1 ('area', librosa, Whisper) or its height ('height', HTK, Kaldi). Default 'area'. */
  readonly norm?: 'area' | 'height';
}

/** Slaney's scale above 1,000 Hz: 27 mels for each factor of 6.4. */
const LOG_STEP = Math.log(6.4) / 27;

/**
 * Triangular filters that are evenly spaced as pitch is heard.
 *
 * @returns row-major [fft / 2 + 1, mels]
 * @throws if there are no filters, or the frequencies do not rise from 0 to rate / 2
 */
export function melFilters(options: MelFilterOptions): Float32Array {
  const { rate, fft, mels, low = 0, high = rate / 2, scale = 'slaney', norm = 'area' } = options;
  requireIntegers('melFilters', { mels });
  if (!(low >= 0 && low < high && high <= rate / 2)) {
    throw new Error(
      `melFilters: low and high must rise from 0 to rate / 2 = ${rate / 2}, got low=${low}, high=${high}`,
    );
  }
  const bins = Math.floor(fft / 2) + 1;
  const [first, last] = [toMel(low, scale), toMel(high, scale)];
  const corners = Array.from({ length: mels + 2 }, (_, i) => toHertz(first + ((last - first) * i) / (mels + 1), scale));
  const filters = new Float32Array(bins * mels);
  for (let mel = 0; mel < mels; mel++) {
    const [left, middle, right] = corners.slice(mel, mel + 3);
    const height = norm === 'area' ? 2 / (right - left) : 1;
    for (let bin = 0; bin < bins; bin++) {
      const hertz = (bin * rate) / fft;
      const slope = Math.min((hertz - left) / (middle - left), (right - hertz) / (right - middle));
      filters[bin * mels + mel] = Math.max(0, slope) * height;
    }
  }
  return filters;
}

function toMel(hertz: number, scale: 'slaney' | 'htk'): number {
  if (scale === 'htk') return 2595 * Math.log10(1 + hertz / 700);
  return hertz < 1000 ? (3 * hertz) / 200 : 15 + Math.log(hertz / 1000) / LOG_STEP;
}

function toHertz(mel: number, scale: 'slaney' | 'htk'): number {
  if (scale === 'htk') return 700 * (10 ** (mel / 2595) - 1);
  return mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(LOG_STEP * (mel - 15));
}
