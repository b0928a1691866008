// esbuild's `inject` replaces the global `Date` in a worker's whole bundle, including libraries. MSAL, which reads `Date`,
// then uses the worker's adjustable clock.

const OriginalDate = globalThis.Date;
let nowMs = () => OriginalDate.now();

export function setClock(now: () => Date): void {
  nowMs = () => now().getTime();
}

// A proxy and not a class, so that dates from outside the bundle are instances too.
const WorkerDate = new Proxy(OriginalDate, {
  construct: (target, from) => Reflect.construct(target, from.length === 0 ? [nowMs()] : from),
  get: (target, name) => (name === 'now' ? () => nowMs() : Reflect.get(target, name)),
});

export { WorkerDate as Date };
