import { type Bff, guard, jsonResponse } from 'entra-bff';

/** Users who work on the payroll and have signed in within the last ten minutes. */
const mayReadPayroll = guard({ roles: ['Payroll'], maxAuthAgeSeconds: 600 });

/** `GET /api/payroll` */
export function payroll(bff: Bff): void {
  bff.route('payroll', { path: 'api/payroll', access: mayReadPayroll }, (_request, { caller }) =>
    jsonResponse({ prepared_for: caller.name, salaries: [] }),
  );
}
