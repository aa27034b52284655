import { labelIndices } from '@heed/tasks';
import type { AbstractGraph } from 'graphology-types';
import { checkGraph, checkLabels, type LabelledGraph, type NodeSplit } from '../../graph/graph-data.ts';
import { requireDifferent } from '../class-names.ts';
import { isGraphology, readGraph } from '../../graph/graphology-graph.ts';

/** What a classifier of nodes learns from. Without a split all nodes with a label are learned from. */
export interface NodeData extends LabelledGraph {
  readonly split?: Partial<NodeSplit>;
  /** What `labels` count: a name for each class. Default: the numbers 0, 1, … */
  readonly classNames?: readonly string[];
}

export function asNodeData(source: NodeData | AbstractGraph): NodeData {
  return isGraphology(source) ? readGraph(source).data : source;
}

/** The numbers of the nodes that have a label. */
export function labelledNodes({ labels }: NodeData): Int32Array {
  return Int32Array.from([...labels.keys()].filter((node) => labels[node] >= 0));
}

/** The names of the classes that the labels count. @throws unless there is one for each class, and they differ */
export function classNamesOf(owner: string, { classes, classNames }: NodeData): readonly string[] {
  const names = classNames ?? Array.from({ length: classes }, (_, index) => String(index));
  if (names.length !== classes) {
    throw new Error(`${owner}: classNames must have one entry per class, got ${names.length} for ${classes} classes`);
  }
  requireDifferent(owner, names);
  return names;
}

/** Nodes, and the place of each one's class among the classes of a model. */
export interface LabelledNodes {
  readonly nodes: Int32Array;
  readonly labels: Int32Array;
}

/**
 * The chosen nodes with their labels as a model counts classes: by name, whatever number the data give them.
 *
 * @param known names of the model's classes
 * @throws unless there is a node, and each is there and has a label whose name is known
 */
export function labelledAs(
  owner: string,
  data: NodeData,
  nodes: Int32Array,
  known: readonly string[] = classNamesOf(owner, data),
): LabelledNodes {
  const { labels, nodes: count } = data;
  if (nodes.length === 0) throw new Error(`${owner}: at least one node with a label is needed, got none`);
  for (const node of nodes) {
    if (!(node >= 0 && node < count)) {
      throw new Error(`${owner}: the split must name nodes in [0, ${count}), got ${node}`);
    }
    if (labels[node] < 0) throw new Error(`${owner}: node ${node} of the split must have a label, got none`);
  }
  const names = classNamesOf(owner, data);
  const found = labelIndices(
    owner,
    known,
    Array.from(nodes, (node) => names[labels[node]]),
  );
  return { nodes, labels: Int32Array.from(found) };
}

/** @throws if the graph or its labels are not sound */
export function checkNodeData(owner: string, data: NodeData): void {
  checkGraph(owner, data);
  checkLabels(owner, data.labels, data.classes, data.nodes);
}
