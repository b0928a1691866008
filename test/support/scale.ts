/**
 * Whether tests run at full scale: in both displays, with every seed, for every failure. `npm run test:all` does so.
 * `npm test` runs a short form to end within minutes: of each subject the main path and the attacks, without the
 * variants that differ in an outcome or a layout only.
 */
export const isWholeRun = process.env['TEST_SCALE'] === 'whole';
