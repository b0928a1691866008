import { guidPatternAnyCase } from '../guid.ts';
import type { SettingValues } from './settings.ts';

/** Reports values that are allowed, but are probably a mistake. */
export function valueWarnings({
  ADMIN_ROLE: role,
  SESSION_TABLE_ENDPOINT: endpoint,
}: Pick<SettingValues, 'ADMIN_ROLE' | 'SESSION_TABLE_ENDPOINT'>): readonly string[] {
  return [
    ...(guidPatternAnyCase.test(role)
      ? ['ADMIN_ROLE is a GUID, like the id of an app role; set it to the value of the role.']
      : []),
    ...(role.includes(',') ? ['ADMIN_ROLE has a comma, but it is one role; set it to one value.'] : []),
    ...(endpoint !== undefined && !new URL(endpoint).hostname.split('.').includes('table')
      ? [
          'SESSION_TABLE_ENDPOINT does not look like a table service; set it to https://ACCOUNT.table.core.windows.net.',
        ]
      : []),
  ];
}
