/** The same ONNX file in @huggingface/transformers: its model class, without tokenization. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AutoModel, env, Tensor } from '@huggingface/transformers';
import { bertOnnx, type BertCase } from './bert-onnx.ts';
import { sameIntegers } from './same-values.ts';

export async function prepare(given: BertCase): Promise<() => Promise<unknown>> {
  const { batch, length, vocabulary } = given;
  const folder = await mkdtemp(join(tmpdir(), 'heed-bench-bert-'));
  try {
    await mkdir(join(folder, 'onnx'));
    await writeFile(join(folder, 'onnx', 'model.onnx'), bertOnnx(given));
    await writeFile(join(folder, 'config.json'), JSON.stringify(publishedConfig(given)));
    env.allowRemoteModels = false;
    env.localModelPath = dirname(folder);
    const model = await AutoModel.from_pretrained(basename(folder), {
      dtype: 'fp32',
      device: 'cpu',
      session_options: { intraOpNumThreads: Number(process.env.OMP_NUM_THREADS), logSeverityLevel: 3 },
    });
    const ids = (values: Iterable<number>) => new Tensor('int64', BigInt64Array.from(values, BigInt), [batch, length]);
    const size = batch * length;
    const inputs = {
      input_ids: ids(sameIntegers('tokens', [batch, length], vocabulary)),
      attention_mask: ids(new Int32Array(size).fill(1)),
      token_type_ids: ids(new Int32Array(size)),
    };
    return async () => ((await model(inputs)) as { last_hidden_state: Tensor }).last_hidden_state.data;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function publishedConfig({ vocabulary, maximumLength, layers, width, heads, inner }: BertCase): object {
  return {
    architectures: ['BertModel'],
    model_type: 'bert',
    vocab_size: vocabulary,
    max_position_embeddings: maximumLength,
    type_vocab_size: 2,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: inner,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
  };
}
