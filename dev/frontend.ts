import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Emulators } from './cases.ts';
import { casesPath, createCasesEndpoint } from './cases-endpoint.ts';
import { serveFolder } from './static-files.ts';

const demoFolder = fileURLToPath(new URL('../demo', import.meta.url));

/** Serves the demo page, the addresses of the emulators' switches, and the list of cases. */
export function createFrontend(emulators: Emulators) {
  const serveDemo = serveFolder(demoFolder, [emulators.graph.origin]);
  const handleCases = createCasesEndpoint(emulators);
  const devJson = JSON.stringify({
    entra_switches_url: `${emulators.entra.origin}/switches`,
    graph_switches_url: `${emulators.graph.origin}/switches`,
    cases_url: casesPath,
  });
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url === casesPath) {
      handleCases(request, response).catch(() => response.destroy());
      return true;
    }
    if (request.method !== 'GET' || request.url !== '/dev.json') return serveDemo(request, response);
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(devJson);
    return true;
  };
}
