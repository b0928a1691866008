import { answerMessages } from './support/answer-messages.ts';

export interface FixedLoop {
  readonly wallMs: number;
  readonly cpuMs: number;
}

const ITERATIONS = 30_000_000; // about 30 ms

/** Does the same work each time. Its times show how fast the machine is now, and how much other processes use it. */
answerMessages((): FixedLoop => {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  let state = 1;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) state = (Math.imul(state, 48_271) + 1) | 0;
  const { user, system } = process.cpuUsage(before);
  // The result is used, so that the loop is not optimized away.
  if (state === 0) console.error('');
  return { wallMs: performance.now() - startedMs, cpuMs: (user + system) / 1000 };
});
