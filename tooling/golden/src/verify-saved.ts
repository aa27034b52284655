import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bertNames,
  BertPretrainer,
  QuestionAnswerer,
  SentenceEncoder,
  TextClassifier,
  TextGenerator,
  TokenTagger,
} from '@heed/nlp';
import { openTokenizer } from '@heed/tasks';
import { openPretrained, readConfig, savePretrained } from '@heed/training';
import { runPython } from './python.ts';
import type { Verified } from './verified.ts';

const SCRIPT = fileURLToPath(new URL('../verify-saved.py', import.meta.url));

const DOCUMENTS = [
  'The cat sat on the mat. The cat ran to the door. A ΣΑΣ sat 𠀀𠀁.',
  'A sun was in the sky. A moon was in the sea. The naïve sun ran.',
];
/** Of characters that the generators know; final sigma, ideographs beyond U+FFFF, spaces of all kinds. */
const TEXTS = ['The cat  sat.', ' A ΣΑΣ ran', '𠀀𠀁 naïve moon', 'the sea.The sky'];

/** Saves into `folder`; `bert` is a published BERT whose weights are in bfloat16. */
type Save = (folder: string, bert: string) => Promise<void>;

/** What is saved: each task that transformers open, trained a little. */
export const SAVED: Readonly<Record<string, Save>> = {
  'TextGenerator of characters': (folder) => saveGenerator(folder, 'characters'),
  'TextGenerator of byte pairs': (folder) => saveGenerator(folder, 'bpe'),
  BertPretrainer: (folder) => savePretrainer(folder, false),
  'BertPretrainer, causal': (folder) => savePretrainer(folder, true),
  TextClassifier: async (folder, bert) => {
    const classifier = await TextClassifier.fromPretrained(bert, { labels: ['cat', 'sky'] });
    const examples = [
      { text: 'The cat sat.', label: 'cat' },
      { text: 'A sun was in the sky.', label: 'sky' },
    ];
    await classifier.fit(examples, { steps: 1, batchSize: 2 });
    await classifier.save(folder);
    classifier.dispose();
  },
  TokenTagger: async (folder, bert) => {
    const tagger = await TokenTagger.fromPretrained(bert, { labels: ['O', 'B-X', 'I-X'] });
    await tagger.fit([{ tokens: ['The', 'cat', 'sat'], labels: ['O', 'B-X', 'O'] }], { steps: 1, batchSize: 1 });
    await tagger.save(folder);
    tagger.dispose();
  },
  QuestionAnswerer: async (folder, bert) => {
    const answerer = await QuestionAnswerer.fromPretrained(bert);
    await answerer.save(folder);
    answerer.dispose();
  },
  SentenceEncoder: async (folder, bert) => {
    const encoder = await SentenceEncoder.fromPretrained(bert);
    await encoder.savePretrained(folder);
    encoder.dispose();
  },
};

async function saveGenerator(folder: string, tokenizer: 'characters' | 'bpe'): Promise<void> {
  const size = { width: 16, layers: 1, heads: 2, contextLength: 16 };
  const generator = new TextGenerator(
    tokenizer === 'bpe' ? { ...size, tokenizer, vocabularySize: 280 } : { ...size, tokenizer },
  );
  await generator.fit([...DOCUMENTS, ...TEXTS], { steps: 1, batchSize: 2 });
  await generator.savePretrained(folder);
  generator.dispose();
}

async function savePretrainer(folder: string, causal: boolean): Promise<void> {
  const pretrainer = new BertPretrainer({
    vocabularySize: 120,
    width: 16,
    layers: 1,
    heads: 2,
    maximumTokens: 32,
    causal,
  });
  await pretrainer.fit(DOCUMENTS, { steps: 1, batchSize: 2 });
  await pretrainer.save(folder);
  pretrainer.dispose();
}

interface Found {
  readonly keys: readonly string[];
  readonly dtypes: { readonly file: readonly string[]; readonly config: string | null; readonly model: string };
  readonly ids: number[][];
  readonly decoded: string[];
  readonly ends: Readonly<Record<'bos' | 'eos', (number | null)[]>> | null;
}

/** Opens in Python all that a task saves. */
export async function verifySaved(save: Save): Promise<Verified[]> {
  const home = await mkdtemp(join(tmpdir(), 'heed-saved-'));
  try {
    const [bert, folder, texts] = ['bert', 'saved', 'texts.json'].map((name) => join(home, name));
    await publishBert(bert, join(home, 'pretrained'));
    await save(folder, bert);
    await writeFile(texts, JSON.stringify(TEXTS));
    const printed = await runPython([SCRIPT, folder, texts]);
    const found = JSON.parse(printed.trim().split('\n').at(-1)!) as Found;
    const tokenizer = await openTokenizer(await openPretrained(folder));
    const ids = TEXTS.map((text) => [...tokenizer.tokenize(text).ids]);
    const differing = TEXTS.filter((_, i) => JSON.stringify(ids[i]) !== JSON.stringify(found.ids[i]));
    const { file, config, model } = found.dtypes;
    const isFloat32 =
      file.every((type) => type === 'F32') && model === 'torch.float32' && [null, 'torch.float32'].includes(config);
    const generates = found.ends !== null;
    return [
      {
        claim: 'Python finds the weights of the class that is named, no key missing, unexpected or misshapen',
        holds: found.keys.length === 0,
        figure: found.keys.join('; ') || 'none',
      },
      {
        claim: 'file, config and model are of float32, though what it began from was not',
        holds: isFloat32,
        figure: `${file.join(', ')}; ${config}; ${model}`,
      },
      {
        claim: 'AutoTokenizer gives the same tokens',
        holds: differing.length === 0,
        figure: differing.length === 0 ? `${TEXTS.length} texts` : `not of ${JSON.stringify(differing)}`,
      },
      ...(generates
        ? [
            {
              claim: 'AutoTokenizer decodes to the same text',
              holds: TEXTS.every((text, i) => found.decoded[i].trimStart() === text.trimStart()),
              figure: JSON.stringify(found.decoded),
            },
            {
              claim: 'config, generation config and tokenizer say alike where a text begins and ends',
              holds: Object.values(found.ends!).every((of) => of[0] !== null && new Set(of).size === 1),
              figure: JSON.stringify(found.ends),
            },
          ]
        : []),
    ];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** A BERT as it might be published: in bfloat16, and its config says so. */
async function publishBert(folder: string, pretrained: string): Promise<void> {
  await savePretrainer(pretrained, false);
  const source = await openPretrained(pretrained);
  const encoder = await SentenceEncoder.fromPretrained(pretrained);
  const { format: _, version: __, config: ___, state: ____, files: _____, ...config } = await readConfig(pretrained);
  const names = await source.list();
  const companions = names.filter((name) => name.startsWith('tokenizer'));
  const { bert } = encoder.model;
  await savePretrained(folder, {
    model: bert,
    names: bertNames,
    config: { ...config, architectures: ['BertModel'], dtype: 'bfloat16' },
    files: Object.fromEntries(
      await Promise.all(companions.map(async (name) => [name, await source.read(name)] as const)),
    ),
    floats: 'BF16',
  });
  encoder.dispose();
}
