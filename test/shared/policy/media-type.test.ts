import { describe, expect, it } from 'vitest';
import { isJsonType, mayBeJson, readMediaType } from '../../../src/shared/policy/media-type.ts';

describe('a Content-Type', () => {
  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON ; charset=utf-8', 'application/json'],
    ['text/plain;a="b; d"', 'text/plain'],
    ['application/vnd.a+json', 'application/vnd.a+json'],
  ])('%j is %s', (header, type) => {
    expect(readMediaType(header)).toBe(type);
  });

  it.each([
    '',
    'json',
    'application/json, text/html',
    'application/json/html',
    'application/json;',
    'application/json;a',
    'application/json; a = b',
    'application/json; a="b',
    'application/json; a="b, c"',
    'application/json; a="b\\"c"',
    'application/json; a="b\u0001"',
    'application/json\u00a0',
    'application/json\u0000',
    'application/json\r\nx: y',
    ' application/json',
    'application/json ',
    'application/*',
    '*/*',
  ])('is invalid: %j', { tags: ['PX-13'] }, (header) => {
    expect([readMediaType(header), isJsonType(header), mayBeJson(header)]).toEqual([undefined, false, true]);
  });

  it.each([
    ['application/json', true, true],
    ['application/a+json; b=c', true, true],
    ['text/json', false, true],
    ['image/a+json', false, true],
    ['application/jsonp', false, false],
    ['application/json-seq', false, false],
    ['application/+json', false, true],
    ['text/html', false, false],
  ])('%s is JSON: %s, and resembles JSON: %s', (header, isJson, mayBe) => {
    expect([isJsonType(header), mayBeJson(header)]).toEqual([isJson, mayBe]);
  });
});
