import { app } from '@azure/functions';

/** What every function costs: the frame alone. */
const body = JSON.stringify({ displayName: 'Alice Adams', about: 'x'.repeat(1500) });

app.http('hello', {
  methods: ['GET'],
  route: '{*path}',
  authLevel: 'anonymous',
  handler: async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body }),
});
