// esbuild's `inject` puts this `Date` in the place of the global one in a worker's whole bundle, libraries included:
// MSAL, which takes the time from `Date`, then has the clock that a test gives to its worker.

const OriginalDate = globalThis.Date;
let nowMs = () => OriginalDate.now();

export function setClock(now: () => Date): void {
  nowMs = () => now().getTime();
}

// A proxy, not a class: dates from outside the bundle have to be instances as well.
const WorkerDate = new Proxy(OriginalDate, {
  construct: (target, from) => Reflect.construct(target, from.length === 0 ? [nowMs()] : from),
  get: (target, name) => (name === 'now' ? () => nowMs() : Reflect.get(target, name)),
});

export { WorkerDate as Date };
