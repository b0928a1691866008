import { randomUUID } from 'node:crypto';
import {
  type Answer,
  type Breach,
  breach,
  type DocumentedProblems,
  type Result,
  toResult,
} from './answer.ts';
import type { Ledger } from './ledger.ts';
import { type Plant, planted } from './plants.ts';
import type { CallKind } from './rules.ts';
import { type Call, type SendCall, sessionCookieOf, signIn, type Visitor } from './visitor.ts';

/** What visitors do. Each action checks its answer and records the outcome. None of them rejects. */
export interface Actions {
  read(visitor: Visitor, kind: 'read' | 'cold' | 'renewal', worker: number): Promise<void>;
  write(visitor: Visitor, worker: number): Promise<void>;
  session(visitor: Visitor, worker: number): Promise<void>;
  signOut(visitor: Visitor): Promise<void>;
  signIn(visitor: Visitor): Promise<void>;
  /** Checks on every worker that the sessions that ended some time ago are refused. */
  checkEnded(): Promise<void>;
}

export interface ActionDependencies {
  readonly ledger: Ledger;
  readonly documented: DocumentedProblems;
  readonly workers: readonly SendCall[];
  readonly plants: readonly Plant[];
}

const graph = '/api/graph/v1.0/me';
/** Two seconds after its end, no worker may serve a session. The answer to the sign-out may take half a second to arrive. */
const ENDED_EVERYWHERE_MS = 2_500;

/** A response that names another user, or another call of the same user. */
function checkIdentity(id: unknown, { user }: Visitor, returnedId: unknown, requestId: string) {
  if (id !== user.id) return breach('another-user', `${String(id)} instead of ${user.id}`);
  return returnedId === requestId ? undefined : breach('another-user', 'the response to another call');
}

export function createActions({ ledger, documented, workers, plants }: ActionDependencies): Actions {
  const ended: { readonly cookie: string; readonly atMs: number }[] = [];
  const isSignOutLost = planted(plants, 'ended-session', 5);

  const makeCall = async (
    kind: CallKind,
    visitor: Visitor,
    worker: number,
    call: Omit<Call, 'cookie'>,
    check: (body: Readonly<Record<string, unknown>>) => Breach | undefined,
  ): Promise<Result | undefined> => {
    const { generation } = visitor;
    const startedMs = performance.now();
    const answer = await send(workers, worker, { ...call, cookie: sessionCookieOf(visitor) });
    const result =
      answer instanceof Error ? breach('no-answer', answer.message) : toResult(answer, documented, check);
    // The user has signed out meanwhile.
    const isOutdated = generation !== visitor.generation && isLost(result);
    if (isOutdated) return undefined;
    ledger.record({ kind, startedMs, endedMs: performance.now(), result });
    return result;
  };

  return {
    async read(visitor, kind, worker) {
      const requestId = randomUUID();
      await makeCall(kind, visitor, worker, { method: 'GET', path: graph, requestId }, (body) =>
        checkIdentity(body['id'], visitor, body['requestId'], requestId),
      );
    },
    async write(visitor, worker) {
      const [requestId, title] = [randomUUID(), randomUUID()];
      const call = {
        method: 'POST',
        path: `${graph}/todo/lists/list-1/tasks`,
        requestId,
        body: JSON.stringify({ title }),
      } as const;
      const result = await makeCall('write', visitor, worker, call, ({ owner, id, requestId: returned }) =>
        id === title
          ? checkIdentity(owner, visitor, returned, requestId)
          : breach('another-user', 'another write'),
      );
      if (result !== undefined) ledger.recordWrite(title, result);
    },
    async session(visitor, worker) {
      const call = { method: 'GET', path: '/api/auth/session', requestId: randomUUID() } as const;
      await makeCall('session', visitor, worker, call, ({ signed_in: isSignedIn, username }) => {
        if (isSignedIn !== true) return breach('lost-session', 'signed_in is false');
        return username === visitor.user.username ? undefined : breach('another-user', String(username));
      });
    },
    async signOut(visitor) {
      visitor.state = 'away';
      visitor.generation++;
      const cookie = sessionCookieOf(visitor);
      const startedMs = performance.now();
      const answer = isSignOutLost()
        ? { status: 200, headers: {}, body: '{"logout_url":""}' }
        : await orError(
            visitor.browser.script('POST', '/api/auth/logout', { headers: { 'content-length': '0' } }),
          );
      let isComplete = true;
      const result =
        answer instanceof Error
          ? breach('no-answer', answer.message)
          : toResult(answer, documented, (body) => {
              isComplete = body['complete'] !== false;
              return typeof body['logout_url'] === 'string'
                ? undefined
                : breach('undocumented-refusal', 'no URL');
            });
      const endedMs = performance.now();
      if (result.kind === 'served' && isComplete) ended.push({ cookie, atMs: endedMs });
      ledger.record({ kind: 'sign-out', startedMs, endedMs, result });
    },
    async signIn(visitor) {
      const startedMs = performance.now();
      const answer = await orError(signIn(visitor));
      const hasSession = visitor.browser.cookies().has('session');
      const result = toSignInResult(answer, hasSession, documented);
      ledger.record({ kind: 'sign-in', startedMs, endedMs: performance.now(), result });
      if (hasSession) visitor.state = 'signed-in';
    },
    async checkEnded() {
      const nowMs = performance.now();
      while (ended[0] !== undefined && nowMs - ended[0].atMs >= ENDED_EVERYWHERE_MS) {
        const [session] = ended.splice(0, 1);
        const call = { method: 'GET', path: graph, cookie: session?.cookie ?? '' } as const;
        for (const worker of workers.keys()) {
          const answer = await send(workers, worker, { ...call, requestId: randomUUID() });
          if (!(answer instanceof Error) && answer.status === 200)
            ledger.recordBreach('ended-session', 'a call after a sign-out returned 200');
        }
      }
    },
  };
}

const isLost = (result: Result) => result.kind === 'breach' && result.rule === 'lost-session';

function send(workers: readonly SendCall[], worker: number, call: Call): Promise<Answer | Error> {
  const sendCall = workers[worker];
  if (sendCall === undefined) throw new RangeError(`no worker ${worker}`);
  return orError(sendCall(call));
}

async function orError<Value>(pending: Promise<Value>): Promise<Value | Error> {
  try {
    return await pending;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A sign-in that succeeds ends at a page of the app, which does not exist here. */
function toSignInResult(answer: Answer | Error, hasSession: boolean, documented: DocumentedProblems): Result {
  if (answer instanceof Error) return breach('no-answer', answer.message);
  if (hasSession) return { kind: 'served' };
  if (answer.status < 400) return breach('undocumented-refusal', `${answer.status} without a session`);
  return toResult(answer, documented, () => undefined);
}
