import { Buffer } from 'node:buffer';
import { app } from '@azure/functions';

/** What every function costs: the frame alone. */
const body = JSON.stringify({ displayName: 'Alice Adams', about: 'x'.repeat(1500) });
const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };

app.http('hello', {
  methods: ['GET'],
  route: '{*path}',
  authLevel: 'anonymous',
  handler: async () => ({ status: 200, headers, body }),
});
