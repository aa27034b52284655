/** µ-law and A-law, the two codes of telephones (ITU-T G.711): 8 bits whose steps grow with loudness. Values are those of 16-bit samples. */
export type Companding = 'a-law' | 'mu-law';

const MU_BIAS = 0x84;
const tables = new Map<Companding, Int16Array>();

/** What each of the 256 codes means. */
export function compandingTable(law: Companding): Int16Array {
  let table = tables.get(law);
  if (table === undefined) {
    table = Int16Array.from({ length: 256 }, (_, code) => (law === 'a-law' ? fromALaw(code) : fromMuLaw(code)));
    tables.set(law, table);
  }
  return table;
}

/** The code of a 16-bit sample. */
export function compand(law: Companding, sample: number): number {
  return law === 'a-law' ? toALaw(sample) : toMuLaw(sample);
}

function fromMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + MU_BIAS) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? MU_BIAS - magnitude : magnitude - MU_BIAS;
}

function fromALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

function toMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + MU_BIAS;
  const segment = Math.floor(Math.log2(magnitude)) - 7;
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function toALaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? -sample - 1 : sample, 32_767);
  const segment = Math.max(0, Math.floor(Math.log2(Math.max(1, magnitude))) - 7);
  const step = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return (sign | (segment << 4) | step) ^ 0x55;
}
