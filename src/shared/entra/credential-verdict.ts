/** The last verdict of Entra ID's token endpoint on this app's own credential, in a response to this worker. */
export interface CredentialVerdict {
  /** `unknown`: no response has contained a verdict yet. */
  last(): 'accepted' | 'refused' | 'unknown';
  /** Call it only for an issued token: Entra ID may return other errors before it checks the credential. */
  recordAccepted(): void;
  recordRefused(): void;
}

export function createCredentialVerdict(): CredentialVerdict {
  let last: ReturnType<CredentialVerdict['last']> = 'unknown';
  return {
    last: () => last,
    recordAccepted() {
      last = 'accepted';
    },
    recordRefused() {
      last = 'refused';
    },
  };
}
