/** The conventions of one API for paths, permissions and query options, beyond those of HTTP. */
export interface ApiProfile {
  /** Whether the decoded segment may be the value of a `{parameter}`: an id, and not a word with a meaning in the API. */
  isKey(segment: string): boolean;
  /** Whether `things('x')` is another spelling of `things/x`, as in OData. */
  readonly hasKeysInParentheses: boolean;
  /** Whether the text in `collection('text')` may be the value of a `{parameter}`, and not a word with a meaning in the API. */
  isKeyInParentheses(collection: string, key: string): boolean;
  /** Matches a complete permission, as the policy writes it. */
  readonly scopePattern: RegExp;
  /** How to write a permission, for an issue in the policy file. */
  readonly scopeHint: string;
  /** The scope that is requested from Entra ID for a permission that the policy names. */
  toScope(permission: string): string;
  /** How a path is written, for the schema that editors read. */
  readonly pathDescription: string;
  /** Whether `fileLinks` has a meaning: this service searches the API's responses for links to files. */
  readonly hasFileLinks: boolean;
  /** Whether the API is known to check the token before it acts. If so, a write whose token it refused may be sent again. */
  readonly checksTokenFirst: boolean;
  /** What is wrong for this API with a path template that follows the grammar, with a hint. Undefined if it is right. */
  pathIssue(template: string): string | undefined;
  /** Whether `$search` on this path names the field of each clause. Elsewhere it finds words in any field. */
  searchesByField(template: string): boolean;
  /** Whether a decoded text of the query has a semicolon that the API could read as the end of an option. */
  hasSeparatingSemicolon(text: string): boolean;
  /** Whether a policy may have `semicolons: "data"`, which declares that the API treats semicolons as text. */
  readonly allowsSemicolonsAsData: boolean;
  /** What is wrong with the name of a query option on this path, with a hint. Undefined if it is right. */
  queryOptionIssue(name: string, template: string): string | undefined;
}
