import { describe, expect, it } from 'vitest';
import {
  demoClient,
  demoDirectory,
  demoUsers,
  findUserByObjectId,
  groupsOf,
  isAdministratorOf,
  objectIdIn,
} from '../src/index.ts';

const { alice, fay, gus } = demoUsers;
const contoso = demoClient.tenantId;
const fabrikam = fay.homeTenantId;

describe('objectIdIn', () => {
  it('differs between the tenants of a guest, and is undefined in other tenants', () => {
    expect(objectIdIn(gus, fabrikam)).toBe(gus.id);
    expect(objectIdIn(gus, contoso)).toBe(gus.guestIn[0]?.objectId);
    expect(objectIdIn(fay, contoso)).toBeUndefined();
  });
});

describe('findUserByObjectId', () => {
  it('finds a guest by the object id in the tenant only', () => {
    expect(findUserByObjectId(demoDirectory, contoso, objectIdIn(gus, contoso) ?? '')).toBe(gus);
    expect(findUserByObjectId(demoDirectory, contoso, gus.id)).toBeUndefined();
  });
});

describe('isAdministratorOf', () => {
  it('is true in the home tenant of an administrator only', () => {
    expect([isAdministratorOf(alice, contoso), isAdministratorOf(alice, fabrikam)]).toEqual([true, false]);
    expect([isAdministratorOf(fay, contoso), isAdministratorOf(fay, fabrikam)]).toEqual([false, true]);
  });
});

describe('groupsOf', () => {
  const tenantId = 'tenant';
  const group = (id: string, ...partOf: ReturnType<typeof groupsOf>) => ({
    id,
    tenantId,
    name: id,
    description: '',
    partOf,
  });

  it('contains nested groups once, and no group of another tenant', () => {
    const all = group('all');
    const [one, two] = [group('one', all), group('two', all)];
    const elsewhere = { ...group('elsewhere'), tenantId: 'another' };
    const ids = groupsOf({ ...alice, groups: [one, two, elsewhere] }, tenantId).map(({ id }) => id);
    expect(ids.sort()).toEqual(['all', 'one', 'two']);
  });
});

describe('the demo directory', () => {
  it('has no id twice', () => {
    const { tenants, users, resources, registrations } = demoDirectory;
    const ids = [
      ...[...tenants, ...users, ...resources].map(({ id }) => id),
      ...users.flatMap(({ guestIn }) => guestIn.map(({ objectId }) => objectId)),
      ...registrations.map(({ clientId }) => clientId),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
