/** Settings with which the host and the service start without a warning. The secrets are of the length of real ones. */
export const usableSettings = {
  PUBLIC_BASE_URL: 'http://localhost:7071',
  ENTRA_TENANT_ID: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  ENTRA_CLIENT_ID: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  ENTRA_CLIENT_CREDENTIAL: 'secret',
  ENTRA_CLIENT_SECRET: 'Vt8Q~the-value-of-a-client-secret',
  SESSION_KEYS: '1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
  SESSION_INDEX_KEY: 'ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
  SESSION_TABLE_CONNECTION_STRING: 'UseDevelopmentStorage=true',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
} as const;
