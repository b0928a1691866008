import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { serveFolder } from './static-files.ts';

const demoFolder = fileURLToPath(new URL('../demo', import.meta.url));

/** The demo page, and the one address by which it finds the switches. */
export function createFrontend(switches: { entraSwitchesUrl: string; graphSwitchesUrl: string }) {
  const serveDemo = serveFolder(demoFolder);
  const devJson = JSON.stringify({
    entra_switches_url: switches.entraSwitchesUrl,
    graph_switches_url: switches.graphSwitchesUrl,
  });
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== 'GET' || request.url !== '/dev.json') return serveDemo(request, response);
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(devJson);
    return true;
  };
}
