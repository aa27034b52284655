import type { AbstractGraph } from 'graphology-types';
import { checkGraph, checkLabels, type LabelledGraph, type NodeSplit } from '../graph/graph-data.ts';
import { isGraphology, readGraph } from '../graph/graphology-graph.ts';

/** What a classifier of nodes learns from. Without a split all nodes with a label are learned from. */
export interface NodeData extends LabelledGraph {
  readonly split?: Partial<NodeSplit>;
  /** Default: the numbers 0, 1, … */
  readonly classNames?: readonly string[];
}

export function asNodeData(source: NodeData | AbstractGraph): NodeData {
  return isGraphology(source) ? readGraph(source).data : source;
}

/** The numbers of the nodes that have a label. */
export function labelledNodes({ labels }: NodeData): Int32Array {
  return Int32Array.from([...labels.keys()].filter((node) => labels[node] >= 0));
}

/** Which nodes are learned from and validated on. @throws if the graph is not sound or one of them has no label */
export function checkedSplit(owner: string, data: NodeData): { train: Int32Array; validation: Int32Array } {
  checkGraph(owner, data);
  checkLabels(owner, data.labels, data.classes, data.nodes);
  const { train = labelledNodes(data), validation = new Int32Array() } = data.split ?? {};
  requireLabels(owner, data, train);
  if (validation.length > 0) requireLabels(owner, data, validation);
  return { train, validation };
}

/** @throws unless there is a node, and each is there and has a label */
export function requireLabels(owner: string, { labels, nodes }: NodeData, chosen: Int32Array): void {
  if (chosen.length === 0) throw new Error(`${owner}: at least one node with a label is needed, got none`);
  for (const node of chosen) {
    if (!(node >= 0 && node < nodes)) {
      throw new Error(`${owner}: the split must name nodes in [0, ${nodes}), got ${node}`);
    }
    if (labels[node] < 0) throw new Error(`${owner}: node ${node} of the split must have a label, got none`);
  }
}
