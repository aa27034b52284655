/** Heed's tasks on published weights: from texts to labels and answers. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QuestionAnswerer, TextClassifier, TokenTagger } from '@heed/nlp';

interface Case {
  /** Of the materials. */
  readonly folder: string;
  readonly task: 'classifier' | 'tagger' | 'answerer';
  /** Texts, or questions, that a run takes. */
  readonly count: number;
  readonly batchSize: number;
}

type Result = readonly (string | Float32Array)[];

export async function prepare({ folder, task, count, batchSize }: Case): Promise<() => Promise<Result>> {
  const texts = JSON.parse(await readFile(join(folder, 'sentences.json'), 'utf8')) as string[];
  const weights = join(folder, task);
  if (task === 'classifier') {
    const classifier = await TextClassifier.fromPretrained(weights);
    const { labels } = classifier.config;
    return async () => {
      const predictions = await classifier.predict(texts.slice(0, count), { batchSize });
      const shares = predictions.map(({ probabilities }) => Float32Array.from(labels, (label) => probabilities[label]));
      return [...predictions.map(({ label }) => label), ...shares];
    };
  }
  if (task === 'tagger') {
    const tagger = await TokenTagger.fromPretrained(weights);
    const sentences = texts.slice(0, count).map((text) => text.split(/\s+/));
    return async () => (await tagger.tag(sentences, { batchSize })).map(({ labels }) => labels.join(' '));
  }
  const answerer = await QuestionAnswerer.fromPretrained(weights);
  const questions = questionsOf(texts, count);
  return async () => {
    const answers = await answerer.answer(questions, { batchSize });
    return [...answers.map(({ text }) => text), Float32Array.from(answers, ({ score }) => score)];
  };
}

/** A question about every four sentences. */
function questionsOf(texts: readonly string[], count: number) {
  const asked = ['What is the film about?', 'Who is it for?', 'How does it end?', 'What is the best of it?'];
  return Array.from({ length: count }, (_, i) => ({
    question: asked[i % asked.length],
    context: texts.slice(4 * i, 4 * i + 4).join(' '),
  }));
}
