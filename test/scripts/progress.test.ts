import { describe, expect, it } from 'vitest';
import { startProgress } from '../../bench/support/progress.ts';

function record(isTTY: boolean) {
  const written: string[] = [];
  let nowMs = 0;
  return {
    written,
    pass: (ms: number) => {
      nowMs += ms;
    },
    options: {
      stream: { isTTY, columns: 60, write: (text: string | Uint8Array) => written.push(String(text)) > 0 },
      nowMs: () => nowMs,
    },
  };
}

describe('startProgress', () => {
  it('writes plain lines without a terminal: what begins, and how much is left', () => {
    const { written, pass, options } = record(false);
    const progress = startProgress(10, options);
    progress.step('first', 4);
    pass(60_000);
    progress.step('second', 6);
    progress.end();
    expect(written).toEqual(['  0 % first\n', ' 40 % second, about 1 min 30 s left\n']);
  });

  it('writes no more lines than asked for', () => {
    const { written, pass, options } = record(false);
    const progress = startProgress(4, { ...options, lineEveryMs: 10_000 });
    for (const what of ['a', 'b', 'c', 'd']) {
      progress.step(what);
      pass(6_000);
    }
    expect(written).toEqual(['  0 % a\n', ' 50 % c, about 12 s left\n']);
  });

  it('draws a bar on a terminal that fits into one line', () => {
    const { written, options } = record(true);
    const progress = startProgress(2, options);
    progress.step('x'.repeat(100));
    progress.step('half');
    progress.end();
    expect(written[0]).toHaveLength(4 + 59);
    expect(written[1]).toContain(`${'█'.repeat(12)}${'░'.repeat(12)} 50 % half`);
    expect(written.at(-1)).toBe('\r\x1b[K');
  });
});
