import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isWholeRun } from '../../support/scale.ts';
import { report } from '../report.ts';
import { call, type Deployment, redemptions, signedIn, startDeployment } from './deployment.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await startDeployment();
});

afterAll(() => deployment.close());
afterEach(() => deployment.reset());

const CALLS = 50;
const rounds = isWholeRun ? 20 : 1;

describe('an expired access token', () => {
  it('in 12 concurrent calls on two processes causes one redemption', {
    tags: ['TC-6', 'K2'],
  }, async () => {
    const browser = await signedIn(deployment, 'ben', { expired: true });
    const before = redemptions(deployment);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => call(browser, deployment.worker(at % 2))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    expect(redemptions(deployment) - before).toBe(1);
    report({
      part: 'faults',
      requirements: 'TC-6, K2',
      what: '12 concurrent calls with an expired access token, on 2 processes',
      result: '12 × 200, one redemption',
    });
  });

  it(`in ${CALLS} concurrent calls on three processes causes one redemption if refresh tokens work only once`, {
    tags: ['TC-6', 'K2'],
  }, async () => {
    const { world } = deployment;
    let redeemed = 0;
    for (let round = 0; round < rounds; round++) {
      const browser = await signedIn(deployment, 'ben', { expired: true });
      world.entra.switches.strictRefreshTokenRotation = true;
      const before = redemptions(deployment);
      const answers = await Promise.all(
        Array.from({ length: CALLS }, (_, at) => call(browser, deployment.worker(at % 3))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: CALLS }, () => 200));
      expect(redemptions(deployment) - before).toBe(1);
      redeemed += redemptions(deployment) - before;
      // The refresh token is still valid.
      world.entra.switches.accessTokenLifetimeSeconds = 3600;
      expect((await call(browser)).status).toBe(200);
    }
    report({
      part: 'faults',
      requirements: 'TC-6, K2',
      what: `${rounds} × ${CALLS} concurrent calls with an expired access token, on 3 processes, strict rotation`,
      result: `${rounds * CALLS} × 200; ${redeemed} redemptions for ${rounds} expiries`,
    });
  });
});
