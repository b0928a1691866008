import { Buffer } from 'node:buffer';
import { app } from '@azure/functions';

/** A fixed response, which shows what every function costs. */
const body = JSON.stringify({ displayName: 'Alice Adams', about: 'x'.repeat(1500) });
const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };

app.http('hello', {
  methods: ['GET'],
  route: '{*path}',
  authLevel: 'anonymous',
  handler: async () => ({ status: 200, headers, body }),
});
