import { describe, expect, it } from 'vitest';
import { describeError } from '../../../src/shared/telemetry/describe-error.ts';
import { cpuMs } from '../../support/cpu-time.ts';

const at = / at .*\(?describe-error\.test\.ts:\d+\)?$/;

describe('an error in the log', () => {
  it('has its class, code and place, and so have its causes', () => {
    const cause = Object.assign(new TypeError('of alice@contoso.example'), { code: 'ECONNRESET' });
    const [outer, inner] = describeError(new Error('outer', { cause })).split(' < ');
    expect(outer).toMatch(/^Error at .*describe-error\.test\.ts:\d+/);
    expect(inner).toMatch(/^TypeError\(ECONNRESET\) at .*describe-error\.test\.ts:\d+/);
  });

  it.each([
    ['without a message', new Error()],
    ['with a message of many lines', new Error('one\ntwo\n    at three (four:5:6)\n')],
    ['whose message is its class', new Error('Error')],
  ])('%s has its place', (_what, error) => {
    expect(describeError(error)).toMatch(at);
  });

  it('is described by its type if it is not an Error', () => {
    expect(describeError('text of alice')).toBe('string');
    expect(describeError(undefined)).toBe('');
  });

  it.each([
    ['a stack that is no text', 'stack', ['at f']],
    ['a stack that is nothing', 'stack', null],
    ['a name that is no text', 'name', Symbol('n')],
    ['a message that is no text', 'message', 7],
  ])('is described without %s', (_what, name, value) => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' });
    Object.defineProperty(error, name, { value });
    expect(describeError(error)).toMatch(/^Error\(ECONNRESET\)/);
  });

  it.each(['stack', 'name', 'message', 'statusCode', 'cause'])(
    'is described without its %s if reading that throws',
    (name) => {
      const error = Object.defineProperty(Object.assign(new Error('x'), { errorCode: 'ECONNRESET' }), name, {
        get() {
          throw new Error('of alice');
        },
      });
      expect(describeError(error)).toMatch(/^Error\(ECONNRESET\)/);
    },
  );

  it('is described as unreadable if every access throws', () => {
    const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
    revoke();
    expect(describeError(proxy)).toBe('unreadable error');
  });

  describe('refuses', () => {
    const secret = 'alice-refresh-token';

    it.each([
      `\n    at ${secret} (contoso.example:1:2)`,
      `x\n    at ${secret}:1:2`,
      `\n\tat async ${secret} (${secret}:1:2)`,
      `${secret}\n    at f (${secret}:3:4)\n`,
    ])('to read a line of the message as a place: %j', (message) => {
      expect(describeError(new Error(message))).not.toContain(secret);
    });

    it('to read a place if the message was changed after the stack was created', () => {
      const error = new Error(`\n    at ${secret} (contoso.example:1:2)`);
      // From here on, the stack is a string.
      expect(error.stack).toContain(secret);
      error.message = 'another';
      expect(describeError(error)).toBe('Error');
    });

    it('a class that is not a name', () => {
      const error = new Error('text');
      error.name = `Error of ${secret}\n`;
      expect(describeError(error)).not.toContain(secret);
    });

    it('to spend much time on a long message', { tags: ['DO-5'] }, () => {
      const messages = ['a.'.repeat(20_000), `\n    at ${'a'.repeat(40_000)}`, '    at a-'.repeat(8_000)];
      const describe = () => messages.map((message) => describeError(new Error(message)));
      expect(cpuMs(describe)).toBeLessThan(500);
    });
  });
});
