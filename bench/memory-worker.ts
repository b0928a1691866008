import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { answerMessages } from './support/answer-messages.ts';
import type { Surroundings } from './support/system.ts';

export type MemoryQuestion =
  | { readonly kind: 'start'; readonly surroundings: Surroundings }
  /** @param afterCollection collect garbage first */
  | { readonly kind: 'memory'; readonly afterCollection: boolean };

/** The memory of a process, in bytes. */
export interface Memory {
  readonly rss: number;
  /** V8's heap as it is mapped, including its free parts. */
  readonly heap: number;
  /** The part of the heap for new objects. */
  readonly young: number;
  readonly used: number;
  readonly buffers: number;
}

const [bundle = ''] = process.argv.slice(2);
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** An app in the development host, whose memory is examined. */
answerMessages(async (question: MemoryQuestion): Promise<Memory> => {
  if (question.kind === 'start') {
    const { port, settings } = question.surroundings;
    const appDirectory = fileURLToPath(new URL('..', import.meta.url));
    const host = await startFunctionsHost({ bundle, port, appDirectory, env: settings });
    if (host.loadError) throw host.loadError;
  } else if (question.afterCollection) {
    collectGarbage();
  }
  const { rss, heapTotal, heapUsed, arrayBuffers } = process.memoryUsage();
  const young = getHeapSpaceStatistics()
    .filter(({ space_name: name }) => name.startsWith('new_'))
    .reduce((sum, { physical_space_size: size }) => sum + size, 0);
  return { rss, heap: heapTotal, young, used: heapUsed, buffers: arrayBuffers };
});
