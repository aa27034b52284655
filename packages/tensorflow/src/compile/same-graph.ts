import { encodeFunctionDef } from './function-def.ts';
import type { Constant, Graph, Input, Operation } from './graph.ts';
import { describeLine } from './javascript-line.ts';
import type { Binding, TensorValues } from './native-backend.ts';

/**
 * Says how the second recording of a function differs from the first, or undefined where it does not. Both were made with
 * like arguments, so what differs came from JavaScript: a number, a flag, a random value, another tensor from outside.
 */
export function findDifference(first: Graph, second: Graph, binding: Binding): string | undefined {
  const options = { name: 'f', xla: false };
  const [one, other] = [first, second].map((graph) => encodeFunctionDef(graph, binding, options));
  if (!Buffer.from(one!).equals(other!)) return describeDifference(first, second);
  for (const [i, input] of second.inputs.entries()) {
    const difference = compareOrigins(first.inputs[i]!, input, binding);
    if (difference) return difference;
  }
  return undefined;
}

function compareOrigins(first: Input, second: Input, binding: Binding): string | undefined {
  const [a, b] = [first.origin, second.origin];
  if (a.kind === 'variable' && b.kind === 'variable' && a.variable !== b.variable) {
    return `the variable ${b.variable.name} where there was ${a.variable.name}`;
  }
  if (a.kind !== 'captured' || b.kind !== 'captured') return undefined;
  if (a.original === b.original) return undefined;
  if (sameValues(binding.tensorDataSync(a.id), binding.tensorDataSync(b.id))) return undefined;
  return `another tensor of shape [${second.shape.join()}] from outside (pass it as an argument)`;
}

function sameValues(one: TensorValues, other: TensorValues): boolean {
  if (Array.isArray(one) || Array.isArray(other)) return false;
  const [a, b] = [one, other].map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  return a!.equals(b!);
}

type Node = Constant | Operation;

function describeDifference(first: Graph, second: Graph): string {
  const count = Math.max(first.nodes.length, second.nodes.length);
  for (let i = 0; i < count; i++) {
    const [one, other] = [first.nodes[i], second.nodes[i]];
    if (one && other && summary(one) === summary(other)) continue;
    const line = describeLine((other ?? one)!.line);
    return `${other ? summary(other) : 'nothing'} where there was ${one ? summary(one) : 'nothing'}, ${line}`;
  }
  return `${second.outputs.length} outputs or other inputs where there were ${first.outputs.length}`;
}

function summary(node: Node): string {
  if (node.kind === 'operation') {
    const attributes = node.attributes.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join();
    return `${node.op}(${node.inputs.map(({ reference }) => reference).join()}; ${attributes})`;
  }
  if (node.repeated) return `the constant ${String(node.values[0])} of shape [${node.shape.join()}]`;
  const some = Array.isArray(node.values) ? node.values.map(String) : Array.from(node.values.slice(0, 4), String);
  return `the constant ${some.join(', ')}${node.values.length > 4 ? ', …' : ''}`;
}
