import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { choosePort, findFreePort } from '../../dev/free-port.ts';

describe('choosePort', () => {
  it('returns the preferred port if it is free', async () => {
    const port = await findFreePort();
    expect(await choosePort(port)).toBe(port);
  });

  it.each(['127.0.0.1', '::1'])(
    'returns another port if the preferred one is taken on %s',
    async (address) => {
      const server = createServer().listen(0, address);
      const started = await Promise.race([once(server, 'listening'), once(server, 'error')]);
      if (started.length > 0) return; // This machine has no such address.
      const taken = server.address();
      const port = typeof taken === 'object' && taken ? taken.port : 0;
      expect(await choosePort(port)).not.toBe(port);
      server.close();
    },
  );
});
