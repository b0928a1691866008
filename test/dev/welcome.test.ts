import { demoDirectory } from '@entra-bff/directory';
import { describe, expect, it } from 'vitest';
import type { Development } from '../../dev/development.ts';
import { welcome } from '../../dev/welcome.ts';

const moved: Development = {
  publicBaseUrl: 'http://localhost:40123',
  bffOrigin: 'http://localhost:40123',
  entraSwitchesUrl: 'http://localhost:7072/switches',
  graphSwitchesUrl: 'http://localhost:7073/switches',
  directory: demoDirectory,
  takenPort: 7071,
};

describe('the welcome, if the usual port is in use,', () => {
  it('says how to keep the port that was chosen', () => {
    expect(welcome(moved)).toContain(
      '  (port 7071 is in use, so the service uses port 40123; PORT=40123 npm start always uses it)\n',
    );
  });

  it('asks to adapt the server in front of the service, if PUBLIC_BASE_URL names one', () => {
    expect(welcome({ ...moved, publicBaseUrl: 'http://localhost:5173' })).toContain(
      '  (port 7071 is in use. The service uses port 40123: let your proxy point to it, or free port 7071 and start again)\n',
    );
  });
});

describe('the list of users', () => {
  it('separates its columns, however long a name is', () => {
    const [, list = ''] = welcome(moved).split('Sign in as:\n');
    const users = list.split('\n\n')[0]?.split('\n') ?? [];
    expect(users.length).toBeGreaterThan(4);
    for (const user of users) expect(user).toMatch(/^ {2}\S+@\S+\.example {2,}\S.* {2,}(?:no role|role )/);
  });
});
