import process, { argv } from 'node:process';
import { startFunctionsHost } from '@entra-bff/functions-host';

/**
 * Starts an app in the host, makes a few requests, and prints the status and the beginning of each answer. It is bundled, so that
 * an older Node.js can run it.
 */

// Node.js 20 does not have it, and the host uses it.
Promise.withResolvers ??= function withResolvers<Value>() {
  let resolve: PromiseWithResolvers<Value>['resolve'] = () => undefined;
  let reject: PromiseWithResolvers<Value>['reject'] = () => undefined;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

const [, , bundle = '', ...paths] = argv;
const host = await startFunctionsHost({ bundle, log: ({ message }) => console.error(message) });
if (host.loadError) console.error(host.loadError);
const answers: Record<string, readonly [number, string]> = {};
for (const path of paths) {
  const answer = await fetch(`${host.origin}${path}`, { headers: { 'x-csrf': '1' } });
  answers[path] = [answer.status, (await answer.text()).slice(0, 200)];
}
console.log(JSON.stringify(answers));
await host.close();
process.exit(0);
