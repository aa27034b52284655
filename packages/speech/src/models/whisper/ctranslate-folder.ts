import { parseConfig, type FileSource } from '@heed/training';
import { z } from 'zod';

const MODEL = 'model.bin';
const CONFIG = 'config.json';
const WEIGHTS = 'model.safetensors';
const GENERATION = 'generation_config.json';

/** What CTranslate2 stores, by number, under safetensors' names and with the bytes of each. */
const DTYPES = [
  { name: 'F32', bytes: 4 },
  { name: 'I8', bytes: 1 },
  { name: 'I16', bytes: 2 },
  { name: 'I32', bytes: 4 },
  { name: 'F16', bytes: 2 },
  { name: 'BF16', bytes: 2 },
] as const;
const FLOATS: readonly string[] = ['F32', 'F16', 'BF16'];
const VERSION = 6;

interface StoredVariable {
  readonly shape: readonly number[];
  readonly dtype: (typeof DTYPES)[number]['name'];
  readonly data: Uint8Array;
}

/** What is read of CTranslate2's `config.json`. */
const schema = z.object({
  alignment_heads: z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)])).optional(),
  suppress_ids: z.array(z.number().int()).default([]),
  suppress_ids_begin: z.array(z.number().int()).default([]),
  lang_ids: z.array(z.number().int()).optional(),
});

/** Whether a folder holds a model of CTranslate2 rather than one of Hugging Face. */
export async function isCtranslateFolder(source: FileSource): Promise<boolean> {
  const files = await source.list();
  return files.includes(MODEL) && !files.includes(WEIGHTS);
}

/**
 * A Whisper that was converted for CTranslate2 (`model.bin`, version 6, floats of 16 or 32 bits), as the folder that Hugging Face has of it: config, weights
 * and generation config are made from it, other files are its own. Weights keep their bytes.
 *
 * @throws if the file is damaged, of another version, of another model than Whisper, or quantised
 */
export async function ctranslateFolder(source: FileSource): Promise<FileSource> {
  const variables = readVariables(await source.read(MODEL));
  const settings = parseConfig(`ctranslateFolder: ${CONFIG} of ${source.label}`, schema, await readJson(source));
  const published = whisperConfig(variables);
  const made: Readonly<Record<string, () => Uint8Array>> = {
    [CONFIG]: () => json(published),
    [GENERATION]: () =>
      json({
        alignment_heads: settings.alignment_heads,
        suppress_tokens: settings.suppress_ids,
        begin_suppress_tokens: settings.suppress_ids_begin,
      }),
    [WEIGHTS]: () => safetensors(publishedWeights(variables)),
  };
  const own = (await source.list()).filter((name) => name !== MODEL && !(name in made));
  return {
    label: source.label,
    list: () => Promise.resolve([...own, ...Object.keys(made)].toSorted()),
    read: async (name) => (Object.hasOwn(made, name) ? made[name]() : source.read(name)),
  };
}

/** Reads the file from its beginning; nothing is read beyond its end. */
class Bytes {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) {
      throw new Error(
        `ctranslateFolder: ${MODEL} must be whole, got ${this.bytes.length} bytes, of which ${length} are missing at ${this.at}`,
      );
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  number(bytes: 1 | 2 | 4): number {
    this.take(bytes);
    const at = this.at - bytes;
    if (bytes === 1) return this.view.getUint8(at);
    return bytes === 2 ? this.view.getUint16(at, true) : this.view.getUint32(at, true);
  }

  /** Texts end with a zero, which counts. */
  text(): string {
    const length = this.number(2);
    return new TextDecoder().decode(this.take(length).subarray(0, Math.max(0, length - 1)));
  }
}

function readVariables(file: Uint8Array): ReadonlyMap<string, StoredVariable> {
  const bytes = new Bytes(file);
  const version = bytes.number(4);
  if (version !== VERSION) throw new Error(`ctranslateFolder: ${MODEL} must be of version ${VERSION}, got ${version}`);
  const kind = bytes.text();
  if (kind !== 'WhisperSpec')
    throw new Error(`ctranslateFolder: ${MODEL} must be a WhisperSpec, got ${JSON.stringify(kind)}`);
  bytes.number(4); // the specification's revision
  const variables = new Map<string, StoredVariable>();
  for (let count = bytes.number(4); count > 0; count--) {
    const name = bytes.text();
    const shape = Array.from({ length: bytes.number(1) }, () => bytes.number(4));
    const type = bytes.number(1);
    const data = bytes.take(bytes.number(4));
    const dtype = DTYPES[type] as (typeof DTYPES)[number] | undefined;
    const size = shape.reduce((product, length) => product * length, 1);
    if (dtype === undefined || size * dtype.bytes !== data.length) {
      throw new Error(
        `ctranslateFolder: ${name} must have as many bytes as its shape and type say, got ${data.length} for [${shape}] of type ${dtype?.name ?? type}`,
      );
    }
    if (shape.length > 1 && !FLOATS.includes(dtype.name)) {
      throw new Error(
        `ctranslateFolder: weights must be floats of 16 or 32 bits, got ${name} quantised to ${dtype.name}`,
      );
    }
    variables.set(name, { shape, dtype: dtype.name, data });
  }
  return variables; // what follows are second names, which only the head has
}

function whisperConfig(variables: ReadonlyMap<string, StoredVariable>): Record<string, unknown> {
  const [modelWidth, mels] = found(variables, 'encoder/conv1/weight').shape;
  const whole = (name: string) => {
    const { data } = found(variables, name);
    return data.length === 2 ? new DataView(data.buffer, data.byteOffset, 2).getInt16(0, true) : data[0];
  };
  const layers = (stack: string) => {
    let count = 0;
    while (variables.has(`${stack}/layer_${count}/ffn/linear_0/weight`)) count++;
    return count;
  };
  const feedForwardWidth = found(variables, 'encoder/layer_0/ffn/linear_0/weight').shape[0];
  return {
    model_type: 'whisper',
    architectures: ['WhisperForConditionalGeneration'],
    vocab_size: found(variables, 'decoder/embeddings/weight').shape[0],
    num_mel_bins: mels,
    d_model: modelWidth,
    encoder_layers: layers('encoder'),
    encoder_attention_heads: whole('encoder/num_heads'),
    encoder_ffn_dim: feedForwardWidth,
    decoder_layers: layers('decoder'),
    decoder_attention_heads: whole('decoder/num_heads'),
    decoder_ffn_dim: found(variables, 'decoder/layer_0/ffn/linear_0/weight').shape[0],
    max_source_positions: found(variables, 'encoder/position_encodings/encodings').shape[0],
    max_target_positions: found(variables, 'decoder/position_encodings/encodings').shape[0],
  };
}

/** The weights as Hugging Face calls them: projections that are stored together are taken apart by their rows. */
function publishedWeights(variables: ReadonlyMap<string, StoredVariable>): Map<string, StoredVariable> {
  const weights = new Map<string, StoredVariable>();
  const put = (theirs: string, ours: string) => {
    for (const part of ['weight', 'bias']) weights.set(`${theirs}.${part}`, found(variables, `${ours}/${part}`));
  };
  const norm = (theirs: string, ours: string) => {
    weights.set(`${theirs}.weight`, found(variables, `${ours}/gamma`));
    weights.set(`${theirs}.bias`, found(variables, `${ours}/beta`));
  };
  const apart = (theirs: string, names: readonly string[], ours: string) => {
    for (const part of ['weight', 'bias']) {
      const stored = found(variables, `${ours}/${part}`);
      for (const [i, name] of names.entries()) {
        if (name !== 'k_proj' || part === 'weight')
          weights.set(`${theirs}.${name}.${part}`, rowsOf(stored, i, names.length));
      }
    }
  };
  for (const convolution of ['conv1', 'conv2']) put(`model.encoder.${convolution}`, `encoder/${convolution}`);
  for (const stack of ['encoder', 'decoder']) {
    weights.set(`model.${stack}.embed_positions.weight`, found(variables, `${stack}/position_encodings/encodings`));
    norm(`model.${stack}.layer_norm`, `${stack}/layer_norm`);
    for (let n = 0; variables.has(`${stack}/layer_${n}/ffn/linear_0/weight`); n++) {
      const [theirs, ours] = [`model.${stack}.layers.${n}`, `${stack}/layer_${n}`];
      apart(`${theirs}.self_attn`, ['q_proj', 'k_proj', 'v_proj'], `${ours}/self_attention/linear_0`);
      put(`${theirs}.self_attn.out_proj`, `${ours}/self_attention/linear_1`);
      norm(`${theirs}.self_attn_layer_norm`, `${ours}/self_attention/layer_norm`);
      put(`${theirs}.fc1`, `${ours}/ffn/linear_0`);
      put(`${theirs}.fc2`, `${ours}/ffn/linear_1`);
      norm(`${theirs}.final_layer_norm`, `${ours}/ffn/layer_norm`);
      if (stack === 'encoder') continue;
      put(`${theirs}.encoder_attn.q_proj`, `${ours}/attention/linear_0`);
      apart(`${theirs}.encoder_attn`, ['k_proj', 'v_proj'], `${ours}/attention/linear_1`);
      put(`${theirs}.encoder_attn.out_proj`, `${ours}/attention/linear_2`);
      norm(`${theirs}.encoder_attn_layer_norm`, `${ours}/attention/layer_norm`);
    }
  }
  weights.set('model.decoder.embed_tokens.weight', found(variables, 'decoder/embeddings/weight'));
  return weights;
}

function rowsOf({ shape, dtype, data }: StoredVariable, part: number, parts: number): StoredVariable {
  const [rows, ...rest] = shape;
  const bytes = data.length / parts;
  return { shape: [rows / parts, ...rest], dtype, data: data.subarray(part * bytes, (part + 1) * bytes) };
}

function found(variables: ReadonlyMap<string, StoredVariable>, name: string): StoredVariable {
  const variable = variables.get(name);
  if (variable === undefined)
    throw new Error(`ctranslateFolder: ${MODEL} must have ${name}, got ${variables.size} others`);
  return variable;
}

/** The format of safetensors: the header's length, the header, the numbers. */
function safetensors(weights: ReadonlyMap<string, StoredVariable>): Uint8Array {
  let end = 0;
  const entries = [...weights].map(([name, { shape, dtype, data }]) => {
    const begin = end;
    end += data.length;
    return [name, { dtype, shape, data_offsets: [begin, end] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const header = new TextEncoder().encode(text + ' '.repeat((8 - (text.length % 8)) % 8));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const { data } of weights.values()) {
    file.set(data, at);
    at += data.length;
  }
  return file;
}

async function readJson(source: FileSource): Promise<object> {
  const files = await source.list();
  if (!files.includes(CONFIG)) return {};
  return JSON.parse(new TextDecoder().decode(await source.read(CONFIG))) as object;
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
