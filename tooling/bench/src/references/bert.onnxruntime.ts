/** BERT's encoder in onnxruntime-node. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { bertOnnx, type BertCase } from './bert-onnx.ts';
import { sameIntegers } from './same-values.ts';

export async function prepare(given: BertCase): Promise<() => Promise<unknown>> {
  const { batch, length, vocabulary } = given;
  const session = await InferenceSession.create(bertOnnx(given), {
    executionProviders: ['cpu'],
    intraOpNumThreads: Number(process.env.OMP_NUM_THREADS),
    logSeverityLevel: 3,
  });
  const ids = (values: Iterable<number>) => new Tensor('int64', BigInt64Array.from(values, BigInt), [batch, length]);
  const size = batch * length;
  const inputs = {
    input_ids: ids(sameIntegers('tokens', [batch, length], vocabulary)),
    attention_mask: ids(new Int32Array(size).fill(1)),
    token_type_ids: ids(new Int32Array(size)),
  };
  return async () => (await session.run(inputs)).last_hidden_state.data;
}
