import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPolicyCommand } from '../../cli/policy/command.ts';
import { repositoryPolicy } from '../../scripts/policy-place.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in a process. */
function start(
  command: string,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd: root }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** The same without a process. A good result goes to standard output, any other to standard error. */
function policy(...args: string[]): { code: number; out: string; err: string } {
  const { isGood, text } = runPolicyCommand(args, repositoryPolicy);
  return { code: isGood ? 0 : 1, out: isGood ? `${text}\n` : '', err: isGood ? '' : `${text}\n` };
}

function fileWith(content: unknown): string {
  const file = join(folder, 'policy.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const ownPolicy = {
  features: {
    mail: {
      title: 'Mail',
      guard: { roles: ['Staff'] },
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/messages',
          query: { $top: { max: 5, required: true } },
          scopes: ['Mail.Read', 'User.Read'],
          alternatives: [['Mail.ReadWrite', 'User.Read']],
        },
      ],
    },
  },
};

describe('npm run policy', () => {
  it('runs as documented', async () => {
    const { code, out } = await start('npm', [
      'run',
      '--silent',
      'policy',
      '--',
      'explain',
      'GET /v1.0/me?$select=id',
    ]);
    expect([code, out.split('\n')[0]]).toEqual([
      0,
      'Allowed by features.profile.rules[0], feature "profile" (Your profile and photo)',
    ]);
  });

  it('adds a rule as documented', async () => {
    const file = join(folder, 'added.json');
    const [call = ''] =
      /(?<=npm run policy -- add ').*(?=' my-policy\.json)/.exec(
        readFileSync(join(root, 'docs/policy.md'), 'utf8'),
      ) ?? [];
    const { code, out } = await start('npm', ['run', '--silent', 'policy', '--', 'add', call, file]);
    expect([code, out.split('\n')[0]]).toEqual([0, `Added to ${file}: ${call.replace(' ', ' /v1.0')}`]);
    expect(policy('check', file)).toMatchObject({ code: 0, out: `${file} is valid: 1 feature, 1 rule.\n` });
  });

  it.each(
    [[], ['help'], ['explain'], ['check', 'a', 'b'], ['explain', 'GET /', 'a', 'b']].map((args) => [args]),
  )('prints its usage for the arguments %j', (args) => {
    const { code, out, err } = policy(...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain("npm run policy -- explain 'GET /v1.0/me/messages?$top=5' [file]");
  });
});

describe('check', () => {
  it('reports the shipped file as valid', () => {
    expect(policy('check')).toEqual({
      code: 0,
      out: 'policy/graph.json is valid: 17 features, 158 rules.\n',
      err: '',
    });
  });

  it('warns of rules that allow more than their author may expect', () => {
    const scopes = ['Group.ReadWrite.All'];
    const rules = [
      { methods: ['DELETE'], path: '/v1.0/groups/{id}/members/{member}', scopes },
      { methods: ['DELETE'], path: '/v1.0/groups/{id}/members/{member}/$ref', scopes },
      { methods: ['DELETE'], path: '/v1.0/users/{id}/manager', scopes },
      { methods: ['GET', 'PATCH'], path: '/v1.0/groups/{id}', scopes },
      { methods: ['PATCH'], path: '/v1.0/administrativeUnits/{id}', scopes, bodyFields: ['displayName'] },
      { methods: ['GET'], path: '/v1.0/groups/groupId', scopes },
      { methods: ['GET'], path: '/v1.0/communications/getPresencesByUserId', scopes },
    ];
    const file = fileWith({ features: { one: { title: 'One', rules } } });
    const { code, out } = policy('check', file);
    const itself = 'deletes the object itself and not only the reference to it; end the path with /$ref';
    expect([code, out.trimEnd().split('\n')]).toEqual([
      0,
      [
        `${file} is valid: 1 feature, 7 rules.`,
        `  warning: features.one.rules[0] (DELETE /v1.0/groups/{id}/members/{member}): ${itself}`,
        `  warning: features.one.rules[2] (DELETE /v1.0/users/{id}/manager): ${itself}`,
        '  warning: features.one.rules[3] (GET, PATCH /v1.0/groups/{id}): its body may also refer to other objects, as members@odata.bind does; list the fields it may have in bodyFields',
        '  warning: features.one.rules[5] (GET /v1.0/groups/groupId): "groupId" matches only this word; if it stands for an id, write {groupId}',
      ],
    ]);
  });

  it('warns of a batch in your own API, and of APIs that may be one registration', () => {
    const id = '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101';
    const rules = ['POST', 'GET'].map((method) => ({
      methods: [method],
      path: '/odata/$batch',
      scopes: ['Orders'],
    }));
    const file = fileWith({ features: { one: { title: 'One', rules } } });
    const prefixes = [
      'api://orders',
      'api://Orders/v2',
      'https://orders/',
      `api://${id}`,
      `api://x/${id}`,
      'api://stock',
    ];
    const { code, out } = policy('check', file, ...prefixes.map((prefix) => `--api=${prefix}`));
    const pair = (left: string, right: string) =>
      `  warning: ${left} and ${right} may be one registration, and its tokens would go to both APIs; give each API its own registration`;
    expect([code, out.trimEnd().split('\n').slice(1)]).toEqual([
      0,
      [
        '  warning: features.one.rules[0] (POST /odata/$batch): the calls inside a batch of this API are not compared with this policy; remove the rule',
        pair('api://orders', 'api://Orders/v2'),
        pair('api://orders', 'https://orders/'),
        pair('api://Orders/v2', 'https://orders/'),
        pair(`api://${id}`, `api://x/${id}`),
      ],
    ]);
  });

  it('lists every issue of a file with its position and a hint', () => {
    const rule = { methods: ['get'], path: '/v1.0/me/', scopes: ['User.Read'] };
    const file = fileWith({ features: { one: { title: 'One', rules: [rule], colour: 'red' } } });
    const { code, err } = policy('check', file);
    expect(code).toBe(1);
    expect(err.trimEnd().split('\n')).toEqual([
      `${file} is not valid:`,
      '  features.one.rules[0].methods[0]: is not a supported method; write one of GET, HEAD, POST, PUT, PATCH, DELETE',
      '  features.one.rules[0].path: has an empty segment; remove the slash',
      '  features.one: "colour" is not known here; correct the spelling, or remove it',
    ]);
  });

  it.each([
    ['{ "features": {} ', /the file: is not JSON.*; correct it/],
    ['{\n"features": {},\n}', /the file: is not JSON at line 3 column 1; correct it/],
    [
      '{ "features": {}, "features": {} }',
      /the file: has the name "features" twice in one object; remove one/,
    ],
    [
      '{ "features": { "a": { "title": "A", "rules": [], "__proto__": {} } } }',
      /features\.a: "__proto__" is not allowed/,
    ],
    [
      '{ "features": { "a": { "title": "A", "rules": [], "guard": {}, "gu\\u0061rd": {} } } }',
      /has the name "guard" twice/,
    ],
  ])('reports why %s is not a policy', (text, issue) => {
    const { code, err } = policy('check', fileWith(text));
    expect(code).toBe(1);
    expect(err).toMatch(issue);
  });

  it('reports a missing file', () => {
    expect(policy('check', join(folder, 'nowhere.json'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('the file: cannot be read; give the path of a file'),
    });
  });
});

describe('explain', () => {
  it('shows the rule that allows a call, with its bounds, permissions and guard', () => {
    expect(policy('explain', 'GET /api/graph/v1.0/me/messages?$top=5', fileWith(ownPolicy))).toEqual({
      code: 0,
      out: [
        'Allowed by features.mail.rules[0], feature "mail" (Mail)',
        '  rule        GET /v1.0/me/messages',
        '  query       $top: a whole number up to 5',
        '  permission  Mail.Read and User.Read, requested when first used',
        '              or Mail.ReadWrite and User.Read, if already granted',
        '  only for    the app role Staff',
        '',
      ].join('\n'),
      err: '',
    });
  });

  it('says whether plain HTML may load the response', () => {
    const line = '\n  plain HTML  may load it too, without X-CSRF\n';
    expect(policy('explain', 'GET /v1.0/me/photo/$value').out).toContain(line);
    expect(policy('explain', 'HEAD /v1.0/me/photo/$value').out).not.toContain(line);
    expect(policy('explain', 'GET /v1.0/me').out).not.toContain(line);
  });

  it('shows what is sent if letter case or encoding differs from the rule', () => {
    const { out } = policy('explain', "GET /v1.0/ME/mailfolders('A1=')/Messages?%24Top=5");
    expect(out).toContain("  sent as     /v1.0/me/mailFolders('A1=')/messages?$top=5\n");
  });

  it.each([
    [
      'GET /v1.0/me/messages?$top=500',
      [
        '$top must be a whole number up to 100.',
        'features.mail.rules[0]',
        '  $top: a whole number up to 100',
      ],
    ],
    ['GET /v1.0/me/people', ['requires $select', '  $select: these fields: id, displayName, ', '; required']],
    ['PUT /v1.0/me', ['No rule allows this method on this path.', 'It allows GET, not PUT.']],
    [
      'GET /v1.0/me/messages/delta',
      [
        'No rule names this path.',
        'features.mail.rules[2]',
        '"delta" does not match {id}: a word is more likely a function',
      ],
    ],
    [
      'GET /v1.0/me/messages/a%20(1)',
      ['"a%20(1)" does not match {id}: it has a character', "write it in quotes and parentheses: users('x')"],
    ],
    ['GET /v1.0/mee', ['No rule names this path.', '"mee" differs from "me" in the rule.']],
    [
      'GET /v1.0/me/messages/AAMk1=/attachments/1/$value/name',
      ['No rule names this path.', 'The rule ends before "name"'],
    ],
    ['GET /v1.0/me/todo', ['No rule names this path.', 'The rule continues with "lists"']],
    [
      'GET /v1.0/me/presence',
      ['policy/more/presence.json allows this call. It counts with GRAPH_POLICY_MORE=presence.'],
    ],
    ['GET /beta/me', ['No rule names this path.', '"beta" differs from "v1.0" in the rule.']],
    [
      'GET /v1.0/me/../users',
      ['400 request_invalid', 'the path has a dot segment', 'always refused, independent of the policy'],
    ],
    ['GET /v1.0/me?access_token=x', ['400 request_invalid', 'the query has an access token']],
    ['GET /v1.0/me/messages?=5', ['Use single quotes.']],
    ['POST /v1.0/me/sendMail text/html', ['415 content_type_not_allowed', 'features.mail-send.rules[0]']],
    [
      'GET /v1.0/users?$select=id&$filter=displayName eq mobilePhone',
      [
        '403 path_not_allowed',
        '$filter, character 16: not a field that the rule names.',
        '  $filter: these fields: ',
      ],
    ],
    ['GET /v1.0/me?$select=id $top=5 &$levels=2', ['does not allow one of the query options']],
    // A path of two words in a comparison is not the type of a body.
    [
      'GET /v1.0/users?$select=id&$filter=id eq manager/id',
      ['$filter, character 7: not a field that the rule names.'],
    ],
    ['GET /v1.0/me application/json', ['Not understood', 'A GET has no body', 'as %20']],
    ['GET /v1.0/me and more?$select=id', ['Not understood', 'as %20']],
    ['POST /v1.0/me/sendMail json', ['Not understood', 'like application/json']],
    ['POST /v1.0/me/sendMail text/html application/json', ['Not understood']],
    ['/v1.0/me', ['Not understood', 'like GET /v1.0/me']],
    [
      'https://graph.microsoft.com/v1.0/me',
      ['Not understood', 'like GET https://graph.microsoft.com/v1.0/me'],
    ],
    [
      'GET https://graph.microsoft.com.evil.test/v1.0/me',
      ['Not understood', 'is not an address of Microsoft Graph'],
    ],
    // The closest rule is one with the same resource, also if it is misspelled or if a part of the path is missing.
    ['GET /v1.0/me/message', ['GET /v1.0/me/messages', '"message" differs from "messages" in the rule.']],
    ['GET /v1.0/me/mailFolder', ['GET /v1.0/me/mailFolders']],
    ['GET /v1.0/me/calender', ['GET /v1.0/me/calendar', '"calender" differs from "calendar']],
    ['GET /v1.0/messages', ['GET /v1.0/me/messages', '"messages" differs from "me" in the rule.']],
    ['GET /me/messages', ['GET /v1.0/me/messages', '"me" differs from "v1.0" in the rule.']],
    ['GET /v1.0/users/1/messages', ['GET /v1.0/me/messages']],
    ['GET', ['400 request_invalid']],
    ['', ['400 request_invalid']],
  ])('shows the closest rule to %s and why it does not match', (call, parts) => {
    const { code, out, err } = policy('explain', call);
    expect([code, out]).toEqual([1, '']);
    for (const part of parts) expect(err).toContain(part);
  });

  it.each([
    [
      "GET /v1.0/users?$select=id&$filter=displayName eq 'a b' and id ne null",
      '  query       $filter: these',
    ],
    ['GET /v1.0/users?$select=id&$search="displayName:ä b" AND "mail:c"', '  query       $search: these'],
    ['  POST   /v1.0/me/sendMail   text/plain; charset=utf-8 ', 'Allowed by features.mail-send.rules[0]'],
  ])('reads %s as a browser sends it', (call, part) => {
    const { code, out } = policy('explain', call);
    expect([code, out]).toEqual([0, expect.stringContaining(part)]);
  });

  it.each([
    [['GET', '/v1.0/me']],
    [['GET', '/v1.0/me?$select=id', 'policy/graph.json']],
    [['GET', 'https://graph.microsoft.com/v1.0/me']],
    [['GET https://graph.microsoft.com/v1.0/me/messages?$top=5']],
    [['GET https://graph.microsoft.us/v1.0/me']],
    [['GET http://localhost:7071/api/graph/v1.0/me']],
    [['POST', '/v1.0/me/sendMail', 'application/json']],
    [['POST', '/v1.0/me/sendMail', 'application/json', 'policy/graph.json']],
    [
      [
        'https://developer.microsoft.com/en-us/graph/graph-explorer?request=me%2Fmessages%3F%24top%3D5&method=GET&version=v1.0&GraphUrl=https://graph.microsoft.com',
      ],
    ],
    [
      [
        'https://developer.microsoft.com/graph/graph-explorer?request=me%2FsendMail&method=POST&version=v1.0&GraphUrl=https://graph.microsoft.com&requestBody=e30%3D',
      ],
    ],
  ])('accepts a call that was not quoted or was pasted: %j', (args) => {
    expect(policy('explain', ...args)).toMatchObject({ code: 0, err: '' });
  });

  it('accepts the ids of your own API', () => {
    const rules = [{ methods: ['GET'], path: '/orders/{id}/lines', scopes: ['Orders.Read'] }];
    const file = fileWith({ features: { orders: { title: 'Orders', rules } } });
    const { err } = policy('explain', 'GET /orders/graph.1/parts', file, '--api=api://orders');
    expect(err).toContain('"parts" differs from "lines" in the rule.');
    const pasted = policy('explain', 'GET', 'https://orders.test/orders/7/lines', file, '--api=api://orders');
    expect(pasted.code).toBe(0);
  });

  it('reports a policy without rules', () => {
    expect(policy('explain', 'GET /v1.0/me', fileWith({ features: {} })).err).toContain(
      'The policy has no rules.',
    );
  });
});

describe('scopes', () => {
  it('lists the permissions of the app registration by feature and in total, without alternatives', () => {
    expect(policy('scopes', fileWith(ownPolicy)).out).toBe(
      [
        'Delegated permissions, by feature:',
        '',
        '  mail  Mail.Read, User.Read',
        '',
        'For the app registration, 2 in all:',
        '',
        '  Mail.Read',
        '  User.Read',
        '',
      ].join('\n'),
    );
  });

  it('marks the permissions that are requested at sign-in', () => {
    expect(policy('scopes').out).toContain('User.Read  (requested at sign-in)');
  });

  it('reads the policy of your own API, whose permissions have its address as a prefix', () => {
    const rules = [{ methods: ['GET'], path: '/orders/{id}', scopes: ['Orders.Read'] }];
    const file = fileWith({ features: { orders: { title: 'Orders', rules } } });
    expect(policy('check', file).err).toContain('does not begin with a version of Microsoft Graph');
    expect(policy('scopes', file, '--api=api://orders').out).toContain('api://orders/Orders.Read');
  });
});
