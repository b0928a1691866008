import { BffError, type BffErrorOptions, type ProblemExtensions } from '../errors.ts';
import type { RegistrationFault } from './error-table.ts';
import { resourcesOf } from './scopes.ts';

/** A refusal by Entra ID whose cause only an administrator of this app can correct. */
export interface RefusedRegistration extends Pick<BffErrorOptions, 'cause'> {
  readonly fault: RegistrationFault;
  /** The permissions that were requested. */
  readonly scopes: readonly string[];
  readonly entraErrorCode?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly extensions?: Pick<ProblemExtensions['registration_invalid'], 'feature' | 'outcome' | 'login_url'>;
}

/** The problem of a permanent fault of this app. It has no `Retry-After`, and no user is signed out. */
export class RegistrationInvalid extends BffError {
  readonly fault: RegistrationFault;

  constructor({ fault, scopes, entraErrorCode, correlationId, cause, extensions }: RefusedRegistration) {
    super('registration_invalid', {
      detail: `An administrator of this app has to correct its setup. ${describeFault(fault, scopes)}`,
      cause,
      extensions: {
        ...extensions,
        scopes,
        ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
        ...(entraErrorCode === undefined ? {} : { entra_error_code: entraErrorCode }),
      },
    });
    this.fault = fault;
  }
}

/**
 * What is wrong, and what to correct. Names no setting and no kind of credential, because strangers can read the text
 * (decision 7).
 */
function describeFault(fault: RegistrationFault, scopes: readonly string[]): string {
  const apis = resourcesOf(scopes)
    .map((resource) => (resource === '' ? 'Microsoft Graph' : resource))
    .join(', ');
  const permissions = scopes.join(' ');
  // Microsoft Graph has no prefix that could be wrong.
  const isCustom = scopes.some((scope) => resourcesOf([scope]).some((resource) => resource !== ''));
  const checkPrefix = isCustom ? "the API's scope prefix and " : '';
  switch (fault) {
    case 'api':
      return `Microsoft Entra ID does not issue tokens for ${apis}: the API is unknown or disabled in this organization, or is not listed in the app registration. Check ${checkPrefix}the API permissions of the app. Requested: ${permissions}.`;
    case 'permission':
      return `Microsoft Entra ID does not know a requested permission of ${apis}. Check ${checkPrefix}the names of the permissions. Requested: ${permissions}.`;
    case 'redirect-uri':
      return "This service's redirect URI is not registered. Add it to the app registration, for the platform Web.";
    case 'request':
      return `Microsoft Entra ID does not accept the form of the request. Requested from ${apis}: ${permissions}.`;
    case 'tenant':
      return 'Microsoft Entra ID does not accept this app for the tenant. Check the tenant ID and the supported account types of the app registration.';
    case 'app':
      return 'Microsoft Entra ID does not know this app in the tenant, or the app is disabled. Check the client ID and the tenant ID.';
    case 'credential':
      return 'Microsoft Entra ID rejected the credential with which this app identifies itself. Compare it with the credentials of the app registration.';
    case 'credential-expired':
      return 'The credential with which this app identifies itself has expired. Create a new one in the app registration, and set it in the settings of this app.';
  }
}
