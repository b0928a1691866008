/**
 * Memory for the large bodies of all responses on a worker. A response that gets no memory waits, and the rest of its body
 * stays in the connection. Memory is therefore bounded for any number of calls.
 *
 * A response acquires memory in steps, as its body arrives. Bytes that a slow API has not sent occupy no memory. A step is
 * granted only if every older response could still get the rest of its memory once the responses before it are done. The
 * oldest response can therefore always continue, and after it the next. Without this rule, responses that each hold a part
 * and wait for the rest would deadlock. A new response that does not fit in this way waits in a queue and holds nothing.
 */
export interface MemoryBudget {
  /**
   * @param user the same value for all calls of a user
   * @param api the same value for all calls to one API
   */
  open(user: string, api: string): MemoryPermit;
}

/** The memory of one call. */
export interface MemoryPermit extends Disposable {
  /**
   * Resolves as soon as this call has the memory. Stays pending forever if the permit is released meanwhile.
   * @param restBytes the most that the call will acquire after this step
   */
  acquire(bytes: number, restBytes?: number): Promise<void>;
  /** Releases all memory of the call. The permit can be used again. */
  release(): void;
}

/** Twelve bodies of the default limit (10 MiB). With the copies that the host makes, they fit into the smallest instance. */
const BUDGET_BYTES = 128 * 1024 * 1024;
/**
 * A user may hold half as much as remains free. One user alone can hold a third of the budget, two users a quarter each.
 * A further user then finds twice as much free memory as each of them holds.
 */
const SHARE_OF_USER = 1 / 2;
/** An API may hold three times as much as remains free. A single API can therefore hold three quarters of the budget. */
const SHARE_OF_API = 3;

interface BudgetedCall {
  readonly user: string;
  readonly api: string;
  /** Whether the call holds memory or waits for some. */
  isActive: boolean;
  heldBytes: number;
  /** What the call holds and may still acquire. */
  maxBytes: number;
  waiting: { readonly bytes: number; readonly resolve: () => void } | undefined;
}

interface Budget {
  readonly totalBytes: number;
  /** The calls that hold memory, oldest first. */
  readonly holders: BudgetedCall[];
  /** The calls that wait for their first memory, oldest first. */
  readonly queue: BudgetedCall[];
}

export function createMemoryBudget(totalBytes = BUDGET_BYTES): MemoryBudget {
  const budget: Budget = { totalBytes, holders: [], queue: [] };
  return {
    open(user, api) {
      const call: BudgetedCall = {
        ...{ user, api },
        ...{ isActive: false, heldBytes: 0, maxBytes: 0, waiting: undefined },
      };
      const release = () => releaseAll(budget, call);
      return {
        acquire: (bytes, restBytes = 0) =>
          new Promise((resolve) => {
            call.isActive = true;
            call.maxBytes = call.heldBytes + bytes + restBytes;
            call.waiting = { bytes, resolve };
            // A step frees no memory. The other waiting calls are checked at the next release.
            if (budget.holders.includes(call)) return grantIfPossible(budget, call);
            budget.queue.push(call);
            serveQueue(budget);
          }),
        release,
        [Symbol.dispose]: release,
      };
    },
  };
}

function releaseAll(budget: Budget, call: BudgetedCall): void {
  // Most calls have a small body and acquire nothing. For them there is nothing to search.
  if (!call.isActive) return;
  call.isActive = false;
  call.heldBytes = 0;
  call.waiting = undefined;
  remove(budget.holders, call);
  remove(budget.queue, call);
  for (const other of budget.holders) grantIfPossible(budget, other);
  serveQueue(budget);
}

function serveQueue(budget: Budget): void {
  for (;;) {
    // If the user's or the API's share is used up, a response waits until a release leaves enough. Later ones pass it.
    const next = budget.queue.find((call) => isWithinShares(budget, call, call.waiting?.bytes ?? 0));
    if (next === undefined || !leavesEnough(budget, next, next.waiting?.bytes ?? 0)) return;
    remove(budget.queue, next);
    budget.holders.push(next);
    grant(next);
  }
}

function grantIfPossible(budget: Budget, call: BudgetedCall): void {
  const bytes = call.waiting?.bytes;
  if (bytes === undefined || !isWithinShares(budget, call, bytes)) return;
  if (leavesEnough(budget, call, bytes)) grant(call);
}

function grant(call: BudgetedCall): void {
  const { waiting } = call;
  if (waiting === undefined) return;
  call.waiting = undefined;
  call.heldBytes += waiting.bytes;
  waiting.resolve();
}

/** Whether each older response could still get its rest once the responses before it are done. */
function leavesEnough({ totalBytes, holders }: Budget, call: BudgetedCall, bytes: number): boolean {
  if (holders.every((other) => other === call)) return true;
  const index = holders.includes(call) ? holders.indexOf(call) : holders.length;
  // A new response is done last. All memory is free then, but the response must fit into it.
  if (index === holders.length && call.maxBytes > totalBytes) return false;
  let laterBytes = bytes + sumHeldBytes(holders.slice(index));
  for (const older of holders.slice(0, index).reverse()) {
    if (older.maxBytes + laterBytes > totalBytes) return false;
    laterBytes += older.heldBytes;
  }
  return true;
}

/**
 * Whether the user and the API stay within their shares. The share of a user does not limit the user's oldest response, nor
 * the share of an API the API's oldest response. Otherwise no response might ever be done.
 */
function isWithinShares({ totalBytes, holders }: Budget, call: BudgetedCall, bytes: number): boolean {
  const freeBytes = totalBytes - sumHeldBytes(holders) - bytes;
  const isWithin = (isSame: (other: BudgetedCall) => boolean, share: number) => {
    const same = holders.filter(isSame);
    return same.length === 0 || same[0] === call || sumHeldBytes(same) + bytes <= freeBytes * share;
  };
  return (
    isWithin(({ user }) => user === call.user, SHARE_OF_USER) &&
    isWithin(({ api }) => api === call.api, SHARE_OF_API)
  );
}

const sumHeldBytes = (calls: readonly BudgetedCall[]) =>
  calls.reduce((sum, { heldBytes }) => sum + heldBytes, 0);

function remove(list: BudgetedCall[], call: BudgetedCall): void {
  const index = list.indexOf(call);
  if (index !== -1) list.splice(index, 1);
}
