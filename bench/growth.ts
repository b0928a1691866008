import { Buffer } from 'node:buffer';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerMessages } from './support/answer-messages.ts';
import { type InvokeFunction, startInProcessWorker } from './support/in-process-worker.ts';
import { inventedRegistration, inventSessions } from './support/invented-sessions.ts';
import { measuredSettings } from './support/measured-settings.ts';

export interface GrowthTask {
  /** Path of the app with its injectable parts exported. */
  readonly bundle: string;
  readonly users: number;
  /** How many of them take turns while CPU time is measured. Their sessions fit into a worker's memory. */
  readonly activeUsers: number;
  readonly calls: number;
}

export interface Growth {
  /** CPU time of a call of the only user, in microseconds. */
  readonly oneUserMicros: number;
  /** The same with all users signed in and served by this worker, while the active users take turns. */
  readonly activeUsersMicros: number;
  /** The same while all users take turns. Sessions that do not fit into memory are read again. */
  readonly allUsersMicros: number;
  /** Resident memory for each session in memory. */
  readonly bytesPerSession: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Calls the function as the Functions worker does. Storage is a map in this process, and Graph responds at once. */
answerMessages(async ({ bundle, users, activeUsers, calls }: GrowthTask): Promise<Growth> => {
  const addresses = { bffOrigin: 'http://localhost:7071', entraOrigin: 'http://127.0.0.1:9' };
  const tableConnectionString = `DefaultEndpointsProtocol=http;AccountName=none;AccountKey=${Buffer.alloc(64).toString('base64')};TableEndpoint=http://127.0.0.1:9/none;`;
  const settings = {
    ...measuredSettings({ ...addresses, graphOrigin: 'http://127.0.0.1:9', tableConnectionString }),
    ...inventedRegistration,
  };
  const { table, cookies } = await inventSessions(users, settings);
  const startWorker = () =>
    startInProcessWorker({ bundle, settings, tableConnectionString }, '', {
      cacheSeconds: 60,
      withTable: () => table,
    });

  const only = await startWorker();
  const one = cookies.slice(0, 1);
  await microsPerCall(only, one, calls * 2);
  const oneUserMicros = await microsPerCall(only, one, calls);

  const worker = await startWorker();
  const active = cookies.slice(0, activeUsers);
  await microsPerCall(worker, one, calls);
  collectGarbage();
  const bytesBefore = process.memoryUsage.rss();
  await microsPerCall(worker, active, active.length);
  collectGarbage();
  const bytesPerSession = (process.memoryUsage.rss() - bytesBefore) / activeUsers;

  await microsPerCall(worker, cookies, cookies.length);
  const allUsersMicros = await microsPerCall(worker, cookies, Math.min(calls, cookies.length));
  await microsPerCall(worker, active, active.length);
  const activeUsersMicros = await microsPerCall(worker, active, calls);
  return { oneUserMicros, activeUsersMicros, allUsersMicros, bytesPerSession };
});

/** The users take turns. */
async function microsPerCall(
  call: InvokeFunction,
  cookies: readonly string[],
  calls: number,
): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index++) {
    const status = await call('graph', '/api/graph/v1.0/me', undefined, cookies[index % cookies.length]);
    if (status !== '200') throw new Error(`The call returned ${status}.`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
