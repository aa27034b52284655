import { Pronouncer } from '@heed/nlp';
import { memoryFolder } from '@heed/training';

export interface LettersToSoundsOptions {
  /** Where the checkpoint's files stand. */
  readonly checkpoint: string;
  readonly word: string;
}

export interface LettersToSounds {
  readonly phonemes: readonly string[];
  readonly alternatives: readonly (readonly string[])[];
  /** weights[phoneme][letter]. */
  readonly weights: readonly (readonly number[])[];
  readonly letters: readonly string[];
}

const opened = new Map<string, Promise<Pronouncer>>();

async function open(checkpoint: string): Promise<Pronouncer> {
  const folder = memoryFolder(checkpoint);
  for (const name of ['config.json', 'model.safetensors']) {
    const response = await fetch(`${checkpoint}/${name}`);
    if (!response.ok) throw new Error(`The checkpoint did not load: ${name}, ${response.status}.`);
    await folder.write(name, new Uint8Array(await response.arrayBuffer()));
  }
  return Pronouncer.load(folder);
}

/** Pronounces a word by the checkpoint, which is fetched once. @throws if it cannot be fetched, or a letter is outside the alphabet */
export async function lettersToSounds({ checkpoint, word }: LettersToSoundsOptions): Promise<LettersToSounds> {
  let pronouncer = opened.get(checkpoint);
  if (pronouncer === undefined) {
    pronouncer = open(checkpoint);
    pronouncer.catch(() => opened.delete(checkpoint));
    opened.set(checkpoint, pronouncer);
  }
  const { phonemes, alternatives, attention } = await (await pronouncer).pronounce(word, { attention: true, beams: 3 });
  return {
    phonemes,
    alternatives: alternatives.slice(0, 2).map((other) => other.phonemes),
    weights: attention!.weights,
    letters: attention!.columns,
  };
}
