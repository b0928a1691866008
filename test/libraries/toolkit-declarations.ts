/** What a component shows under the policy that is shipped. */
export type ComponentOutcome =
  | { readonly kind: 'works' }
  /** @property files below `policy/more` that the policy needs besides */
  | { readonly kind: 'needs-file'; readonly file: string }
  /** @property calls that the policy has to allow as `examples/graph-libraries/toolkit-policy.json` does */
  | { readonly kind: 'needs-rules'; readonly calls: readonly string[] }
  /** @property refused the call that the policy refuses, also with every file below `policy/more` */
  | { readonly kind: 'not-supported'; readonly why: string; readonly refused: string };

export interface DeclaredComponent {
  readonly name: string;
  /** What the component shows in this state. */
  readonly shows: string;
  readonly html: string;
  /** What a user clicks on, or types, in the component. */
  readonly clicked?: string;
  readonly typed?: string;
  /** Text that it then has. */
  readonly text: RegExp;
  readonly outcome: ComponentOutcome;
}

const works: ComponentOutcome = { kind: 'works' };
const needsFile = (file: string): ComponentOutcome => ({ kind: 'needs-file', file });
const needsRules = (...calls: readonly string[]): ComponentOutcome => ({ kind: 'needs-rules', calls });

/** Components of the Graph Toolkit, in the states that a page with one user shows. */
export const components: readonly DeclaredComponent[] = [
  {
    name: 'mgt-login',
    shows: 'the signed-in user',
    html: '<mgt-login></mgt-login>',
    text: /Alice Adams/,
    outcome: works,
  },
  {
    name: 'mgt-person',
    shows: 'the signed-in user, with job title',
    html: '<mgt-person person-query="me" view="twolines"></mgt-person>',
    text: /Alice Adams Head of Platform/,
    outcome: works,
  },
  {
    name: 'mgt-person',
    shows: 'another user',
    html: '<mgt-person user-id="ben@contoso.example" view="oneline"></mgt-person>',
    text: /Ben Brown/,
    outcome: works,
  },
  {
    name: 'mgt-person',
    shows: 'whether the user is available',
    html: '<mgt-person person-query="me" view="twolines" show-presence></mgt-person>',
    text: /Available|Away|Busy/,
    outcome: needsFile('presence'),
  },
  {
    name: 'mgt-person-card',
    shows: 'name and job title',
    html: '<mgt-person-card person-query="me"></mgt-person-card>',
    text: /Alice Adams Head of Platform/,
    outcome: works,
  },
  {
    name: 'mgt-person-card',
    shows: 'the managers of the user',
    html: '<mgt-person-card user-id="ben@contoso.example"></mgt-person-card>',
    clicked: '.expanded-details-button',
    text: /Reports to.*Alice Adams/,
    outcome: needsRules('GET /users/{id}', 'GET /users/{id}/directReports', 'GET /users/{id}/people'),
  },
  {
    name: 'mgt-people',
    shows: 'the people with whom the user works',
    html: '<mgt-people show-max="5" view="oneline"></mgt-people>',
    text: /Ben Brown/,
    outcome: needsRules('GET /me/people', 'X-PeopleQuery-QuerySources'),
  },
  {
    name: 'mgt-people-picker',
    shows: 'users whose name begins with the typed letters',
    html: '<mgt-people-picker type="person" user-type="user"></mgt-people-picker>',
    typed: 'ben',
    text: /Ben Brown/,
    outcome: works,
  },
  {
    name: 'mgt-agenda',
    shows: 'the events of a week',
    html: '<mgt-agenda days="7"></mgt-agenda>',
    text: /Planning|One to one|Design review|Dentist|All hands/,
    outcome: works,
  },
  {
    name: 'mgt-todo',
    shows: 'a list and its tasks',
    html: '<mgt-todo></mgt-todo>',
    text: /Tasks/,
    outcome: works,
  },
  {
    name: 'mgt-file-list',
    shows: 'the files in the root of the drive',
    html: '<mgt-file-list></mgt-file-list>',
    text: /Budget\.csv/,
    outcome: works,
  },
  {
    name: 'mgt-file',
    shows: 'one file',
    html: '<mgt-file file-query="/me/drive/root:/Budget.csv"></mgt-file>',
    text: /Budget\.csv/,
    outcome: works,
  },
  {
    name: 'mgt-get',
    shows: 'any resource that the policy allows',
    html: '<mgt-get resource="/me"><template><p>{{displayName}}</p></template></mgt-get>',
    text: /Alice Adams/,
    outcome: works,
  },
  {
    name: 'mgt-teams-channel-picker',
    shows: 'the teams of the user',
    html: '<mgt-teams-channel-picker></mgt-teams-channel-picker>',
    text: /Engineering/,
    outcome: needsFile('chats'),
  },
  {
    name: 'mgt-search-results',
    shows: 'files with a word',
    html: '<mgt-search-results query-string="Budget" entity-types="driveItem"></mgt-search-results>',
    text: /Budget/,
    outcome: needsFile('search'),
  },
  {
    name: 'mgt-planner',
    shows: 'plans',
    html: '<mgt-planner></mgt-planner>',
    text: /No rule names this path/,
    outcome: {
      kind: 'not-supported',
      why: 'it calls the beta version of Planner, and the rules of `policy/more/planner.json` are for v1.0',
      refused: '/beta/me/planner/plans',
    },
  },
];
