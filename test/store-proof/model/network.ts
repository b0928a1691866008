import { createHash } from 'node:crypto';
import { BffError } from '../../../src/shared/errors.ts';
import { HttpFailure, type HttpResponse, type SendHttp } from '../../../src/shared/network/http-request.ts';
import type { Row, RowKeys, Table } from '../../../src/shared/storage/table.ts';
import { createTableClock } from '../../../src/shared/storage/table-clock.ts';
import type { SimulatedIssuer } from './simulated-issuer.ts';
import { keyOf, type SimulatedTable } from './simulated-table.ts';

/**
 * An operation in progress. It has two moments: it is applied at the table or the issuer, and its response reaches the
 * worker. Before the first, it may be anywhere on the network. It may still be applied after its worker has given up.
 */
export interface Message {
  readonly name: string;
  readonly worker: string;
  readonly operation: Operation;
  /** The affected row. Requests to the issuer have none. */
  readonly row: string | undefined;
  readonly sentAtMs: number;
  readonly deadlineMs: number;
  appliedAtMs: number | undefined;
  /** The worker has received the response or a failure. */
  told: boolean;
  /** The worker got an error instead of the response. */
  isFailed: boolean;
  /** It never reaches the other side. */
  lost: boolean;
  apply(): void;
  answer(): void;
  fail(): void;
  /** The response in a canonical form that is the same in all equal runs. Undefined until it is applied. */
  readonly saying: string | undefined;
}

export type Operation = 'read' | 'list' | 'insert' | 'replace' | 'merge' | 'remove' | 'token';

export interface Network {
  readonly messages: readonly Message[];
  /** @param now the clock of the worker */
  tableOf(worker: string, now: () => Date): Table;
  sendHttpOf(worker: string): SendHttp;
}

// The deadlines of operations in `azure-table.ts`. A token request has its own.
const READ_DEADLINE_MS = 2_000;
const WRITE_DEADLINE_MS = 4_000;

export interface NetworkNeeds {
  readonly table: SimulatedTable;
  readonly issuer: SimulatedIssuer;
  /** The table's clock, which is right. */
  readonly nowMs: () => number;
  /** A row's decrypted content in a canonical spelling. */
  readonly describeRow: (row: Row) => string;
}

export function createNetwork({ table, issuer, nowMs, describeRow }: NetworkNeeds): Network {
  const messages: Message[] = [];
  const counts = new Map<string, number>();

  function send<Answer>(
    worker: string,
    operation: Operation,
    row: string | undefined,
    deadlineMs: number,
    act: (name: string) => Answer,
    describe: (answer: Answer) => string,
    failure: () => Error,
  ): Promise<Answer> {
    const count = (counts.get(worker) ?? 0) + 1;
    counts.set(worker, count);
    const name = `${worker} ${operation} ${count}`;
    return new Promise((resolve, reject) => {
      let outcome: { readonly answer: Answer; readonly saying: string } | undefined;
      const sentAtMs = nowMs();
      messages.push({
        name,
        worker,
        operation,
        row,
        sentAtMs,
        deadlineMs: sentAtMs + deadlineMs,
        appliedAtMs: undefined,
        told: false,
        isFailed: false,
        lost: false,
        apply() {
          const answer = act(name);
          outcome = { answer, saying: describe(answer) };
          this.appliedAtMs = nowMs();
        },
        answer() {
          if (outcome === undefined) throw new Error(`${name} has no answer yet`);
          this.told = true;
          resolve(outcome.answer);
        },
        fail() {
          this.told = true;
          this.isFailed = true;
          reject(failure());
        },
        get saying() {
          return outcome?.saying;
        },
      });
    });
  }

  return {
    messages,
    tableOf(worker, now) {
      const clock = createTableClock();
      const ask = <Answer extends object | undefined>(
        operation: Operation,
        keys: RowKeys,
        act: () => Answer,
        deadlineMs = operation === 'read' || operation === 'list' ? READ_DEADLINE_MS : WRITE_DEADLINE_MS,
      ) => {
        const sentAt = now();
        const answered = send(
          worker,
          operation,
          keyOf(keys),
          deadlineMs,
          () => ({ answer: act(), date: new Date(nowMs()).toUTCString() }),
          // The worker also sees the date, so states with different dates differ.
          ({ answer, date }) => `${describeAnswer(answer, describeRow)} on ${date}`,
          () => new BffError('storage_unavailable'),
        );
        return answered.then(({ answer, date }) => {
          clock.observe({ date, sentAt, receivedAt: now() });
          return answer;
        });
      };
      return {
        name: 'sessions',
        clock,
        read: (keys) => ask('read', keys, () => table.read(keys)),
        insert: (row) => ask('insert', row, () => table.insert(row)),
        replace: (row, etag) => ask('replace', row, () => table.replace(row, etag)),
        merge: (row, etag) => ask('merge', row, () => table.merge(row, etag)),
        remove: async (keys) => {
          await ask('remove', keys, () => {
            table.remove(keys);
            return undefined;
          });
        },
        removeUnchanged: (keys, etag) => ask('remove', keys, () => table.removeUnchanged(keys, etag)),
        list: (range, _columns, limit, deadlineMs) =>
          ask(
            'list',
            { partitionKey: JSON.stringify(range), rowKey: '' },
            () => table.list(range, limit),
            deadlineMs,
          ),
        check: async () => {},
      };
    },
    sendHttpOf: (worker) => (request) =>
      send(
        worker,
        'token',
        undefined,
        request.deadlineMs,
        (name): HttpResponse => issuer.answer(request, worker, name),
        ({ status, body }) => `${status} ${createHash('sha1').update(body).digest('hex')}`,
        () => new HttpFailure('timeout'),
      ),
  };
}

function describeAnswer(answer: object | undefined, describeRow: (row: Row) => string): string {
  return JSON.stringify(answer ?? 'done', (name, value: unknown) =>
    name === 'row' ? describeRow(value as Row) : value,
  );
}
