import { cpus } from 'node:os';
import type { Child } from './child.ts';

/** Processor time as a share of one core, so that two busy cores are 2. */
export interface ProcessorTime {
  readonly cores: number;
  /** Of everything on this machine. */
  readonly machine: number;
  /** Of the processes of the run. `load` is this process. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Shows who used the processor in the meantime. A run on a machine that others use says little about times. */
export function startProcessorTime(children: readonly Child[]): { stop(): ProcessorTime } {
  const startedMs = performance.now();
  const [machineBefore, loadBefore] = [busyMs(), process.cpuUsage()];
  const before = children.map((child) => child.cpuMs());
  return {
    stop() {
      const elapsedMs = performance.now() - startedMs;
      const { user, system } = process.cpuUsage(loadBefore);
      const shares: Record<string, number> = { load: (user + system) / 1000 / elapsedMs };
      for (const [at, child] of children.entries()) {
        const [from, to] = [before[at], child.cpuMs()];
        if (from !== undefined && to !== undefined) shares[child.name] = (to - from) / elapsedMs;
      }
      return { cores: cpus().length, machine: (busyMs() - machineBefore) / elapsedMs, shares };
    },
  };
}

function busyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}
