/** What Entra ID's token endpoint last said about this app's own credential, to this worker. */
export interface CredentialVerdict {
  /** `unknown`: the endpoint has not judged it yet. */
  last(): 'accepted' | 'refused' | 'unknown';
  /** Only an issued token proves that the credential is accepted. Other errors may be found before it is checked. */
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
