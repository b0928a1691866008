import { type Bff, guard, jsonResponse } from 'entra-bff';

/** Whoever works on the payroll, and has signed in within the last ten minutes. */
const mayReadPayroll = guard({ roles: ['Payroll'], maxAuthAgeSeconds: 600 });

/** `GET /api/payroll` */
export function payroll(bff: Bff): void {
  bff.route(
    'payroll',
    'api/payroll',
    { methods: ['GET'], caller: 'script', access: mayReadPayroll },
    (_request, session) => jsonResponse({ prepared_for: session.facts.claims.principal.name, salaries: [] }),
  );
}
