import type { Variable } from '@tensorflow/tfjs';

import type { JavascriptLine } from './javascript-line.ts';
import type { Attribute, TensorValues } from './native-backend.ts';

/** Where an input of the function comes from at every call. */
export type Origin =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'variable'; readonly variable: Variable }
  /** A tensor from outside, or one too large to be written into the function; `id` is a handle of our own, `original` the tensor's. */
  | { readonly kind: 'captured'; readonly id: number; readonly original: number };

export interface Input {
  readonly kind: 'input';
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly origin: Origin;
}

/** A value that is written into the function. */
export interface Constant {
  readonly kind: 'constant';
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
  /** All values, or one that is repeated. */
  readonly values: TensorValues;
  readonly repeated: boolean;
  readonly line: JavascriptLine;
}

/** An op that was run. */
export interface Operation {
  readonly kind: 'operation';
  readonly name: string;
  readonly op: string;
  readonly attributes: readonly Attribute[];
  readonly inputs: readonly Source[];
  readonly stateful: boolean;
  readonly line: JavascriptLine;
}

/** What a tensor handle stands for: one output of a node. */
export interface Source {
  readonly node: Input | Constant | Operation;
  /** The output as a function definition writes it: `name`, or `node:argument:index`. */
  readonly reference: string;
  readonly dtype: number;
  /** Whether it may differ from call to call. */
  readonly dependent: boolean;
}

/** A recorded function: what goes in, what is done in which order, what comes out. */
export interface Graph {
  readonly inputs: readonly Input[];
  /** Only what the outputs need, and what has an effect of its own, in the order of recording. */
  readonly nodes: readonly (Constant | Operation)[];
  readonly outputs: readonly Source[];
}

/** Leaves out the nodes that no output needs; stateful ones stay. Inputs stay as they are. */
export function prune(graph: Graph): Graph {
  const needed = new Set<Source['node']>();
  const open: Source['node'][] = [
    ...graph.outputs.map(({ node }) => node),
    ...graph.nodes.filter((node) => node.kind === 'operation' && node.stateful),
  ];
  for (let node = open.pop(); node; node = open.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    if (node.kind === 'operation') open.push(...node.inputs.map((source) => source.node));
  }
  return { ...graph, nodes: graph.nodes.filter((node) => needed.has(node)) };
}
