import { Buffer } from 'node:buffer';
import type { Act, Answer } from './fault-proxy.ts';

/** The service, or what stands before it, answers this and does nothing. */
export const answers =
  (
    status: number,
    { retryAfterSeconds, code = 'InternalError' }: { retryAfterSeconds?: number; code?: string } = {},
  ): Act =>
  ({ reply }) =>
    reply(odataError(status, code, retryAfterSeconds));

/** Somebody else wrote: of which nothing is true here, so that only the workers' own bounds end it. */
export const conflicts: Act = answers(412, { code: 'UpdateConditionNotSatisfied' });

/** Never answered. */
export const holds: Act = () => {};

/** Done, and the answer never arrives. */
export const losesAnswer: Act = async ({ apply, cut }) => {
  await apply();
  cut();
};

/** Done, and the answer never comes: whoever waits for it can be killed. */
export const appliesAndHolds: Act = async ({ apply }) => {
  await apply();
};

/** Done at once, and answered when `until` has come about: answers overtake each other. */
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
