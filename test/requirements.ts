/** Security requirements on one subject. */
export interface RequirementGroup {
  readonly title: string;
  /** The sentence that states a requirement, by its number. Tests carry the number as a tag. */
  readonly requirements: Readonly<Record<string, string>>;
}

/** The security requirements that tests prove. `npm run docs` writes them into `docs/requirements.md`. */
export const requirementGroups: readonly RequirementGroup[] = [
  {
    title: 'Starting a sign-in',
    requirements: {
      'LR-1':
        'Every sign-in uses the authorization code flow with PKCE (S256), and its state, nonce and code verifier are fresh random values of at least 128 bits.',
      'LR-2':
        'A sign-in can only be completed in the browser that started it, within 15 minutes, for the same authority, app registration and redirect address.',
      'LR-3': 'All absolute addresses come from the settings, never from a request header.',
      'LR-4':
        'The browser can pass only a fixed list of checked parameters to Entra ID. It cannot add or replace any other.',
      'LR-5':
        'A sign-in requests configured scopes only. A claims challenge is passed on only from a sealed ticket that the server issued.',
      'LR-6':
        'A started sign-in changes nothing about the current session, its answer is never cached, and the cookies of unfinished sign-ins stay below 8 KiB in total.',
    },
  },
  {
    title: 'Completing a sign-in',
    requirements: {
      'CB-1':
        'A callback with a missing, unknown or expired state, or one of another browser, is refused before any token request.',
      'CB-2':
        'A state works once: a repeated callback, also a concurrent one on another worker, never creates a second session.',
      'CB-3':
        'A code of one sign-in is refused in another, even if the issuer does not check the code verifier.',
      'CB-4': 'A callback with a repeated parameter, or with both a code and an error, is refused.',
      'CB-5':
        'An error from Entra ID counts only with a valid state, ends the sign-in, and its text is never shown.',
      'CB-6': 'If the callback names an issuer, it must be the configured one.',
      'CB-7':
        'Only a GET navigation redeems a code. A HEAD request or a prefetch neither redeems it nor ends the sign-in.',
      'CB-8':
        'The session cookie is set only after the ID token is valid and the session is stored. If either fails, no session remains that a browser could use.',
      'CB-9':
        'A token response is accepted only if it is complete, well formed and grants the requested scopes. A completed sign-in replaces the old session of that browser.',
    },
  },
  {
    title: 'ID tokens',
    requirements: {
      'ID-1':
        'An ID token must be signed with RS256 and a published key of Entra ID. Unsigned tokens, other algorithms and critical extensions are refused.',
      'ID-2': 'Keys or key addresses inside a token are never used or fetched.',
      'ID-3': 'Issuer and tenant must match the configured tenant exactly.',
      'ID-4': 'The audience must be this app registration and nothing else.',
      'ID-5':
        'A token must be valid now, with five minutes of tolerance, and must not be valid for an unreasonably long time.',
      'ID-6': 'The nonce must be the one of this sign-in.',
      'ID-7':
        'A user is identified by tenant id and object id only. Names and mail addresses never identify a user.',
      'ID-8':
        'A token with an unknown key id triggers at most one new download of the keys per cool-down period. A key rotation needs no restart.',
      'ID-9':
        'If keys or metadata cannot be read or are wrong, sign-ins fail. Keys that were read before stay valid for a limited time only.',
      'ID-10':
        'An ID token that comes with a renewal is verified in full and must describe the same user. Otherwise the session ends.',
      'ID-11':
        'Access tokens, logout tokens and tokens of other versions are refused in place of an ID token.',
    },
  },
  {
    title: 'Session cookie',
    requirements: {
      'SC-1':
        'The session cookie is `__Host-`, `Secure`, `HttpOnly` and `SameSite=Strict`, unpredictable, and contains no token and no personal data.',
      'SC-2': 'Every sign-in creates a new session id. An id that the client brings is never adopted.',
      'SC-3': 'The server enforces the idle and the absolute lifetime of a session.',
      'SC-4': 'An ended session stays ended. A request that was in progress cannot restore it.',
      'SC-5': 'A changed cookie value means "signed out". It never causes a server error.',
      'SC-6':
        'Sealed values serve one purpose: a login cookie, a ticket and a session cookie cannot replace each other.',
      'SC-7':
        'Sealing keys can be rotated without signing users out. After a key is retired, sessions sealed with it end.',
      'SC-8':
        'A cookie that is sent twice or in an ambiguous form is refused. A session id is read from nowhere else.',
      'SC-9':
        'Responses to a session are never cached, and a deleted cookie is deleted with its own attributes.',
    },
  },
  {
    title: 'Cross-site requests',
    requirements: {
      'CS-1':
        'Every request that uses the session cookie needs the header `X-CSRF: 1`. Exempt are navigations that change nothing, forms of this service with their own proof, and images, audio, video and downloads that a rule of the policy allows and that, by the headers of the browser, a page of this origin loads.',
      'CS-2': 'Requests that browsers mark as coming from another site or origin are refused.',
      'CS-3': 'No other origin is granted access by CORS headers, regardless of what the upstream sends.',
      'CS-4':
        'Method overrides have no effect, and a link or an image on another site cannot sign the user out.',
    },
  },
  {
    title: 'Return address',
    requirements: {
      'RU-1':
        'After a sign-in, the browser is redirected only to a path of this origin, and never to a proxied API.',
      'RU-2':
        'The return address is checked in exactly the form in which it is sent, and it must survive parsing unchanged.',
      'RU-3':
        'A malformed, repeated or oversized return address is replaced by the default without an error.',
      'RU-4':
        'The return address is bound to the sign-in at its start. The callback and the sign-out cannot replace it.',
    },
  },
  {
    title: 'Calls to Graph and other APIs',
    requirements: {
      'PX-1': 'A call without a session gets 401. Nothing is stored and nothing is sent.',
      'PX-2': 'Calls go to the configured origin only, and access tokens go nowhere else.',
      'PX-3':
        'An ambiguous path is refused, never repaired. What is sent has the names of the rule, and the keys and values that were checked, byte by byte.',
      'PX-4':
        'A call is denied unless the policy allows its method and path. An empty policy denies all calls.',
      'PX-5': 'Query options are denied unless the policy allows them, and they cannot change host or path.',
      'PX-6':
        'Each request in a batch must pass the policy as if it were sent alone. A refused one is never sent.',
      'PX-7':
        'Only allowed request headers are forwarded, with exactly one `Authorization` header, set by the service.',
      'PX-8':
        'A client cannot add or remove forwarded headers with `Connection` lists, line breaks or other hop-by-hop headers.',
      'PX-9': 'Ambiguous message framing, unknown methods and protocol upgrades are refused.',
      'PX-10':
        'A request body arrives unchanged or the call is refused. The size limit counts the bytes received.',
      'PX-11':
        'Redirects of an API are not followed with the token. Only allowed download addresses are passed on.',
      'PX-12': 'Only allowed response headers reach the browser.',
      'PX-13': 'Upstream content cannot run as a page or script of this origin.',
      'PX-14':
        'Links in a response are rewritten to this service if the policy allows their target, and removed otherwise.',
      'PX-15':
        'A claims challenge is answered with at most one silent repetition, then passed to the user as a sealed ticket. It never loops.',
      'PX-16': 'No token appears in any response that the browser receives.',
      'PX-17':
        'A user never receives the token or the response of another user, also under load and after late answers.',
      'PX-18':
        'Every call has deadlines, obeys `Retry-After`, and a write is never repeated unless it was certainly not sent.',
    },
  },
  {
    title: 'Stored sessions',
    requirements: {
      'TC-1': 'Each session has its own MSAL cache, which holds exactly one account.',
      'TC-2':
        'Stored sessions are encrypted with AES-256-GCM and a fresh nonce per write. The table contains no readable token, name, address or id.',
      'TC-3': 'A sealed value cannot be moved to another row, column or table.',
      'TC-4':
        'Rows record the id of their key: old keys read, the newest key writes, unknown keys are refused.',
      'TC-5':
        'Every write is conditional. Concurrent writes are merged, retries are limited, and deleting wins over a late write.',
      'TC-6': 'Concurrent calls of one session share one renewal, in a worker and across workers.',
      'TC-7':
        'A session that does not fit into a row is refused or split safely. A torn write is never read as valid.',
      'TC-8': 'A damaged row leads to a new sign-in and is removed. It causes no crash and no loop.',
      'TC-9': 'Ids and keys from outside cannot inject anything into table keys or filters.',
      'TC-10': 'Expired rows are removed on a schedule. A row that was just renewed is never removed.',
    },
  },
  {
    title: 'Roles and access rules',
    requirements: {
      'RG-1':
        'Roles come only from the array `roles` of a verified ID token and are compared exactly. Any other form grants nothing.',
      'RG-2': 'Identity headers that a platform could have set are ignored.',
      'RG-3': 'The age of roles is limited. If they cannot be renewed in time, access is denied.',
      'RG-4': 'Every function has an explicit access rule, and no spelling of its path avoids it.',
      'RG-5': 'If checking a rule fails, access is denied.',
      'RG-6':
        'A missing session and a missing permission get different responses, and users of tenants that are not allowed are refused.',
    },
  },
  {
    title: 'Administration',
    requirements: {
      'AD-1': 'Administration can require a recent or stronger sign-in, and requests it if necessary.',
      'AD-2':
        "Administrative actions use the administrator's own rights, check the ids of their targets and are audited. Ending a user's sessions takes effect on all workers.",
    },
  },
  {
    title: 'Sign-out',
    requirements: {
      'LO-1':
        'Signing out removes the session and its tokens and clears the cookie. If the table fails, the user is told and the removal is retried.',
      'LO-2': "Signing out ends at Entra ID's own end-session address with a constant return address.",
      'LO-3':
        'Front-channel logout ends exactly the session that was named, and its answer reveals nothing about sessions.',
      'LO-5': 'Requests in progress at a sign-out cannot restore the session or its cookie.',
    },
  },
  {
    title: 'Errors, headers and logs',
    requirements: {
      'ER-1':
        'Errors are machine-readable, carry a correlation id and reveal nothing internal. Malformed input never causes a server error.',
      'ER-2': 'Logs contain no token, code, cookie, key or personal data, at no level and on no error path.',
      'ER-3': 'Each security event is logged once, as one structured entry that no input can break.',
      'ER-4': 'Every response carries the security headers, including errors.',
    },
  },
  {
    title: 'Limits',
    requirements: {
      'DO-1': 'Requests without a session do not fill the table.',
      'DO-2': 'An invalid cookie causes no call to Entra ID or Graph and at most one read of the table.',
      'DO-3': 'Calls are limited per user and in total, so that one user cannot exhaust a worker.',
      'DO-4': 'The memory for request and response bodies is limited, however many calls there are.',
      'DO-5': 'No regular expression takes more than linear time on hostile input.',
      'DO-6':
        'Calls per second are limited for each session and, behind trusted proxies, for each client address. No other session or address is held up, and signing out is never limited.',
    },
  },
  {
    title: 'Configuration',
    requirements: {
      'CF-1':
        'If a setting is missing or invalid, every route answers 503. The service never runs half configured.',
      'CF-2': 'Settings for development are refused in Azure.',
      'CF-3':
        'The app can authenticate without a secret: by a managed identity or a certificate at Entra ID, by a managed identity at storage. A reference to a secret that was not resolved is refused.',
      'CF-4': 'Every lifetime, limit and time limit has a range. A value outside it is refused.',
    },
  },
  {
    title: 'Dependencies',
    requirements: {
      'SU-1':
        'Runtime dependencies are few, locked by hash and recorded with a reason. The deployed bundle loads no package at run time.',
      'SU-2':
        'The deployed package contains the bundle and two manifests only: no test, no settings, no secret and no source control data.',
      'SU-3':
        'Names such as `__proto__` and `constructor` from outside have no effect, and properties that code adds to `Object.prototype` do not lead a request to another host.',
    },
  },
  {
    title: 'Table storage fails',
    requirements: {
      T1: 'If the table cannot be read, calls are retried briefly, then answered with 503. The cookie is kept and works afterwards.',
      T2: 'If the table cannot be written after a renewal, the call is still served and the session stays usable.',
      T3: 'If a write succeeded but its response was lost, the worker recognizes its own write.',
      T4: 'Under repeated write conflicts, the newest tokens are kept and deleting wins.',
      T5: 'If a row was created or removed at the same moment, the loser adopts the result of the winner.',
      T6: 'If the table refuses access, routes that need it answer 503. Signing out still clears the cookie and says that it is incomplete.',
      T7: 'An interrupted write leaves the old row or the new row, never a mixture.',
      T8: 'A damaged or unreadable row leads to one new sign-in, without a loop.',
    },
  },
  {
    title: 'Entra ID fails',
    requirements: {
      E1: 'If Entra ID does not answer, calls with a valid access token are served. Other calls get 503 and the session is kept.',
      E2: 'If Entra ID throttles requests, no token request is made until the pause is over. Calls with valid tokens are not affected.',
      E3: 'Only a refusal of the refresh token ends a session or requires an interaction. Failed connections do not.',
      E4: 'A key rotation during a sign-in works, and if the keys cannot be read, existing sessions continue.',
      E5: 'If Entra ID answers for another user, with fewer scopes or without an ID token, the stored session is not overwritten.',
    },
  },
  {
    title: 'Graph fails',
    requirements: {
      G1: 'If Graph is throttling, its response is passed on with `Retry-After`. Neither reads nor writes are repeated.',
      G2: 'If Graph cannot be reached, the call fails with 502 or 504. A write is repeated only if nothing of it was sent.',
      G3: 'If the connection breaks after a write was sent, the write is not repeated and the answer says that its outcome is unknown.',
      G4: 'A slow response of Graph ends with 504 before the limit of the platform, and its connection is released.',
      G5: 'If a response breaks off, the browser never receives it as complete.',
      G6: 'If the client disconnects, its call is aborted or ends at its deadline.',
      G7: 'If Graph revokes an access token early, the session continues with a new token unless Entra ID refuses it.',
    },
  },
  {
    title: 'A worker is killed',
    requirements: {
      I1: 'If a worker is killed during a sign-in, no half-made session remains and the next sign-in works.',
      I2: 'If a worker is killed during a renewal, other workers continue without losing the session.',
      I3: 'If a worker is killed during a call to Graph, the caller sees that the response broke off, and a write is sent at most once.',
    },
  },
  {
    title: 'Clocks, keys and releases',
    requirements: {
      K1: 'Wrong and changing clocks of workers neither extend a session nor end it early by more than the tolerance.',
      K2: 'If two workers renew the same session at once, both calls succeed and the session survives.',
      K3: 'Sealing keys can be rotated while workers use different sets of keys.',
      K4: 'A client secret can be rotated. A worker with the old secret answers 503 and ends no session.',
      K5: 'A release can be rolled out and back while sessions exist.',
    },
  },
  {
    title: 'Races at sign-out',
    requirements: {
      L1: 'A sign-out wins over every renewal, write or call that runs at the same time.',
      L2: 'If the table fails during a sign-out, the cookie is cleared, the user is told, and the removal is retried.',
      L3: 'A front-channel logout that arrives early, twice or late ends only the session it names.',
    },
  },
];

/** All requirements, by number. */
export const requirements: ReadonlyMap<string, string> = new Map(
  requirementGroups.flatMap((group) => Object.entries(group.requirements)),
);
