import { nearestName } from '@entra-bff/emulator-kit/nearest-name';
import * as z from 'zod/mini';
import { optionalClaims } from './directory.ts';

/** An object without further members. A member that is not known here gets a suggestion. */
function members<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error(issue) {
      if (issue.code !== 'unrecognized_keys') return undefined;
      return issue.keys
        .map((name) => {
          const meant = nearestName(name, Object.keys(shape));
          const cure = meant === undefined ? 'remove it' : `did you mean "${meant}"?`;
          return `"${name}" is not known here; ${cure}`;
        })
        .join('; ');
    },
  });
}

const text = z.string().check(z.minLength(1, 'is empty; write a text, or omit it'));

const guid = z
  .string()
  .check(
    z.regex(
      /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      'is not a GUID in lower case; write one, or omit it',
    ),
  );

const idFor = (of: string) => z.optional(guid).check(z.describe(`Default: derived from ${of}.`));

const address = z
  .string()
  .check(z.regex(/^[^\s@]+@[^\s@]+$/, 'is not an address; write it like "alice@contoso.example"'));

const domain = z
  .string()
  .check(z.regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'is not a domain; write it like "contoso.example"'));

const tenantReference = z
  .optional(domain)
  .check(z.describe('The domain of a tenant of this file. Default: that of the first tenant.'));

const scopeNames = z.array(text);

const tenant = members({
  id: idFor('the domain'),
  name: text.check(z.describe('The name of the organization.')),
  domain: domain.check(z.describe('People with this domain in their usernames are its members.')),
});

const group = members({
  id: idFor('the name'),
  tenant: tenantReference,
  name: text.check(z.describe('People refer to the group by it.')),
  description: z._default(z.string(), '').check(z.describe('What the group is for.')),
  team: z
    .optional(members({ mail: address.check(z.describe('The address of the team.')) }))
    .check(z.describe('Makes it a Microsoft 365 group with a team. Default: a security group.')),
  partOf: z
    ._default(z.array(text), [])
    .check(z.describe('Names of groups that contain this one. Its members are members of them too.')),
});

const message = members({
  from: members({
    name: text.check(z.describe('The name of the sender.')),
    address: address.check(z.describe('The address of the sender.')),
  }).check(z.describe('The sender.')),
  subject: z.string().check(z.describe('The subject.')),
  text: z.string().check(z.describe('The body, as plain text.')),
  isRead: z._default(z.boolean(), false).check(z.describe('Whether the message has been read.')),
  hoursAgo: z
    .optional(z.int().check(z.minimum(0), z.maximum(100_000)))
    .check(z.describe('How long ago it arrived. Default: an hour for each message down to this one.')),
});

const file = members({
  path: z
    .string()
    .check(
      z.regex(
        /^(?!\.{1,2}(?:\/|$))[^"*:<>?\\|/]+(?:\/(?!\.{1,2}(?:\/|$))[^"*:<>?\\|/]+)*$/,
        'is not a path of a file; write names separated by "/", without a slash at an end',
      ),
      z.describe('Folders and name, for example `Travel/Notes.txt`.'),
    ),
  text: z.string().check(z.describe('The content.')),
});

const person = members({
  id: idFor('the username').check(
    z.describe('The object id in the home tenant. Default: derived from the username.'),
  ),
  username: z
    .string()
    .check(
      z.regex(
        /^[^\s@A-Z]+@[^\s@A-Z]+$/,
        'is not a username; write it in lower case, like "alice@contoso.example"',
      ),
      z.describe('With it the person signs in. Its domain is that of the home tenant.'),
    ),
  name: text.check(z.describe('The whole name.')),
  givenName: z.optional(z.string()).check(z.describe('Default: the first word of the name.')),
  surname: z.optional(z.string()).check(z.describe('Default: the name without its first word.')),
  mail: z.optional(address).check(z.describe('The email address. Default: the username.')),
  jobTitle: z._default(z.string(), '').check(z.describe('As Microsoft Graph shows it.')),
  department: z._default(z.string(), '').check(z.describe('As Microsoft Graph shows it.')),
  officeLocation: z._default(z.string(), '').check(z.describe('As Microsoft Graph shows it.')),
  mobilePhone: z._default(z.string(), '').check(z.describe('As Microsoft Graph shows it.')),
  businessPhones: z._default(z.array(text), []).check(z.describe('As Microsoft Graph shows them.')),
  preferredLanguage: z._default(text, 'en-US').check(z.describe('A language tag. Default: en-US.')),
  groups: z
    ._default(z.array(text), [])
    .check(z.describe('Names of the groups of this file that the person is a direct member of.')),
  manager: z.optional(text).check(z.describe('The username of the manager.')),
  isTenantAdministrator: z
    ._default(z.boolean(), false)
    .check(z.describe('May consent for the home tenant, and may act on other users.')),
  asksForSecondFactor: z
    ._default(z.boolean(), false)
    .check(z.describe('Every sign-in of the person asks for a second factor.')),
  guestIn: z
    ._default(
      z.array(
        members({
          tenant: domain.check(z.describe('The domain of another tenant of this file.')),
          id: idFor('the username and the tenant').check(
            z.describe('The object id in that tenant. Default: derived from the username and the tenant.'),
          ),
        }),
      ),
      [],
    )
    .check(z.describe('The tenants in which the person is a guest.')),
  messages: z
    .optional(z.array(message))
    .check(z.describe('The inbox. Default: 35 invented messages. An empty list is an empty inbox.')),
  files: z
    .optional(z.array(file))
    .check(
      z.describe('The files of the drive. Default: two invented files. An empty list is an empty drive.'),
    ),
});

const api = members({
  id: idFor('the URI').check(z.describe('The `aud` of its access tokens. Default: derived from the URI.')),
  name: text.check(z.describe('The name on the consent page.')),
  uri: z
    .string()
    .check(
      z.regex(
        /^(?:api|https):\/\/[^\s/]+(?:\/[^\s/]+)*$/,
        'is not an application ID URI; write it like "api://orders", without a slash at the end',
      ),
      z.describe(
        'The application ID URI. An entry with `https://graph.microsoft.com` adds permissions to Microsoft Graph.',
      ),
    ),
  scopes: z
    .array(
      members({
        name: z
          .string()
          .check(
            z.regex(/^[^\s/]+$/, 'is not the name of a scope; write it without the URI, like "Orders.Read"'),
            z.describe('The name, without the URI.'),
          ),
        title: z.optional(text).check(z.describe('What the consent page shows. Default: the name.')),
        description: z._default(z.string(), '').check(z.describe('What the consent page explains.')),
        administratorMustConsent: z
          ._default(z.boolean(), false)
          .check(z.describe('Only an administrator can grant it.')),
      }),
    )
    .check(
      z.minLength(1, 'is empty; add a scope'),
      z.describe('The delegated permissions that apps can request.'),
    ),
});

const publisher = members({
  name: text.check(z.describe('The name of the organization.')),
  domain: domain.check(z.describe('Its domain.')),
  isVerified: z
    ._default(z.boolean(), false)
    .check(z.describe('Whether Microsoft has verified the publisher.')),
});

const app = members({
  clientId: idFor('the name'),
  name: text.check(z.describe('The name on the sign-in pages.')),
  tenant: tenantReference,
  publisher: z
    .optional(publisher)
    .check(z.describe('Who offers the app. Default: the tenant, not verified.')),
  accounts: z
    ._default(
      z.enum(['this-tenant', 'any-tenant'], 'is not a kind of accounts; write "this-tenant" or "any-tenant"'),
      'this-tenant',
    )
    .check(z.describe('Whose people can sign in. Default: this-tenant.')),
  secrets: z
    ._default(z.array(text), ['secret~only~for~the~emulator'])
    .check(z.describe('The client secrets. They work only with the emulator. Default: one secret.')),
  publicKeysPem: z
    ._default(z.array(text), [])
    .check(z.describe('PEM public keys (SPKI) that sign client assertions, instead of a secret.')),
  redirectUris: z
    ._default(z.array(text), ['http://localhost/api/auth/callback'])
    .check(
      z.describe(
        'The port of `http://localhost` is not compared. Default: the callback of this service there.',
      ),
    ),
  postLogoutRedirectUris: z
    ._default(z.array(text), ['http://localhost/'])
    .check(z.describe('Where a sign-out may return to. Default: `http://localhost/`.')),
  frontChannelLogoutUrl: z
    ._default(text, 'http://localhost/api/auth/front-channel-logout')
    .check(
      z.describe(
        'What a sign-out at Entra ID notifies. Default: the route of this service at `http://localhost`.',
      ),
    ),
  roles: z
    ._default(
      z.array(
        members({
          value: text.check(z.describe('The value in the claim `roles`.')),
          title: z.optional(text).check(z.describe('The name of the role. Default: its value.')),
          description: z._default(z.string(), '').check(z.describe('What the role is for.')),
          people: z._default(z.array(text), []).check(z.describe('Usernames of those who have the role.')),
        }),
      ),
      [],
    )
    .check(z.describe('The app roles, with the people who have them.')),
  optionalIdTokenClaims: z
    ._default(
      z.array(z.enum(optionalClaims, `is not an optional claim; write one of ${optionalClaims.join(', ')}`)),
      [...optionalClaims],
    )
    .check(z.describe('Claims that ID tokens have only if they are listed here. Default: all.')),
  organizationConsents: z
    ._default(
      z.array(
        members({
          tenant: tenantReference,
          scopes: scopeNames.check(
            z.describe(
              'Scopes of Microsoft Graph by name, those of other APIs with the URI: `api://orders/Orders.Read`.',
            ),
          ),
        }),
      ),
      [],
    )
    .check(z.describe('What administrators have granted for a whole tenant.')),
});

const noneMessage = (what: string) => `is empty; add ${what}`;

/** What a `directory.json` may contain. */
export const directoryFile = members({
  $schema: z.optional(z.string()).check(z.describe('The URL of the schema of this file, for editors.')),
  tenants: z.array(tenant).check(z.minLength(1, noneMessage('a tenant')), z.describe('The organizations.')),
  groups: z._default(z.array(group), []).check(z.describe('The groups of all tenants.')),
  people: z
    .array(person)
    .check(z.minLength(1, noneMessage('a person')), z.describe('Everyone who can sign in.')),
  apis: z
    ._default(z.array(api), [])
    .check(z.describe('APIs other than Microsoft Graph, which is always there.')),
  apps: z
    .array(app)
    .check(
      z.minLength(1, noneMessage('an app')),
      z.describe('The app registrations. The service signs in as the first one.'),
    ),
});

export type DirectoryFile = z.infer<typeof directoryFile>;

/** The JSON Schema of the file, as its author writes it: a member with a default may be omitted. */
export function directoryJsonSchema(): unknown {
  return { title: 'Directory of the emulators', ...z.toJSONSchema(directoryFile, { io: 'input' }) };
}
