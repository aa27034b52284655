import { describe, expect, it } from 'vitest';
import { main } from './main.ts';
import { heedInClone } from './heed-process.test-support.ts';

async function call(...args: string[]) {
  const text = { printed: '', said: '' };
  const code = await main(args, {
    print: (line) => (text.printed += line),
    say: (line) => (text.said += line),
  });
  return { code, ...text };
}

describe('heed', () => {
  it('shows its commands when asked, and with another exit code when called without one', async () => {
    const asked = await call('--help');
    expect(asked).toMatchObject({ code: 0, said: '' });
    expect(asked.printed).toMatch(/^heed <command>\n\n {2}run .*\n/);
    expect(await call()).toMatchObject({ code: 2, printed: asked.printed });
  });

  it('refuses an unknown command', async () => {
    expect(await call('fly')).toMatchObject({
      code: 2,
      said: expect.stringMatching(/^heed: there is no command 'fly'\n\nheed <command>/),
    });
  });

  it('says a wrong call without a stack', async () => {
    const { code, said } = await call('run', 'no/such-example');
    expect(said).toMatch(/^heed run: there is no example 'no\/such-example'; [^\n]*$/);
    expect(code).toBe(2);
  });

  it('is a command of its own', async () => {
    const { code, stdout } = await heedInClone(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^heed <command>\n/);
  });
});
