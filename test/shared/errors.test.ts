import { describe, expect, it } from 'vitest';
import { BffError } from '../../src/shared/errors.ts';

describe('the problem of one request of a batch', () => {
  it('names the request before its detail, or before its title if it has none', () => {
    const detailed = new BffError('request_invalid', { detail: 'Refused: it has no method.' });
    expect(detailed.inBatchRequest('a"b').detail).toBe(
      'In request "a\\"b" of the batch: Refused: it has no method.',
    );
    expect(new BffError('not_found').inBatchRequest('1').detail).toBe(
      'In request "1" of the batch: Page not found.',
    );
  });

  it('keeps code, members, rules and Retry-After', () => {
    const error = new BffError('rate_limited', { rules: ['calls-of-user'], retryAfterSeconds: 3 });
    expect(error.inBatchRequest('1')).toMatchObject({
      code: 'rate_limited',
      status: 429,
      rules: ['calls-of-user'],
      retryAfterSeconds: 3,
      batchId: '1',
    });
  });
});
