/** What one upstream API understands by a path and by a permission, beyond what HTTP says. */
export interface Dialect {
  /** Whether a `{parameter}` may stand for this decoded segment: an id, and nothing that has a meaning of its own. */
  isKey(segment: string): boolean;
  /** How its permissions are written, as a whole. */
  readonly scopeForm: RegExp;
  /** The cure where one is written otherwise. */
  readonly scopeCure: string;
  /** The name by which Entra is asked for a permission that the policy names. */
  toScope(permission: string): string;
  /** For the schema that editors read: how a path is written. */
  readonly pathDescription: string;
  /** Whether its answers are looked through for addresses of files. */
  readonly knowsFileLinks: boolean;
  /** Whether the API is known to check the token before it acts, so that a refused write may be sent again. */
  readonly refusesBeforeActing: boolean;
  /** What is wrong with a template that the grammar takes, and the cure. */
  pathFault(template: string): string | undefined;
  /** Whether `$search` on this path names the field of each clause. Elsewhere it finds words in any field. */
  searchesByField(template: string): boolean;
  /** Whether a query's text has a semicolon that the API could take for the end of an option. */
  hasSeparatingSemicolon(text: string): boolean;
  /** Whether a policy may declare that the API takes semicolons for text. */
  readonly maySaySemicolonsAreData: boolean;
  /** What is wrong with the name of a query option, and the cure. */
  queryOptionFault(name: string): string | undefined;
}
