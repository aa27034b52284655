import * as tf from '@tensorflow/tfjs';

/** Tensors, by name or in a list, whose first axis counts sequences. */
export type Rows = tf.Tensor | undefined | readonly Rows[] | { readonly [name: string]: Rows };

/** The same structure with every tensor replaced. */
function mapRows<T extends Rows>(rows: T, replace: (tensor: tf.Tensor) => tf.Tensor): T {
  return map(rows, replace) as T;
}

function map(rows: Rows, replace: (tensor: tf.Tensor) => tf.Tensor): Rows {
  if (rows === undefined) return undefined;
  if (rows instanceof tf.Tensor) return replace(rows);
  if (isList(rows)) return rows.map((part) => map(part, replace));
  return Object.fromEntries(Object.entries(rows).map(([name, part]) => [name, map(part, replace)]));
}

function isList(rows: Exclude<Rows, undefined | tf.Tensor>): rows is readonly Rows[] {
  return Array.isArray(rows);
}

/** Each sequence's rows repeated, one below the other: the rows of its beams. */
export function repeatRows<T extends Rows>(rows: T, times: number): T {
  return mapRows(rows, (tensor) =>
    tf.tidy(() => {
      const [count, ...rest] = tensor.shape;
      const repeated = tf.tile(tf.expandDims(tensor, 1), [1, times, ...rest.map(() => 1)]); // [count, times, ...]
      return tf.reshape(repeated, [count * times, ...rest]);
    }),
  );
}

/** The chosen rows in the chosen order. */
export function gatherRows<T extends Rows>(rows: T, indices: tf.Tensor1D): T {
  return mapRows(rows, (tensor) => tf.gather(tensor, indices));
}

/** Frees every tensor. */
export function disposeRows(rows: Rows): void {
  mapRows(rows, (tensor) => {
    tensor.dispose();
    return tensor;
  });
}

/** Number of sources of a batch. */
export function sourceCount(batch: Readonly<Record<string, tf.Tensor>>): number {
  return Object.values(batch)[0].shape[0]!;
}

/** What a function makes, without what it needed on the way. */
export function tidyRows<T extends Rows>(make: () => T): T {
  return tf.tidy(make as () => tf.TensorContainer) as T;
}
