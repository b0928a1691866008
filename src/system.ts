import { setTimeout } from 'node:timers/promises';
import type { Config } from './shared/config/config.ts';
import { type RandomBytes, secureRandomBytes } from './shared/crypto/seal.ts';
import { createHttpSender, type SendHttp } from './shared/network/http-request.ts';
import { createAzureTable } from './shared/storage/azure-table.ts';
import type { Table } from './shared/storage/table.ts';

/** Clocks, waiting, random bytes, outgoing requests and the table. Tests replace parts of these, and nothing else. */
export interface System {
  readonly now: () => Date;
  readonly random: RandomBytes;
  /** Time since the start of the process, in milliseconds. Setting the clock does not change it. */
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  readonly sendHttp: SendHttp;
  readonly table: Table;
}

export function createSystem({ session: { table, tableName } }: Config): System {
  return {
    now: () => new Date(),
    random: secureRandomBytes,
    monotonicMs: () => performance.now(),
    wait: async (durationMs) => {
      await setTimeout(durationMs);
    },
    sendHttp: createHttpSender(),
    table: createAzureTable(table, tableName),
  };
}
