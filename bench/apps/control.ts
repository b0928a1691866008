import { app } from '@azure/functions';
import { createHttpSender } from '../../src/shared/network/http-request.ts';
import { fixedToken } from '../support/fixed-token.ts';

/** The product without its own work: its HTTP client, a fixed token, no session, no policy, no checks of the response. */
const origin = process.env['DEV_GRAPH_ORIGIN'] ?? '';
const sendHttp = createHttpSender();

app.http('control', {
  methods: ['GET'],
  route: '{*path}',
  authLevel: 'anonymous',
  async handler(request) {
    const { status, headers, body } = await sendHttp({
      origin,
      method: 'GET',
      path: request.url.slice(request.url.indexOf('/api/graph/') + '/api/graph'.length),
      headers: { authorization: fixedToken, accept: 'application/json' },
      deadlineMs: 30_000,
      maxResponseBytes: 10_000_000,
      borrower: { kind: 'session', name: 'control' },
    });
    return {
      status,
      headers: {
        'content-type': String(headers['content-type']),
        'content-length': String(headers['content-length']),
      },
      body,
    };
  },
});
