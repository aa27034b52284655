import { z } from 'zod';
import { spaceSchema, spaceToJson } from '../spaces/space-json.ts';
import { describeSpace, type Space } from '../spaces/space.ts';

/** What an agent sees and does. */
export interface Spaces {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
}

/** What `spacesJson` writes. */
export const spacesSchema = z.object({ observationSpace: spaceSchema, actionSpace: spaceSchema });

export function spacesJson({ observationSpace, actionSpace }: Spaces) {
  return { observationSpace: spaceToJson(observationSpace), actionSpace: spaceToJson(actionSpace) };
}

/** @throws unless an environment has the spaces that the agent has */
export function requireSpaces(owner: string, parts: Spaces, { observationSpace, actionSpace }: Spaces): void {
  for (const [kind, own, other] of [
    ['observations', parts.observationSpace, observationSpace],
    ['actions', parts.actionSpace, actionSpace],
  ] as const) {
    if (describeSpace(own) === describeSpace(other)) continue;
    throw new Error(
      `${owner}: ${kind} must be of the agent's space ${describeSpace(own)}, got ${describeSpace(other)}`,
    );
  }
}
