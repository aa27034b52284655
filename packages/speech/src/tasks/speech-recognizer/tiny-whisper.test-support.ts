import { trainBpe } from '@heed/tasks';
import { memoryFolder, savePretrained, type Folder } from '@heed/training';
import { publishedWhisperConfig, whisperNames } from '../../models/whisper/whisper.names.ts';
import { createWhisper, type WhisperConfig } from '../../models/whisper/whisper.ts';

/** Windows of one second. */
const STEPS = 50;

/** A tokenizer as Whisper's: bytes and a few merges, then the special tokens; times have no names. */
function tinyTokenizer() {
  const json = trainBpe(['high low high low'], { vocabularySize: 262 });
  const first = Object.keys(json.model.vocab).length;
  const special = [
    'endoftext',
    'startoftranscript',
    'en',
    'transcribe',
    'translate',
    'startofprev',
    'nocaptions',
    'notimestamps',
  ];
  const added_tokens = special.map((name, i) => ({
    id: first + i,
    content: `<|${name}|>`,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return { json: { ...json, added_tokens }, end: first, size: first + special.length + STEPS + 1 };
}

/** A published Whisper of one layer on either side, drawn by a seed. */
export async function tinyWhisper(seed = 3): Promise<Folder> {
  const { json, size } = tinyTokenizer();
  const config: WhisperConfig = {
    mels: 8,
    vocabularySize: size,
    modelWidth: 16,
    encoderLayers: 1,
    encoderHeads: 2,
    decoderLayers: 1,
    decoderHeads: 2,
    feedForwardWidth: 32,
    maximumSteps: STEPS,
    maximumLength: 16,
    dropout: 0,
  };
  const folder = memoryFolder();
  const model = createWhisper(config, seed);
  try {
    await savePretrained(folder, {
      model,
      names: whisperNames,
      config: publishedWhisperConfig(config),
      files: {
        'tokenizer.json': JSON.stringify(json),
        'generation_config.json': JSON.stringify({ begin_suppress_tokens: [json.model.vocab[' '] ?? 0] }),
      },
    });
  } finally {
    model.dispose();
  }
  return folder;
}
