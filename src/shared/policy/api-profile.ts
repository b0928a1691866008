/** The conventions of one API for paths, permissions and query options, beyond those of HTTP. */
export interface ApiProfile {
  /** Whether a `{parameter}` may stand for this decoded segment: an id, and no word that has a meaning in the API. */
  isKey(segment: string): boolean;
  /** Matches a complete permission, as the policy writes it. */
  readonly scopePattern: RegExp;
  /** How to write a permission, for an issue in the policy file. */
  readonly scopeHint: string;
  /** The scope that is requested from Entra ID for a permission of the policy. */
  toScope(permission: string): string;
  /** How a path is written, for the schema that editors read. */
  readonly pathDescription: string;
  /** Whether responses are searched for addresses of files. */
  readonly hasFileLinks: boolean;
  /** Whether the API is known to check the token before it acts. A refused write may then be sent again. */
  readonly checksTokenFirst: boolean;
  /** What is wrong with a template that the grammar accepts, with a hint. */
  pathIssue(template: string): string | undefined;
  /** Whether `$search` on this path names the field of each clause. Elsewhere it finds words in any field. */
  searchesByField(template: string): boolean;
  /** Whether a text of the query has a semicolon that the API could read as the end of an option. */
  hasSeparatingSemicolon(text: string): boolean;
  /** Whether a policy may declare that the API treats semicolons as text. */
  readonly allowsSemicolonsAsData: boolean;
  /** What is wrong with the name of a query option, with a hint. */
  queryOptionIssue(name: string): string | undefined;
}
