/**
 * Whether tests run at full scale: in both displays, with every seed, for every failure. `npm run test:all` does so.
 * `npm test` runs a short form to end within minutes.
 */
export const isWholeRun = process.env['TEST_SCALE'] === 'whole';
