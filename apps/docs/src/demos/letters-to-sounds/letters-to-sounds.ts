import { Pronouncer } from '@heed/nlp';

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

/** Pronounces a word by the checkpoint, which is fetched once. @throws if it cannot be fetched, or a letter is outside the alphabet */
export async function lettersToSounds({ checkpoint, word }: LettersToSoundsOptions): Promise<LettersToSounds> {
  let pronouncer = opened.get(checkpoint);
  if (pronouncer === undefined) {
    pronouncer = Pronouncer.load({
      label: checkpoint,
      list: () => Promise.resolve(['config.json', 'model.safetensors']),
      read: async (name) => {
        const response = await fetch(`${checkpoint}/${name}`);
        if (!response.ok) throw new Error(`The checkpoint did not load: ${name}, ${response.status}.`);
        return new Uint8Array(await response.arrayBuffer());
      },
    }) as Promise<Pronouncer>;
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
