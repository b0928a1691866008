import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { choosePort, findFreePort, requirePort } from '../../dev/free-port.ts';

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
      await expect(requirePort(String(port))).rejects.toThrow(
        `port ${port} is in use. Set PORT to another port, or omit it.`,
      );
      server.close();
    },
  );
});

describe('requirePort', () => {
  it('returns the port if it is free', async () => {
    const port = await findFreePort();
    expect(await requirePort(String(port))).toBe(port);
  });

  it.each(['0', '65536', '-1', '80a', '7071.5', ' 7071', '1e3', 'http'])('refuses %j', async (text) => {
    await expect(requirePort(text)).rejects.toThrow(`PORT is "${text}". Set it to a number from 1 to 65535.`);
  });
});
