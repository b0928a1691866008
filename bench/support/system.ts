import type { Profiler } from 'node:inspector';
import process from 'node:process';
import { answerMessages } from './answer-messages.ts';

/** The services and settings that a system under test uses. */
export interface Surroundings {
  /** Where the system listens, on localhost. */
  readonly port: number;
  /** Responds to every GET with a bearer token. */
  readonly upstreamOrigin: string;
  readonly entraOrigin: string;
  /** The product's settings. Microsoft's sample reads its addresses from them in the development host. */
  readonly settings: Readonly<Record<string, string>>;
}

export type SystemQuestion =
  | { readonly kind: 'is-loaded' }
  | { readonly kind: 'start'; readonly surroundings: Surroundings }
  | { readonly kind: 'usage' }
  | { readonly kind: 'start-profile' }
  | { readonly kind: 'stop-profile' };

/** What a system's process has used since it started. */
export interface Usage {
  /** User and system time of all threads, in microseconds. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** Runs a system in this process: starts it, and reports its usage or a profile. `start` resolves when the system listens. */
export function runSystem(start: (surroundings: Surroundings) => Promise<unknown>): void {
  let stopProfiler: (() => Promise<Profiler.Profile>) | undefined;
  answerMessages(async (question: SystemQuestion) => {
    if (question.kind === 'start') await start(question.surroundings);
    if (question.kind === 'start-profile') {
      // Loaded on demand, because the start and the memory of the process are measured.
      stopProfiler = await (await import('./profile.ts')).startProfiler();
    }
    if (question.kind === 'stop-profile') return stopProfiler?.();
    return usage();
  });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() };
}
