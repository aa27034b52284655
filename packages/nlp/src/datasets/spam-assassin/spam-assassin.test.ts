import { createHash } from 'node:crypto';
import { storedFiles } from '@heed/testing';
import { createTarGzip } from 'nanotar';
import { describe, expect, it } from 'vitest';
import { readMail, readSpamAssassin, spamAssassin, splitMails, type Mail } from './spam-assassin.ts';

const archive = async (...mails: { readonly path: string; readonly text: string }[]) => {
  const bytes = await createTarGzip(
    mails.map(({ path, text }) => ({ name: `package/data/${path}`, data: JSON.stringify({ id: '1', text }) })),
  );
  return { read: () => Promise.resolve(bytes) };
};

describe('readMail', () => {
  it('decodes subject and body, and leaves out all other headers', async () => {
    const source =
      'From someone@example.org Thu Aug 22 13:17:22 2002\nReceived: from here\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\n' +
      'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nSMOpbGzDtA==\n';
    expect(await readMail(source)).toBe('Grüße\n\nHéllô');
  });

  it('takes the text of a mail that has HTML too', async () => {
    const source =
      'Subject: both\nContent-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\nplain\n' +
      '--b\nContent-Type: text/html\n\n<p>rich</p>\n--b--\n';
    expect(await readMail(source)).toBe('both\n\nplain');
  });

  it('takes of HTML what a reader would see', async () => {
    const html =
      '<html><head><title>T</title></head><body><!-- no --><style>p{}</style><p>Win &amp; <b>1&nbsp;000</b>\n$ &#8364;</p>' +
      '<script>if (a < b) x();</script><br>now &unknown; a < b</body></html>';
    expect(await readMail(`Subject: s\nContent-Type: text/html\n\n${html}`)).toBe(
      's\n\nWin & 1 000 $ €\nnow &unknown; a < b',
    );
  });
});

describe('readMail of a mail that is made to take long', () => {
  it('reads 400,000 empty lines in a moment', async () => {
    expect(await readMail(`Subject: s\nContent-Type: text/html\n\n${'\n'.repeat(400_000)}<p>end`)).toBe('s\n\nend');
  }, 5000);
});

describe('readSpamAssassin', () => {
  it('reads the mails of the archive, with the group that they are of', async () => {
    const files = await archive(
      { path: 'easy-ham-1/00001.ab.json', text: 'Subject: a\n\nb\n' },
      { path: 'spam-2/00002.cd.json', text: 'Subject: c\n\nd\n' },
      { path: 'spam-2/00003.ef.json', text: 'From: nobody\n\n\n' },
      { path: 'file_list.json', text: '' },
    );
    expect(await readSpamAssassin(files)).toEqual([
      { label: 'ham', group: 'easy-ham-1', text: 'a\n\nb' },
      { label: 'spam', group: 'spam-2', text: 'c\n\nd' },
    ]);
  });

  it('refuses what is no archive, and one without mails', async () => {
    const damaged = { read: () => Promise.resolve(new Uint8Array(10)) };
    await expect(readSpamAssassin(damaged)).rejects.toThrow('must be a .tgz, got 10 bytes that are none');
    await expect(readSpamAssassin(await archive({ path: 'readme.json', text: '' }))).rejects.toThrow(
      'must have mails under data/, got none',
    );
  });
});

describe('splitMails', () => {
  it('keeps mails together that differ in digits, case and white space alone', () => {
    const mails: Mail[] = Array.from({ length: 40 }, (_, i) => ({
      label: 'spam',
      group: 'spam-1',
      text: `Offer ${String.fromCodePoint(97 + (i % 20))} for $${i}`,
    }));
    const { train, validation, test } = splitMails(mails);
    const offers = (part: readonly Mail[]) => new Set(part.map(({ text }) => text.slice(0, 7)));
    expect([train, validation, test].map((part) => [part.length, offers(part).size])).toEqual([
      [28, 14],
      [4, 2],
      [8, 4],
    ]);
  });
});

const [file] = spamAssassin.files;
const stored = storedFiles(spamAssassin);

describe.skipIf(stored === undefined)('SpamAssassin', () => {
  it('has the file, splits and statistics on its card', { timeout: 120_000 }, async () => {
    const bytes = await stored!.read(file.name);
    expect(bytes.length).toBe(file.bytes);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    const mails = await readSpamAssassin(stored!);
    expect(spamAssassin.statistics).toEqual({
      mails: mails.length,
      spam: mails.filter(({ label }) => label === 'spam').length,
      ham: mails.filter(({ label }) => label === 'ham').length,
    });
    const { train, validation, test } = splitMails(mails);
    expect(spamAssassin.splits).toMatchObject({
      train: train.length,
      validation: validation.length,
      test: test.length,
    });
  });
});
