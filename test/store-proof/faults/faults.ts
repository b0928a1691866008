import { Buffer } from 'node:buffer';
import type { Act, Answer } from './fault-proxy.ts';

/** The service or an intermediary returns this status without executing the request. */
export const answers =
  (
    status: number,
    { retryAfterSeconds, code = 'InternalError' }: { retryAfterSeconds?: number; code?: string } = {},
  ): Act =>
  ({ reply }) =>
    reply(odataError(status, code, retryAfterSeconds));

/** Pretends that the row was changed, so that only the limits of the workers end the attempts. */
export const conflicts: Act = answers(412, { code: 'UpdateConditionNotSatisfied' });

/** Never responds. */
export const holds: Act = () => {};

/** The request is executed, and the response is lost. */
export const losesAnswer: Act = async ({ apply, cut }) => {
  await apply();
  cut();
};

/** The request is executed without a response, so that the waiting worker can be killed. */
export const appliesAndHolds: Act = async ({ apply }) => {
  await apply();
};

/** The request is executed at once and answered after `until`, so that responses overtake each other. */
export const answersAfter =
  (until: Promise<unknown>): Act =>
  async ({ apply, reply }) => {
    const answer = await apply();
    await until;
    reply(answer);
  };

function odataError(status: number, code: string, retryAfterSeconds: number | undefined): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    body: Buffer.from(JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: code } } })),
  };
}
